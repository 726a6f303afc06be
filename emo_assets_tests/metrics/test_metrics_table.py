from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.metrics.description_features import NUM_DESCRIPTION_FEATURES
from emo_assets.metrics.ear import FEELINGS
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.metrics_table import linked_songs, measure_training_songs
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
    rows = graded_songs.assign(
        segment=0, artist_keys=pd.Series([["a"]] * GRADED_SONGS), tokens=pd.Series([tokens] * GRADED_SONGS)
    )
    md5 = graded_songs["md5"]
    measured = measure_training_songs(rows, {md5[0]: graded_midi(0), md5[1]: b"no music"})
    assert measured["md5"].tolist() == [md5[0]]


def test_an_ear_learns_from_the_table(graded_songs: pd.DataFrame) -> None:
    songs = linked_songs(graded_songs.assign(heard_leadless_share=None))
    assert songs.metrics.shape == (len(songs), len(EAR_METRICS)) == (GRADED_SONGS, len(EAR_METRICS))
    rates = songs.metrics[:, list(EAR_METRICS).index("notes_per_second")]
    assert (np.diff(rates) > 0).all()
    assert set(songs.features) == set(FEELINGS)
    assert songs.features["loudness"].tolist() == [-30 + number for number in range(GRADED_SONGS)]
    assert songs.rule_metrics["mean_velocity"][0] == 40
    assert np.isnan(songs.rule_metrics["leadless_share"]).all()
    assert songs.artists == [f"artist {number}" for number in range(GRADED_SONGS)]


@pytest.mark.parametrize("column", ["ear_metrics", "artist", "heard_mean_velocity"])
def test_a_table_of_an_earlier_version_is_named(graded_songs: pd.DataFrame, column: str) -> None:
    with pytest.raises(InputError, match="song_metrics is of an earlier version"):
        linked_songs(graded_songs.drop(columns=column))
