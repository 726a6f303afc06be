"""What a song may say next so that it stays what its description asks for.

Joins the event grammar with the description: number of bars, time signatures, instruments, chords, notes a
bar and the tempo are held by construction. Which of the allowed tokens is taken is `sampling`'s business.

A description lists the chords that begin in a bar, after the current one if that goes on sounding. So when
the first is another than the current one it begins at the bar line, and every further one must still come.
Where it comes is the model's choice up to a last beat, at which it comes in any case. A model that is not let
out of a bar fills it with anything; one that would leave too early is taken to the next chord instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import BarConstraint
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.quantization import (
    NOTE_DENSITY_BINS,
    POSITIONS_PER_QUARTER,
    TEMPO_BINS,
    nearest_bin,
    time_signature_positions,
)
from emo_assets.tokens.vocabulary import EOS, EVENTS, MAX_POSITIONS, TIME_SIGNATURES, UNK, EventKind

_BARS = EVENTS.span(EventKind.BAR)
_CHORDS = EVENTS.span(EventKind.CHORD)
_INSTRUMENTS = EVENTS.span(EventKind.INSTRUMENT)
_POSITIONS = EVENTS.span(EventKind.POSITION)
_DURATIONS = EVENTS.span(EventKind.DURATION)

Mask = NDArray[np.bool_]

_HALF_BIN = float(NOTE_DENSITY_BINS[1] - NOTE_DENSITY_BINS[0]) / 2


def bar_positions(bar: DescribedBar) -> int:
    """Return how many positions a bar has that a token can name."""
    if bar.time_signature is None:
        return MAX_POSITIONS
    return time_signature_positions(*TIME_SIGNATURES[bar.time_signature])


def max_notes(bar: DescribedBar) -> int:
    """Return the most notes that a bar can have while its density still reads as described.

    The note density's bin covers half a bin's width to each side; its upper edge times the bar's positions
    is the bound. With it, a bar has at most 6 + 2 * positions + 5 * max_notes tokens, and every song ends.
    """
    return math.floor((float(NOTE_DENSITY_BINS[bar.note_density]) + _HALF_BIN) * bar_positions(bar))


def tempo_bin(tempo: float) -> int:
    """Return the index of the tempo token nearest to `tempo`, in quarter notes a minute."""
    return int(nearest_bin(tempo, TEMPO_BINS))


class DescriptionConstraint:
    """Follows one song as it is written and says what may come next.

    Args:
        bars: the description.
        tempo: quarter notes a minute; the song gets the nearest bin's Tempo token and no other.
    """

    def __init__(self, bars: Sequence[DescribedBar], tempo: float) -> None:
        wanted = [BarConstraint(bar.time_signature, bar.instruments) for bar in bars]
        self._state = EventGrammar().start(wanted, tempo=tempo_bin(tempo), in_order=True)
        self._bars = bars
        self._positions = 0
        self._notes_left = 0
        self._spacing = 0
        self._chords: list[int] = []
        self._chord_at_once = False

    @property
    def bar(self) -> int:
        """The number of the bar that is being written, 0 before the first."""
        return self._state.bar

    @property
    def state(self) -> EventState:
        """Where the song is in the grammar of events."""
        return self._state

    def allowed(self) -> NDArray[np.int64]:
        """Return the ids of the tokens that may come next, ascending; there is always one."""
        mask = self._state.allowed
        if self._state.expected is Expected.POSITION:
            mask = self._places(mask.copy())
        elif self._state.expected is Expected.ITEM:
            mask = self._items(mask.copy())
        return np.flatnonzero(mask)

    def enforce(self, token: int) -> int:
        """Return what is to be written for one of the `allowed`.

        It is the token itself, but where it would end the bar before all its chords have come: then it is
        the next chord's last position.
        """
        ends_bar = token == EOS or token in _BARS
        return _POSITIONS[self._latest] if ends_bar and self._chords else token

    def advance(self, token: int) -> None:
        """Take up one more token, one that `enforce` returned."""
        bar = self._state.bar
        self._state = self._state.advance(token)
        if self._state.bar != bar:
            self._enter(self._bars[bar])
        elif token in _DURATIONS:
            self._notes_left -= 1
        elif self._chords and token == self._chords[0] and self._state.expected is Expected.POSITION:
            self._chords.pop(0)
            self._chord_at_once = False

    def _enter(self, bar: DescribedBar) -> None:
        """Put down what the bar that begins is still to hold."""
        self._positions = bar_positions(bar)
        self._notes_left = max_notes(bar) if bar.instruments else 0
        chords = [_CHORDS[chord] for chord, _ in groupby(bar.chords)]
        self._chord_at_once = bool(chords) and chords[0] != self._state.chord
        later = chords[1 : self._positions]
        self._chords = chords[:1] + later if self._chord_at_once else later
        self._spacing = max(1, min(POSITIONS_PER_QUARTER, self._positions // (len(later) + 1)))

    @property
    def _latest(self) -> int:
        """The last position at which the next chord may come, so that the others still can."""
        return 0 if self._chord_at_once else self._positions - self._spacing * len(self._chords)

    def _places(self, mask: Mask) -> Mask:
        """Leave the positions up to the next chord's last one, none once the bar has all its notes."""
        if not self._state.tempo:
            return mask  # nothing but the first position, for the tempo
        mask[UNK] = False  # a position that no token can name
        places = mask[_POSITIONS.start : _POSITIONS.stop]
        if self._chords:
            places[self._latest + 1 :] = False
        if self._notes_left <= 0:
            places[:] = False
        return mask

    def _items(self, mask: Mask) -> Mask:
        """Leave of the chords the next one, and nothing else where it is due or no note is left."""
        next_chord = self._chords[0] if self._chords else None
        due = self._state.position == self._latest
        chord_is_next = next_chord is not None and bool(mask[next_chord])
        mask[_CHORDS.start : _CHORDS.stop] = False
        if chord_is_next and due:
            mask[:] = False
        if self._notes_left <= 0:
            mask[_INSTRUMENTS.start : _INSTRUMENTS.stop] = False
        if chord_is_next:
            mask[next_chord] = True
        return mask
