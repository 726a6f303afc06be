"""Transposition of description tokens."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE
from emo_assets.tokens.quantization import MEAN_PITCH_BINS, nearest_bin
from emo_assets.tokens.transpose import transposed_chords
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind

SHIFTS = tuple(range(-5, 7))
"""Semitones to reach each of the twelve keys by at most half an octave, so that the register stays."""


@cache
def chord_shift(semitones: int) -> NDArray[np.int64]:
    """Return a lookup table that transposes chord tokens and keeps all others.

    Args:
        semitones: upwards; any whole number.

    Returns:
        The new token for each token, shape (INPUT_VOCAB_SIZE + 1,), read-only. The last entry is -1, so that
        -1 stays -1.
    """
    table = np.append(np.arange(INPUT_VOCAB_SIZE), -1)
    chords = DESCRIPTIONS.span(DescriptionKind.CHORD)
    table[chords.start : chords.stop] = chords.start + transposed_chords(semitones)
    table.flags.writeable = False
    return table


@cache
def key_shift(semitones: int) -> NDArray[np.int64]:
    """Return a lookup table that transposes chords and mean pitch.

    The mean pitch is its bin's value plus the shift, rounded to the nearest bin; the bin of silence stays.
    FIGARO's mean pitch includes drums, which do not move, but a description does not say how many there are.

    Args:
        semitones: upwards; at most an octave either way.

    Returns:
        As `chord_shift`.
    """
    table = chord_shift(semitones).copy()
    pitches = DESCRIPTIONS.span(DescriptionKind.MEAN_PITCH)
    moved = nearest_bin(MEAN_PITCH_BINS[1:] + semitones, MEAN_PITCH_BINS)
    table[pitches.start + 1 : pitches.stop] = pitches.start + np.maximum(moved, 1)
    table.flags.writeable = False
    return table
