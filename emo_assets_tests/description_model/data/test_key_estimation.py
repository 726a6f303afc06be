"""Hearing keys from chords."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.data.key_estimation import KEY, KeyEstimator, chord_counts
from emo_assets.description_model.data.songs import BarRun, DescribedSong, load_songs
from emo_assets.description_model.data.transposition import chord_shift
from emo_assets.errors import InputError


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


def test_songs_in_the_key_they_are_said_to_be_in_are_heard_so(songs: list[DescribedSong]) -> None:
    hearing = KeyEstimator.fitted(songs)

    assert [hearing.key_of(song) for song in songs] == [int(song.features[KEY]) for song in songs]
    assert hearing.offsets[0] > 0.9


def test_a_song_in_another_key_than_told_is_heard_right(songs: list[DescribedSong]) -> None:
    wrong = [moved(song, 5) if number % 4 == 0 else song for number, song in enumerate(songs)]
    hearing = KeyEstimator.fitted(wrong)
    expected = [
        (int(song.features[KEY]) + (5 if number % 4 == 0 else 0)) % 12 for number, song in enumerate(wrong)
    ]

    assert [hearing.key_of(song) for song in wrong] == expected
    assert hearing.offsets[5] == pytest.approx(0.25, abs=0.1)


def test_a_song_without_features_is_heard_from_its_chords_alone(songs: list[DescribedSong]) -> None:
    hearing = KeyEstimator.fitted(songs)
    unlinked = [replace(song, features=np.full(10, np.nan)) for song in songs]

    assert [hearing.key_of(song) for song in unlinked] == [int(song.features[KEY]) for song in songs]


def test_a_song_without_chords_stays_in_the_key_it_is_told(songs: list[DescribedSong]) -> None:
    hearing = KeyEstimator.fitted(songs)
    silent = replace(songs[0], bar_runs=[])

    assert chord_counts(silent).sum() == 0
    assert hearing.key_of(silent) == int(songs[0].features[KEY])


def test_a_hearing_survives_json_and_refuses_anything_else(songs: list[DescribedSong]) -> None:
    hearing = KeyEstimator.fitted(songs)
    read = KeyEstimator.from_json(json.loads(json.dumps(hearing.as_json())))

    np.testing.assert_array_equal(read.profiles, hearing.profiles)
    np.testing.assert_array_equal(read.offsets, hearing.offsets)
    for damaged in ({}, {"profiles": [1], "offsets": [1]}, {"profiles": "x", "offsets": None}):
        with pytest.raises(InputError, match="damaged"):
            KeyEstimator.from_json(damaged)
