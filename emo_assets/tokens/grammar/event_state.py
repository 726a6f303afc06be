"""Where in a piece one is: the states of the event grammar and the steps between them.

The rules are those of `events`; constraints of generators come from `event_constraints`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.errors import GrammarError, expectation, token_name
from emo_assets.tokens.grammar.event_constraints import Constraints, note_order
from emo_assets.tokens.grammar.event_tokens import (
    CHORDS,
    DRUM_PITCHES,
    DURATIONS,
    INSTRUMENTS,
    METERS,
    PAST_POSITIONS,
    PITCHES,
    POSITIONS,
    TEMPOS,
    VELOCITIES,
    Mask,
    bar_token,
    mask_of,
)
from emo_assets.tokens.quantization import time_signature_positions
from emo_assets.tokens.vocabulary import EOS, EVENTS, MAX_POSITIONS, TIME_SIGNATURES, UNK

_NEW_PLACE, _AFTER_CHORD, _AFTER_TEMPO = -3, -2, -1
_VELOCITY_MASK = mask_of(VELOCITIES)
_DURATION_MASK = mask_of(DURATIONS)


class Expected(IntEnum):
    """What kind of token a state waits for."""

    BAR = 0
    TIME_SIGNATURE = 1
    HEAD_CHORD_POSITION = 2
    HEAD_CHORD = 3
    HEAD_TEMPO_POSITION = 4
    HEAD_TEMPO = 5
    POSITION = 6  # or the next bar, or the end
    ITEM = 7
    PITCH = 8
    VELOCITY = 9
    DURATION = 10
    ITEM_OR_TIME_SIGNATURE = 11  # after an `<unk>` that may be a index or the next bar
    NOTHING = 12


class EventState:
    """Where in a piece one is: what may come next, and what comes after that.

    States never change; `advance` returns another one. `EventGrammar.start` makes the first.

    Attributes:
        index: how many tokens have been read.
        bar: the number of the bar one is in, 0 before the first.
        due: the kind of token that comes next.
        position: the index in the bar that was read last, -1 before the bar's first.
        chord: token of the current chord, 0 before the first.
        tempo: token of the current tempo, 0 before the first.
        instrument: the note's program, 128 for drums.
        pitch: the note's pitch.
    """

    __slots__ = (
        "_allowed",
        "_constraints",
        "_floor",
        "_length",
        "_rank",
        "_unknown_meter",
        "bar",
        "chord",
        "expected",
        "index",
        "instrument",
        "pitch",
        "position",
        "tempo",
    )

    def __init__(self, constraints: Constraints) -> None:
        self._constraints = constraints
        self.index = 0
        self.bar = 0
        self.expected = Expected.BAR
        self.position = -1
        self.chord = 0
        self.tempo = 0
        self.instrument = 0
        self.pitch = 0
        self._length = 0  # positions in the bar that have a token
        self._unknown_meter = False
        self._rank = _NEW_PLACE  # how far one is in the order of items at this position
        self._floor = 0  # lowest pitch of the next note, if it is of the same instrument
        self._allowed: Mask | None = None

    @property
    def allowed(self) -> Mask:
        """The tokens that may come next, `<eos>` where the piece may end; shape (1357,), read-only."""
        if self._allowed is None:
            self._allowed = self._mask()
            self._allowed.flags.writeable = False
        return self._allowed

    def _mask(self) -> Mask:
        match self.expected:
            case Expected.POSITION:
                return self._position_mask()
            case Expected.ITEM:
                return self._item_mask()
            case Expected.VELOCITY:
                return _VELOCITY_MASK
            case Expected.DURATION:
                return _DURATION_MASK
            case Expected.PITCH:
                span = DRUM_PITCHES if self.instrument == DRUMS else PITCHES
                return mask_of(span[self._floor :])
            case Expected.BAR:
                return mask_of(bar_token(1))
            case Expected.TIME_SIGNATURE:
                return self._constraints.meters(self.bar)
            case Expected.HEAD_CHORD_POSITION | Expected.HEAD_TEMPO_POSITION:
                return mask_of(POSITIONS[0])
            case Expected.HEAD_CHORD:
                return mask_of(self.chord)
            case Expected.HEAD_TEMPO:
                return mask_of(self.tempo)
            case Expected.ITEM_OR_TIME_SIGNATURE:
                return self._item_mask() | self._constraints.meters(self.bar)
            case Expected.NOTHING:
                return np.zeros(len(EVENTS), dtype=np.bool_)

    @property
    def _tempo_is_missing(self) -> bool:
        return bool(self._constraints.tempo) and not self.tempo

    def _position_mask(self) -> Mask:
        if self._tempo_is_missing:
            return mask_of(POSITIONS[0])
        first = max(self.position, 0)
        if self._constraints.in_order and self.position >= 0 and not self._more_at_place():
            first += 1
        mask = mask_of(POSITIONS[first : self._length])
        if self._unknown_meter and first <= PAST_POSITIONS:
            mask[UNK] = True
        wanted = self._constraints.bars
        if wanted is None or self.bar < wanted:
            mask[bar_token(self.bar + 1)] = True
        mask[EOS] = wanted is None or self.bar == wanted
        return mask

    def _more_at_place(self) -> bool:
        """Whether something may follow at the same position when items stand in order."""
        if self._rank == _AFTER_CHORD and not self._constraints.tempo:
            return True
        return self._lowest_rank <= self._constraints.max_order(self.bar)

    @property
    def _lowest_rank(self) -> int:
        """The rank of the first instrument that may come next when items stand in order."""
        return max(self._rank + (self._floor >= len(PITCHES)), 0)

    def _item_mask(self) -> Mask:
        constraints = self._constraints
        if self._tempo_is_missing:
            mask = mask_of(constraints.tempo)
            if not self.chord:
                mask[CHORDS.start : CHORDS.stop] = True
            return mask
        mask = constraints.items(self.bar).copy()
        if self.chord:
            mask[self.chord] = False
        if constraints.in_order and self._rank > _NEW_PLACE:
            mask[CHORDS.start : CHORDS.stop] = False
            if self._rank > _AFTER_CHORD:
                mask[TEMPOS.start : TEMPOS.stop] = False
            lowest = self._lowest_rank
            if lowest:
                mask[INSTRUMENTS.start : INSTRUMENTS.start + lowest - 1] = False
                mask[INSTRUMENTS[DRUMS]] = False
        return mask

    def advance(self, token_id: int) -> EventState:
        """Return the state after one more token.

        Raises:
            GrammarError: the token is not allowed here.
        """
        allowed = self.allowed
        if not (0 <= token_id < len(allowed) and allowed[token_id]):
            found = token_name(EVENTS, token_id)
            raise GrammarError(self.index, found, expectation(EVENTS, allowed))
        state = self._copy()
        state.index += 1
        match self.expected:
            case Expected.POSITION:
                state._take_position(token_id)
            case Expected.ITEM:
                state._take_item(token_id)
            case Expected.PITCH:
                state.pitch = token_id - (DRUM_PITCHES if self.instrument == DRUMS else PITCHES).start
                state.expected = Expected.VELOCITY
            case Expected.VELOCITY:
                state.expected = Expected.DURATION
            case Expected.DURATION:
                state.expected = Expected.POSITION
                if self._constraints.in_order:
                    state._floor = self.pitch + 1
            case Expected.BAR:
                state._take_bar()
            case Expected.TIME_SIGNATURE:
                state._take_meter(token_id)
            case Expected.HEAD_CHORD_POSITION:
                state.expected = Expected.HEAD_CHORD
            case Expected.HEAD_CHORD:
                state.expected = Expected.HEAD_TEMPO_POSITION if self.tempo else Expected.POSITION
            case Expected.HEAD_TEMPO_POSITION:
                state.expected = Expected.HEAD_TEMPO
            case Expected.HEAD_TEMPO:
                state.expected = Expected.POSITION
            case Expected.ITEM_OR_TIME_SIGNATURE:
                if token_id == UNK or token_id in METERS:
                    state._take_bar()
                    state._take_meter(token_id)
                else:
                    state._take_item(token_id)
        return state

    def _copy(self) -> EventState:
        copy = EventState.__new__(EventState)
        copy._constraints = self._constraints
        copy.index = self.index
        copy.bar = self.bar
        copy.expected = self.expected
        copy.position = self.position
        copy.chord = self.chord
        copy.tempo = self.tempo
        copy.instrument = self.instrument
        copy.pitch = self.pitch
        copy._length = self._length
        copy._unknown_meter = self._unknown_meter
        copy._rank = self._rank
        copy._floor = self._floor
        copy._allowed = None
        return copy

    def _take_bar(self) -> None:
        self.bar += 1
        self.position = -1
        self.expected = Expected.TIME_SIGNATURE

    def _take_meter(self, token_id: int) -> None:
        self._unknown_meter = token_id == UNK
        self._length = (
            MAX_POSITIONS
            if self._unknown_meter
            else time_signature_positions(*TIME_SIGNATURES[token_id - METERS.start])
        )
        if self.chord:
            self.expected = Expected.HEAD_CHORD_POSITION
        elif self.tempo:
            self.expected = Expected.HEAD_TEMPO_POSITION
        else:
            self.expected = Expected.POSITION

    def _take_position(self, token_id: int) -> None:
        if token_id == EOS:
            self.expected = Expected.NOTHING
            return
        is_bar = token_id == bar_token(self.bar + 1)
        if is_bar and not (token_id == UNK and self._unknown_meter):
            self._take_bar()
            return
        position = PAST_POSITIONS if token_id == UNK else token_id - POSITIONS.start
        if position > self.position:
            self.position = position
            self._rank = _NEW_PLACE
            self._floor = 0
        self.expected = Expected.ITEM_OR_TIME_SIGNATURE if is_bar else Expected.ITEM

    def _take_item(self, token_id: int) -> None:
        if token_id in INSTRUMENTS:
            self.instrument = token_id - INSTRUMENTS.start
            rank = note_order(self.instrument)
            if rank != self._rank:
                self._floor = 0
            self._rank = rank
            self.expected = Expected.PITCH
        elif token_id in CHORDS:
            self.chord = token_id
            self._rank = _AFTER_CHORD
            self.expected = Expected.POSITION
        else:
            self.tempo = token_id
            self._rank = _AFTER_TEMPO
            self.expected = Expected.POSITION
