"""Transposition of events and of chords."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import CHORD_QUALITIES, CHORDS, EVENTS, EventKind


@cache
def transposed_chords(semitones: int) -> NDArray[np.int64]:
    """Return the index of each of `vocabulary.CHORDS` after its root moves, shape (97,), read-only.

    Args:
        semitones: upwards; any whole number. Silence, the last chord, stays.
    """
    silence = len(CHORDS) - 1
    table = np.arange(len(CHORDS))
    table[:silence] = (table[:silence] + semitones * len(CHORD_QUALITIES)) % silence
    table.flags.writeable = False
    return table


def transpose_events(events: Sequence[int], semitones: int) -> list[int]:
    """Transpose the pitches and chord roots of events; drums stay.

    Args:
        events: ids of events.
        semitones: upwards, at most an octave either way. A pitch that would leave MIDI's range moves an
            octave less.
    """
    transposed: list[int] = _table(semitones)[np.asarray(events, dtype=np.int64)].tolist()
    return transposed


@cache
def _table(semitones: int) -> NDArray[np.int64]:
    """Return the event token that each event token becomes, shape (1357,)."""
    table = np.arange(len(EVENTS))
    pitches, chords = EVENTS.span(EventKind.PITCH), EVENTS.span(EventKind.CHORD)
    pitch = np.arange(len(pitches)) + semitones
    pitch += 12 * (pitch < 0) - 12 * (pitch >= len(pitches))
    table[pitches.start : pitches.stop] = pitches.start + pitch
    table[chords.start : chords.stop] = chords.start + transposed_chords(semitones)
    return table
