from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.features import FEATURE_NAMES
from emo_assets.metrics.description_features import NUM_DESCRIPTION_FEATURES
from emo_assets.metrics.metrics_table import feature_agreement, measure_training_songs
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets_tests.metrics.conftest import GRADED_SONGS
from emo_assets_tests.metrics.songs import graded_bars, graded_midi


def test_the_table_has_one_row_per_song(graded_songs: pd.DataFrame) -> None:
    assert len(graded_songs) == GRADED_SONGS
    assert set(FEATURE_NAMES) <= set(graded_songs.columns)
    assert graded_songs["heard_note_density"].is_monotonic_increasing
    assert len(graded_songs["outline"][0]) == NUM_DESCRIPTION_FEATURES


def test_songs_without_a_readable_file_are_left_out(graded_songs: pd.DataFrame) -> None:
    tokens = DescriptionGrammar().format(graded_bars(0))
    rows = graded_songs.assign(segment=0, tokens=pd.Series([tokens] * GRADED_SONGS))
    md5 = graded_songs["md5"]
    measured = measure_training_songs(rows, {md5[0]: graded_midi(0), md5[1]: b"no music"})
    assert measured["md5"].tolist() == [md5[0]]


def test_agreement_is_the_correlation_of_features_and_metrics(graded_songs: pd.DataFrame) -> None:
    agreement = feature_agreement(graded_songs).set_index("feature")
    assert agreement["value"]["energy"] == pytest.approx(1)
    assert agreement["value"]["time_signature"] == 1
    assert np.isnan(agreement["value"]["valence"]), "nothing varies there"
