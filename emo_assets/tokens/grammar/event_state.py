"""The states of the event grammar and the transitions between them. `events` has the rules."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.event_constraints import ANY_ITEM, ANY_TIME_SIGNATURE, Constraints, note_order
from emo_assets.tokens.grammar.event_tokens import (
    CHORDS,
    DRUM_PITCHES,
    DURATIONS,
    INSTRUMENTS,
    METERS,
    PAST_POSITIONS,
    PITCHES,
    POSITIONS,
    VELOCITIES,
    Mask,
    bar_token,
    mask_of,
)
from emo_assets.tokens.quantization import time_signature_positions
from emo_assets.tokens.vocabulary import EOS, EVENTS, MAX_POSITIONS, TIME_SIGNATURES, UNK

_NEW_POSITION, _AFTER_CHANGE = -2, -1
"""Orders before those of all notes, see `note_order`."""

_VELOCITY_MASK = mask_of(VELOCITIES)
_DURATION_MASK = mask_of(DURATIONS)


class Expected(IntEnum):
    """The kind of token that a state expects next."""

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
    ITEM_OR_TIME_SIGNATURE = 11  # after an `<unk>` that may be a position or the next bar
    NOTHING = 12


class EventState:
    """A point in a song: which event tokens may come next, and which state follows each.

    States never change; `advance` returns another one. `EventGrammar.start` makes the first.

    Attributes:
        index: how many tokens have been read.
        bar: the number of the current bar, 0 before the first.
        expected: the kind of token that comes next.
        position: the last position in the bar, -1 before the first.
        chord: token of the current chord, 0 before the first.
        tempo: token of the current tempo, 0 before the first.
        instrument: program of the last note, 128 for drums.
        pitch: pitch of the last note.
    """

    def __init__(self, constraints: Constraints | None) -> None:
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
        self._order = _NEW_POSITION  # order of the last item at this position
        self._min_pitch = 0  # of the next note, if it is of the same instrument
        self._allowed: Mask | None = None

    @property
    def allowed(self) -> Mask:
        """The tokens that may come next, `<eos>` where the song may end; shape (1357,), read-only."""
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
                return mask_of(span[self._min_pitch :])
            case Expected.BAR:
                return mask_of(bar_token(1))
            case Expected.TIME_SIGNATURE:
                return self._time_signature_mask()
            case Expected.HEAD_CHORD_POSITION | Expected.HEAD_TEMPO_POSITION:
                return mask_of(POSITIONS[0])
            case Expected.HEAD_CHORD:
                return mask_of(self.chord)
            case Expected.HEAD_TEMPO:
                return mask_of(self.tempo)
            case Expected.ITEM_OR_TIME_SIGNATURE:
                return self._item_mask() | self._time_signature_mask()
            case Expected.NOTHING:
                return np.zeros(len(EVENTS), dtype=np.bool_)

    def _time_signature_mask(self) -> Mask:
        constraints = self._constraints
        return ANY_TIME_SIGNATURE if constraints is None else constraints.time_signatures[self.bar - 1]

    def _position_mask(self) -> Mask:
        constraints = self._constraints
        if constraints is not None and not self.tempo:
            return mask_of(POSITIONS[0])
        first = max(self.position, 0)
        if constraints is not None and self.position >= 0:
            # the position is closed when all notes that may follow in order have been there
            first += self._min_order > constraints.max_orders[self.bar - 1]
        mask = mask_of(POSITIONS[first : self._length])
        if self._unknown_meter and first <= PAST_POSITIONS:
            mask[UNK] = True
        if constraints is None or self.bar < constraints.bars:
            mask[bar_token(self.bar + 1)] = True
        mask[EOS] = constraints is None or self.bar == constraints.bars
        return mask

    @property
    def _min_order(self) -> int:
        """The order of the first instrument that may come next in order."""
        return max(self._order + (self._min_pitch >= len(PITCHES)), 0)

    def _item_mask(self) -> Mask:
        constraints = self._constraints
        if constraints is None:
            mask = ANY_ITEM.copy()
        elif not self.tempo:
            mask = mask_of(constraints.tempo)
            if not self.chord:
                mask[CHORDS.start : CHORDS.stop] = True
            return mask
        else:
            mask = constraints.items[self.bar - 1].copy()
            if self._order > _NEW_POSITION:
                mask[CHORDS.start : CHORDS.stop] = False
            if lowest := self._min_order:
                mask[INSTRUMENTS.start : INSTRUMENTS.start + lowest - 1] = False
                mask[INSTRUMENTS[DRUMS]] = False
        if self.chord:
            mask[self.chord] = False
        return mask

    def advance(self, token_id: int) -> EventState:
        """Return the state after one more token.

        Raises:
            GrammarError: the token is not allowed here.
        """
        allowed = self.allowed
        if not (0 <= token_id < len(allowed) and allowed[token_id]):
            raise GrammarError.at(self.index, token_id, EVENTS, allowed)
        state = self._copy()
        state.index += 1
        match self.expected:
            case Expected.POSITION:
                state._on_position(token_id)
            case Expected.ITEM:
                state._on_item(token_id)
            case Expected.PITCH:
                state.pitch = token_id - (DRUM_PITCHES if self.instrument == DRUMS else PITCHES).start
                state.expected = Expected.VELOCITY
            case Expected.VELOCITY:
                state.expected = Expected.DURATION
            case Expected.DURATION:
                state.expected = Expected.POSITION
                if self._constraints is not None:
                    state._min_pitch = self.pitch + 1
            case Expected.BAR:
                state._on_bar()
            case Expected.TIME_SIGNATURE:
                state._on_time_signature(token_id)
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
                    state._on_bar()
                    state._on_time_signature(token_id)
                else:
                    state._on_item(token_id)
        return state

    def _copy(self) -> EventState:
        copy = EventState.__new__(EventState)
        copy.__dict__.update(self.__dict__)
        copy._allowed = None
        return copy

    def _on_bar(self) -> None:
        self.bar += 1
        self.position = -1
        self.expected = Expected.TIME_SIGNATURE

    def _on_time_signature(self, token_id: int) -> None:
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

    def _on_position(self, token_id: int) -> None:
        if token_id == EOS:
            self.expected = Expected.NOTHING
            return
        is_bar = token_id == bar_token(self.bar + 1)
        if is_bar and not (token_id == UNK and self._unknown_meter):
            self._on_bar()
            return
        position = PAST_POSITIONS if token_id == UNK else token_id - POSITIONS.start
        if position > self.position:
            self.position = position
            self._order = _NEW_POSITION
            self._min_pitch = 0
        self.expected = Expected.ITEM_OR_TIME_SIGNATURE if is_bar else Expected.ITEM

    def _on_item(self, token_id: int) -> None:
        if token_id in INSTRUMENTS:
            self.instrument = token_id - INSTRUMENTS.start
            order = note_order(self.instrument)
            if order != self._order:
                self._min_pitch = 0
            self._order = order
            self.expected = Expected.PITCH
        elif token_id in CHORDS:
            self.chord = token_id
            self._order = _AFTER_CHANGE
            self.expected = Expected.POSITION
        else:
            self.tempo = token_id
            self._order = _AFTER_CHANGE
            self.expected = Expected.POSITION
