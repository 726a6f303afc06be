"""What a song may say next so that it stays what its description asks for.

Joins the event grammar with the description: number of bars, time signatures, instruments, chords, notes a
bar and the tempo are held by construction. Which of the allowed tokens is taken is `sampling`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.symbolic.bins import NOTE_DENSITY_BINS, TEMPO_BINS, nearest_bin, time_signature_positions
from emo_assets.symbolic.grammar.descriptions import DescribedBar
from emo_assets.symbolic.grammar.event_constraints import BarConstraint
from emo_assets.symbolic.grammar.event_state import Due
from emo_assets.symbolic.grammar.events import EventGrammar
from emo_assets.symbolic.vocabulary import EVENTS, MAX_POSITIONS, TIME_SIGNATURES, EventKind

_CHORDS = EVENTS.span(EventKind.CHORD)
_POSITIONS = EVENTS.span(EventKind.POSITION)
_DURATIONS = EVENTS.span(EventKind.DURATION)

_HALF_BIN = float(NOTE_DENSITY_BINS[1] - NOTE_DENSITY_BINS[0]) / 2


def most_notes(bar: DescribedBar) -> int:
    """Return the most notes that a bar can have while its density still reads as described.

    The note density's bin covers half a bin's width to each side; its upper edge times the bar's positions
    is the bound. With it, a bar has at most 6 + 2 * positions + 5 * most_notes tokens, and every song ends.
    """
    positions = (
        MAX_POSITIONS
        if bar.time_signature is None
        else time_signature_positions(*TIME_SIGNATURES[bar.time_signature])
    )
    return math.floor((float(NOTE_DENSITY_BINS[bar.note_density]) + _HALF_BIN) * positions)


def tempo_bin(tempo: float) -> int:
    """Return the index of the tempo token nearest to `tempo`, in quarter notes a minute."""
    return int(nearest_bin(tempo, TEMPO_BINS))


class Guide:
    """Follows one song as it is written and says what may come next.

    Args:
        bars: the description.
        tempo: quarter notes a minute; the song gets the nearest bin's Tempo token and no other.
    """

    def __init__(self, bars: Sequence[DescribedBar], tempo: float) -> None:
        wanted = [BarConstraint(bar.time_signature, bar.instruments) for bar in bars]
        self._state = EventGrammar().start(wanted, tempo=tempo_bin(tempo), in_order=True)
        self._bars = bars
        self._notes = 0
        self._bar = 0

    @property
    def bar(self) -> int:
        """The number of the bar that is being written, 0 before the first."""
        return self._bar

    def allowed(self) -> NDArray[np.int64]:
        """Return the ids of the tokens that may come next, ascending; there is always one."""
        mask = self._state.allowed
        if self._state.due is Due.POSITION and self._state.tempo and self._is_complete():
            mask = mask.copy()
            mask[_POSITIONS.start : _POSITIONS.stop] = False
        elif self._state.due is Due.ITEM:
            mask = mask.copy()
            mask[_CHORDS.start : _CHORDS.stop] &= self._described_chords()
        return np.flatnonzero(mask)

    def advance(self, token: int) -> None:
        """Take up one more token, one of `allowed`."""
        self._state = self._state.advance(token)
        if self._state.bar != self._bar:
            self._bar = self._state.bar
            self._notes = 0
        elif token in _DURATIONS:
            self._notes += 1

    def _described_chords(self) -> NDArray[np.bool_]:
        """Mark the chords that the bar's description names, (chords,)."""
        described = np.zeros(len(_CHORDS), np.bool_)
        described[list(self._bars[self._bar - 1].chords)] = True
        return described

    def _is_complete(self) -> bool:
        """Say whether the bar has all its notes, or neither an instrument nor another chord to place."""
        bar = self._bars[self._bar - 1]
        current = self._state.chord - _CHORDS.start
        other_chords = any(chord != current for chord in bar.chords)
        return self._notes >= most_notes(bar) or not (bar.instruments or other_chords)
