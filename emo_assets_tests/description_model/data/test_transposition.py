"""Shifting descriptions to other keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.description_model.data.transposition import SHIFTS, chord_shift, key_shift
from emo_assets.tokens.quantization import MEAN_PITCH_BINS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind


def shifted(token: str, semitones: int) -> str:
    return DESCRIPTIONS.decode([int(key_shift(semitones)[DESCRIPTIONS.encode([token])[0]])])[0]


@pytest.mark.parametrize(
    ("token", "semitones", "expected"),
    [
        ("Chord_C:maj", 2, "Chord_D:maj"),
        ("Chord_B:min7", 1, "Chord_C:min7"),
        ("Chord_C:dim", -1, "Chord_B:dim"),
        ("Chord_N:N", 5, "Chord_N:N"),
        ("Mean Pitch_15", 1, "Mean Pitch_15"),
        ("Mean Pitch_15", 3, "Mean Pitch_16"),
        ("Mean Pitch_15", -5, "Mean Pitch_14"),
        ("Mean Pitch_0", 6, "Mean Pitch_0"),
        ("Mean Pitch_1", -5, "Mean Pitch_1"),
        ("Mean Pitch_32", 6, "Mean Pitch_32"),
        ("Instrument_drum", 4, "Instrument_drum"),
        ("Note Density_3", 4, "Note Density_3"),
    ],
)
def test_chords_and_mean_pitch_move_and_nothing_else(token: str, semitones: int, expected: str) -> None:
    assert shifted(token, semitones) == expected


@given(st.sampled_from(SHIFTS))
def test_a_mean_pitch_lands_in_the_bin_nearest_to_its_real_place(semitones: int) -> None:
    first = DESCRIPTIONS.span(DescriptionKind.MEAN_PITCH).start
    for index in range(3, 30):
        landed = int(key_shift(semitones)[first + index]) - first
        distance = np.abs(MEAN_PITCH_BINS - (MEAN_PITCH_BINS[index] + semitones))
        assert distance[landed] == distance.min()


@given(st.integers(-24, 24), st.integers(-24, 24))
def test_shifts_of_chords_add_up(first: int, second: int) -> None:
    np.testing.assert_array_equal(chord_shift(first)[chord_shift(second)], chord_shift(first + second))
