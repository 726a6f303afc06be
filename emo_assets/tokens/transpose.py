"""Moving events to another key: pitches and chord roots together, drums left as they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import CHORD_QUALITIES, EVENTS, EventKind

PITCHES = 128


def transpose_events(events: Sequence[int], semitones: int) -> list[int]:
    """Return events some semitones higher.

    Args:
        events: ids of events.
        semitones: how far up, negative for down, at most an octave either way. A pitch that would leave
            MIDI's range moves an octave less.
    """
    moved: list[int] = _table(semitones)[np.asarray(events, dtype=np.int64)].tolist()
    return moved


@cache
def _table(semitones: int) -> NDArray[np.int64]:
    """Return for each event token the token that it becomes, shape (events,)."""
    table = np.arange(len(EVENTS))
    pitches, chords = EVENTS.span(EventKind.PITCH), EVENTS.span(EventKind.CHORD)
    higher = np.arange(PITCHES) + semitones
    higher += 12 * (higher < 0) - 12 * (higher >= PITCHES)
    table[pitches.start : pitches.stop] = pitches.start + higher
    named = np.arange(len(chords) - 1)  # the last one is silence
    table[chords.start : chords.stop - 1] = chords.start + (named + semitones * len(CHORD_QUALITIES)) % len(
        named
    )
    return table
