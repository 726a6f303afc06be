from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.sampling import SongPlan
from emo_assets.synthetic_corpus.styles import STYLES
from emo_assets_tests.synthetic_corpus import measures

Measure = Callable[[ComposedSong], float]

CAUSES: list[tuple[str, Measure, float]] = [
    ("energy", measures.notes_per_second, 0.5),
    ("loudness", measures.mean_velocity, 0.7),
    ("acousticness", measures.acoustic_share, 0.85),
    ("valence", measures.major_share, 0.82),
    ("instrumentalness", measures.instrumental_bars_share, 0.85),
    ("danceability", measures.groove_regularity, 0.65),
]


@pytest.mark.parametrize(("feature", "measure", "least"), CAUSES)
def test_metrics_follow_their_features_across_the_corpus(
    songs: list[ComposedSong], feature: str, measure: Measure, least: float
) -> None:
    asked = [getattr(song.sheet.features, feature) for song in songs]
    assert spearmanr(asked, [measure(song) for song in songs]).statistic > least


def test_valence_raises_the_register(songs: list[ComposedSong]) -> None:
    asked = [song.sheet.features.valence for song in songs]
    assert spearmanr(asked, [measures.mean_pitch(song) for song in songs]).statistic > 0.5


def test_loudness_rather_than_energy_makes_velocity_and_energy_density(songs: list[ComposedSong]) -> None:
    names = ("energy", "loudness")
    causes = np.array([[getattr(song.sheet.features, name) for name in names] for song in songs])
    causes = (causes - causes.mean(axis=0)) / causes.std(axis=0)
    of_velocity = np.linalg.lstsq(causes, [measures.mean_velocity(song) for song in songs])[0]
    of_density = np.linalg.lstsq(causes, [measures.notes_per_second(song) for song in songs])[0]
    assert of_velocity[1] > 3 * abs(of_velocity[0])
    assert of_density[0] > 3 * abs(of_density[1])


@pytest.mark.parametrize(
    ("feature", "low", "high", "measure", "least"),
    [
        ("energy", 0.2, 0.9, measures.notes_per_second, 10.0),
        ("loudness", -20.0, -4.0, measures.mean_velocity, 25.0),
        ("acousticness", 0.05, 0.95, measures.acoustic_share, 0.6),
        ("valence", 0.1, 0.9, measures.major_share, 0.3),
        ("instrumentalness", 0.0, 0.95, measures.instrumental_bars_share, 0.6),
        ("danceability", 0.3, 0.9, measures.groove_regularity, 0.3),
    ],
)
def test_one_feature_alone_changes_the_music_of_every_style(
    feature: str, low: float, high: float, measure: Measure, least: float
) -> None:
    def measured(style: str, value: float) -> float:
        values: dict[str, Any] = {"energy": 0.6, "danceability": 0.7, feature: value}
        features = FeatureVector(**values)
        return fmean(measure(compose_song(features, STYLES[style], 32, seed)) for seed in range(2))

    changes = {style: measured(style, high) - measured(style, low) for style in STYLES}
    assert fmean(changes.values()) > least
    assert min(changes.values()) > 0.3 * least, changes


def test_the_requested_key_and_mode_are_estimated_from_the_notes(songs: list[ComposedSong]) -> None:
    heard = [measures.sounding_key(song) for song in songs]
    asked = [(song.sheet.features.key, song.sheet.features.mode) for song in songs]
    assert fmean(one == other for one, other in zip(heard, asked, strict=True)) > 0.95


def test_minor_keys_are_estimated_as_well_as_major_ones(songs: list[ComposedSong]) -> None:
    minor = [song for song in songs if song.sheet.features.mode == 0]
    right = [measures.sounding_key(song) == (song.sheet.features.key, 0) for song in minor]
    assert fmean(right) > 0.92


def test_plans_and_songs_agree(plans: list[SongPlan], songs: list[ComposedSong]) -> None:
    assert [plan.features for plan in plans] == [song.sheet.features for song in songs]
