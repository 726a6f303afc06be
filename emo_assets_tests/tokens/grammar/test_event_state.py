from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.event_constraints import Constraints
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.grammar.event_tokens import POSITIONS, bar_token
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.vocabulary import EOS, EVENTS, TIME_SIGNATURES, EventKind
from emo_assets_tests.tokens.grammar.random_songs import asked_bars, bar_of, walk

GRAMMAR = EventGrammar()
FOUR_FOUR = TIME_SIGNATURES.index((4, 4))


def after(tokens: str, state: EventState) -> EventState:
    """Return the state after some more tokens; "-" is a space within a token."""
    for token in EVENTS.encode(token.replace("-", " ") for token in tokens.split()):
        state = state.advance(token)
    return state


@given(asked_bars, st.integers(0, 2**32))
def test_constrained_songs_never_repeat_a_note_and_end_by_themselves(
    bars: list[DescribedBar], seed: int
) -> None:
    ids = walk(seed, GRAMMAR.start(Constraints(bars, 16)))
    for bar in GRAMMAR.parse(ids):
        onsets = [(note.position, (note.instrument + 1) % 129, note.pitch) for note in bar.notes]
        assert onsets == sorted(set(onsets))


def test_items_of_a_position_come_in_order() -> None:
    for seed in range(20):
        ids = walk(seed, GRAMMAR.start(Constraints([bar_of(FOUR_FOUR)] * 3, 16)))
        places = [(ids[i], ids[i + 1]) for i in range(len(ids)) if EVENTS.kind(ids[i]) is EventKind.POSITION]
        rank = {EventKind.CHORD: 0, EventKind.TEMPO: 1, EventKind.INSTRUMENT: 2}
        for _, items in groupby(places, key=lambda item: item[0]):
            kinds = [EVENTS.kind(token) for _, token in items]
            notes = [kind for kind in kinds if kind is EventKind.INSTRUMENT]
            assert all(kind in rank for kind in kinds)
            assert kinds[len(kinds) - len(notes) :] == notes


def test_a_state_without_choice_is_never_reached_at_the_ends_of_the_keyboard() -> None:
    state = GRAMMAR.start(Constraints([bar_of(FOUR_FOUR, (127,))], 16))
    tokens = "Bar_1 Time-Signature_4/4 Position_0 Tempo_16 "
    tokens += "Position_47 Instrument_Gunshot Pitch_127 Velocity_1 Duration_1"
    for token in EVENTS.encode(token.replace("-", " ") for token in tokens.split()):
        state = state.advance(token)
    assert np.flatnonzero(state.allowed).tolist() == [EOS]


def test_advancing_leaves_a_state_unchanged() -> None:
    state = after("Bar_1 Time-Signature_4/4 Position_3", GRAMMAR.start())
    allowed = state.allowed.copy()
    later = after("Instrument_drum Pitch_drum_36", state)
    assert (state.index, state.expected, later.expected) == (3, Expected.ITEM, Expected.VELOCITY)
    assert (state.allowed == allowed).all()
    with pytest.raises(ValueError, match="read-only"):
        state.allowed[0] = True


def test_a_bar_repeats_the_current_chord_and_tempo() -> None:
    state = after("Bar_1 Time-Signature_4/4 Position_0 Chord_C:maj Position_0 Tempo_16", GRAMMAR.start())
    state = after("Bar_2 Time-Signature_4/4", state)
    for token in EVENTS.encode(["Position_0", "Chord_C:maj", "Position_0", "Tempo_16"]):
        assert np.flatnonzero(state.allowed).tolist() == [token]
        state = state.advance(token)
    assert state.expected is Expected.POSITION


def test_positions_go_forward_and_stay_in_the_bar() -> None:
    state = after("Bar_1 Time-Signature_2/4 Position_20 Chord_C:maj", GRAMMAR.start())
    assert np.flatnonzero(state.allowed).tolist() == sorted([EOS, bar_token(2), *POSITIONS[20:24]])


def test_a_song_has_its_tempo_first_and_as_many_bars_as_asked_for() -> None:
    state = after("Bar_1 Time-Signature_4/4", GRAMMAR.start(Constraints([bar_of(FOUR_FOUR)], 7)))
    assert np.flatnonzero(state.allowed).tolist() == [POSITIONS[0]]
    state = after("Position_0 Tempo_7", state)
    assert state.allowed[EOS]
    assert not state.allowed[bar_token(2)]


@given(st.integers(0, 2**32))
def test_a_token_is_refused_unless_the_mask_allows_it(seed: int) -> None:
    state = GRAMMAR.start()
    for token in walk(seed, state, longest=10):
        state = state.advance(token)
        forbidden = np.flatnonzero(~state.allowed).tolist()
        with pytest.raises(GrammarError):
            state.advance(forbidden[seed % len(forbidden)])
    with pytest.raises(GrammarError, match="unknown id"):
        state.advance(len(EVENTS))
