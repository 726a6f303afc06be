"""Estimation of keys from chords."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from emo_assets.description_model.data.key_estimation import KEY, KeyEstimator, chord_counts
from emo_assets.description_model.data.songs import BarRun, DescribedSong, load_songs
from emo_assets.description_model.data.transposition import chord_shift


def moved(song: DescribedSong, semitones: int) -> DescribedSong:
    """Return the song with its chords shifted, and its features as they were."""
    table = chord_shift(semitones)
    return replace(
        song,
        bar_runs=[
            BarRun(part.first_bar, [table[bar].tolist() for bar in part.bars], part.segments)
            for part in song.bar_runs
        ],
    )


@pytest.fixture(scope="module")
def songs(training_set: pd.DataFrame) -> list[DescribedSong]:
    return load_songs(training_set, "train")


def test_the_estimated_key_is_the_given_one_where_that_is_right(songs: list[DescribedSong]) -> None:
    estimator = KeyEstimator.fit(songs)

    assert [estimator.estimate(song) for song in songs] == [int(song.features[KEY]) for song in songs]
    assert estimator.offsets[0] > 0.9


def test_a_wrong_given_key_is_corrected(songs: list[DescribedSong]) -> None:
    wrong = [moved(song, 5) if number % 4 == 0 else song for number, song in enumerate(songs)]
    estimator = KeyEstimator.fit(wrong)
    expected = [
        (int(song.features[KEY]) + (5 if number % 4 == 0 else 0)) % 12 for number, song in enumerate(wrong)
    ]

    assert [estimator.estimate(song) for song in wrong] == expected
    assert estimator.offsets[5] == pytest.approx(0.25, abs=0.1)


def test_a_song_without_features_has_the_key_of_its_chords(songs: list[DescribedSong]) -> None:
    estimator = KeyEstimator.fit(songs)
    unlinked = [replace(song, features=np.full(10, np.nan)) for song in songs]

    assert [estimator.estimate(song) for song in unlinked] == [int(song.features[KEY]) for song in songs]


def test_a_song_without_chords_has_the_given_key(songs: list[DescribedSong]) -> None:
    estimator = KeyEstimator.fit(songs)
    silent = replace(songs[0], bar_runs=[])

    assert chord_counts(silent).sum() == 0
    assert estimator.estimate(silent) == int(songs[0].features[KEY])


def test_an_estimator_survives_json_and_refuses_anything_else(songs: list[DescribedSong]) -> None:
    estimator = KeyEstimator.fit(songs)
    read = KeyEstimator.model_validate(json.loads(json.dumps(estimator.model_dump())))

    np.testing.assert_array_equal(read.profiles, estimator.profiles)
    np.testing.assert_array_equal(read.offsets, estimator.offsets)
    for damaged in ({}, {"profiles": [1], "offsets": [1]}, {"profiles": "x", "offsets": None}):
        with pytest.raises(ValidationError):
            KeyEstimator.model_validate(damaged)
