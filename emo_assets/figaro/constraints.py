"""Constraints that keep a song to its description.

The event grammar and the description together fix the number of bars, the time signatures, the instruments,
the chords, the largest number of notes per bar, and the tempo.

A description lists the chords that begin in a bar, after the current one if that one continues. So when
the first chord differs from the current one, it begins at the bar line, and every later one must still
come. The model chooses where, up to a last beat at which the chord is forced. A model that must not leave a
bar fills it with anything; one that would leave too early is moved to the next chord instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import Constraints
from emo_assets.tokens.grammar.event_state import Expected
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
    """Return the number of positions in a bar that have a token."""
    if bar.time_signature is None:
        return MAX_POSITIONS
    return time_signature_positions(*TIME_SIGNATURES[bar.time_signature])


def max_notes(bar: DescribedBar) -> int:
    """Return the most notes that a bar can have within the bin of its note density.

    The bin extends half its width to each side; its upper edge times the bar's positions is the bound. With
    it, a bar has at most 6 + 2 * positions + 5 * max_notes tokens, and every song ends.
    """
    return math.floor((float(NOTE_DENSITY_BINS[bar.note_density]) + _HALF_BIN) * bar_positions(bar))


def min_notes(bar: DescribedBar) -> int:
    """Return the fewest notes that a bar has within the bin of its note density, at least one."""
    return max(1, math.ceil((float(NOTE_DENSITY_BINS[bar.note_density]) - _HALF_BIN) * bar_positions(bar)))


def tempo_bin(tempo: float) -> int:
    """Return the index of the Tempo token nearest to `tempo`, in quarter notes per minute."""
    return int(nearest_bin(tempo, TEMPO_BINS))


class DescriptionConstraint:
    """Tracks one song while it is generated, and masks the tokens that would leave its description.

    Args:
        bars: the description.
        tempo: quarter notes per minute; the song has the Tempo token of the nearest bin and no other.

    Attributes:
        bars: the description.
        state: the state of the event grammar.
    """

    def __init__(self, bars: Sequence[DescribedBar], tempo: float) -> None:
        self.bars = bars
        self.state = EventGrammar().start(Constraints(bars, tempo_bin(tempo)))
        self._length = 0
        self._notes_left = 0
        self._spacing = 0
        self._chords: list[int] = []
        self._chord_at_once = False

    @property
    def bar(self) -> int:
        """The number of the current bar, 0 before the first."""
        return self.state.bar

    def allowed(self) -> NDArray[np.int64]:
        """Return the ids of the tokens that may come next, ascending; there is always one."""
        mask = self.state.allowed
        if self.state.expected is Expected.POSITION:
            mask = self._mask_positions(mask.copy())
        elif self.state.expected is Expected.ITEM:
            mask = self._mask_items(mask.copy())
        return np.flatnonzero(mask)

    def enforce(self, token: int) -> int:
        """Return the token to append when one of the `allowed` is sampled.

        It is the token itself, unless that would end the bar before all its chords: then it is the last
        position of the next chord.
        """
        ends_bar = token == EOS or token in _BARS
        return _POSITIONS[self._latest] if ends_bar and self._chords else token

    def advance(self, token: int) -> None:
        """Append a token that `enforce` returned."""
        bar = self.bar
        self.state = self.state.advance(token)
        if self.bar != bar:
            self._begin_bar(self.bars[bar])
        elif token in _DURATIONS:
            self._notes_left -= 1
        elif self._chords and token == self._chords[0] and self.state.expected is Expected.POSITION:
            self._chords.pop(0)
            self._chord_at_once = False

    def _begin_bar(self, bar: DescribedBar) -> None:
        """Begin a bar: plan its notes and chords."""
        self._length = bar_positions(bar)
        self._notes_left = max_notes(bar) if bar.instruments else 0
        chords = [_CHORDS[chord] for chord, _ in groupby(bar.chords)]
        self._chord_at_once = bool(chords) and chords[0] != self.state.chord
        later = chords[1 : self._length]
        self._chords = chords[:1] + later if self._chord_at_once else later
        self._spacing = max(1, min(POSITIONS_PER_QUARTER, self._length // (len(later) + 1)))

    @property
    def _latest(self) -> int:
        """The last position for the next chord that leaves room for the others."""
        return 0 if self._chord_at_once else self._length - self._spacing * len(self._chords)

    def _mask_positions(self, mask: Mask) -> Mask:
        """Allow positions up to the last one of the next chord, none once the bar has all its notes."""
        if not self.state.tempo:
            return mask  # only the first position, for the tempo
        mask[UNK] = False  # a position without a token
        positions = mask[_POSITIONS.start : _POSITIONS.stop]
        if self._chords:
            positions[self._latest + 1 :] = False
        if self._notes_left <= 0:
            positions[:] = False
        return mask

    def _mask_items(self, mask: Mask) -> Mask:
        """Allow the next chord alone, only it where it is due, and no instrument once all notes are there."""
        next_chord = self._chords[0] if self._chords else None
        due = self.state.position == self._latest
        chord_is_next = next_chord is not None and bool(mask[next_chord])
        mask[_CHORDS.start : _CHORDS.stop] = False
        if chord_is_next and due:
            mask[:] = False
        if self._notes_left <= 0:
            mask[_INSTRUMENTS.start : _INSTRUMENTS.stop] = False
        if chord_is_next:
            mask[next_chord] = True
        return mask
