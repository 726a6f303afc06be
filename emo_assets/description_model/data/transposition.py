"""Shifting descriptions to other keys: token by token, drums and everything unpitched left as they are."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE
from emo_assets.tokens.quantization import MEAN_PITCH_BINS, nearest_bin
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, DESCRIPTIONS, DescriptionKind

SHIFTS = tuple(range(-5, 7))
"""Semitones of the twelve keys: never further than half an octave, so that the register stays."""


@cache
def chord_shift(semitones: int) -> NDArray[np.int64]:
    """Return for each token the token after its chord's root moved, other tokens staying as they are.

    Args:
        semitones: how far up, any whole number.

    Returns:
        Shape (INPUT_VOCAB_SIZE + 1,): index it with ids; the last entry is -1, so that -1 stays -1.
        Read-only.
    """
    table = np.append(np.arange(INPUT_VOCAB_SIZE), -1)
    chords = DESCRIPTIONS.span(DescriptionKind.CHORD)
    named = np.arange(len(chords) - 1)  # the last one is silence
    table[chords.start : chords.stop - 1] = chords.start + (named + semitones * len(CHORD_QUALITIES)) % len(
        named
    )
    table.flags.writeable = False
    return table


@cache
def key_shift(semitones: int) -> NDArray[np.int64]:
    """Return for each token the token after the whole bar moved: chord roots and mean pitch.

    The mean pitch becomes its bin's real value plus the shift, rounded once to the nearest bin; the bin of
    silence stays. Drums count in FIGARO's mean pitch and would not move, but a description does not say how
    many notes are theirs.

    Args:
        semitones: how far up, at most an octave either way.

    Returns:
        As `chord_shift`.
    """
    table = chord_shift(semitones).copy()
    pitches = DESCRIPTIONS.span(DescriptionKind.MEAN_PITCH)
    moved = nearest_bin(MEAN_PITCH_BINS[1:] + semitones, MEAN_PITCH_BINS)
    table[pitches.start + 1 : pitches.stop] = pitches.start + np.maximum(moved, 1)
    table.flags.writeable = False
    return table
