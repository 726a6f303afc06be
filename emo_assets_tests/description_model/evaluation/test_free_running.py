from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pandas as pd
import pytest

from emo_assets.description_model.data.songs import DescribedSong, load_songs
from emo_assets.description_model.evaluation.free_running import (
    clipped_features,
    first_bars,
    free_running,
)
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar


class Repeater:
    """Returns given descriptions in turn."""

    def __init__(self, descriptions: Sequence[list[int]]) -> None:
        self._descriptions = descriptions

    def generate(self, features: Sequence[FeatureVector], **_: object) -> list[list[int]]:
        return [self._descriptions[index % len(self._descriptions)] for index in range(len(features))]


@pytest.fixture
def songs(training_set: pd.DataFrame) -> list[DescribedSong]:
    return load_songs(training_set, "test")


def test_the_songs_themselves_score_best(songs: list[DescribedSong]) -> None:
    own = [DescriptionGrammar().format(first_bars(song)) for song in songs]
    metrics = free_running(cast("DescriptionGenerator", Repeater(own)), songs, samples=9, seed=0)

    assert (metrics.samples, metrics.validity) == (9, 1.0)
    assert set(metrics.accuracy.values()) == {1.0}
    assert set(metrics.error.values()) == {0.0}
    assert metrics.instrument_f1 == metrics.chord_f1 == 1.0


def test_other_songs_score_less_and_invalid_ones_count(songs: list[DescribedSong]) -> None:
    other = DescriptionGrammar().format(first_bars(songs[0]))
    sampled = [other, other[1:]]
    metrics = free_running(cast("DescriptionGenerator", Repeater(sampled)), songs[1:3], samples=4, seed=0)

    assert metrics.validity == 0.5
    assert min(metrics.accuracy.values()) < 1
    assert max(metrics.error.values()) > 0


def test_features_are_clipped_to_the_ranges_of_requests(songs: list[DescribedSong]) -> None:
    features = songs[0].features.copy()
    features[FEATURE_NAMES.index("tempo")] = 1000.0

    assert clipped_features(replace(songs[0], features=features)).tempo == feature_range("tempo")[1]
