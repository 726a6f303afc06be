from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.event_constraints import Constraints
from emo_assets.tokens.grammar.events import EventGrammar, NoteEvent
from emo_assets.tokens.quantization import time_signature_positions
from emo_assets.tokens.vocabulary import EOS, EVENTS, MAX_BARS, TIME_SIGNATURES, UNK, EventKind
from emo_assets_tests.tokens.expected import Expected, readable_fixtures
from emo_assets_tests.tokens.grammar.random_songs import asked_bars, walk

GRAMMAR = EventGrammar()


def is_song(ids: Sequence[int]) -> bool:
    """Check without the grammar's code whether `ids` are a song, of known time signatures."""
    words = [(EVENTS.kind(token), token) for token in ids]
    kinds = [kind for kind, _ in words]
    first_bar, first_position = EVENTS.span(EventKind.BAR).start, EVENTS.span(EventKind.POSITION).start
    if not words or kinds[0] is not EventKind.BAR:
        return False
    chord = tempo = 0
    number = 0
    index = 0
    length = place = 0
    while index < len(words):
        kind, token = words[index]
        if kind is EventKind.BAR:
            number += 1
            if token != first_bar + number or kinds[index + 1 : index + 2] != [EventKind.TIME_SIGNATURE]:
                return False
            meter = ids[index + 1] - EVENTS.span(EventKind.TIME_SIGNATURE).start
            length, place = time_signature_positions(*TIME_SIGNATURES[meter]), 0
            index += 2
            for known in (chord, tempo):
                if known:
                    if list(ids[index : index + 2]) != [first_position, known]:
                        return False
                    index += 2
            continue
        if kind is not EventKind.POSITION or not place <= token - first_position < length:
            return False
        place = token - first_position
        following = kinds[index + 1 : index + 5]
        if following[:1] == [EventKind.CHORD] and ids[index + 1] != chord:
            chord = ids[index + 1]
            index += 2
        elif following[:1] == [EventKind.TEMPO]:
            tempo = ids[index + 1]
            index += 2
        else:
            is_drum = ids[index + 1 : index + 2] == [EVENTS.span(EventKind.INSTRUMENT)[DRUMS]]
            pitch = EventKind.PITCH_DRUM if is_drum else EventKind.PITCH
            if following != [EventKind.INSTRUMENT, pitch, EventKind.VELOCITY, EventKind.DURATION]:
                return False
            index += 5
    return True


def masks_allow(ids: Sequence[int]) -> bool:
    state = GRAMMAR.start()
    for token in ids:
        if token == EOS or not state.allowed[token]:
            return False
        state = state.advance(token)
    return bool(state.allowed[EOS])


def parses(ids: Sequence[int]) -> bool:
    try:
        GRAMMAR.parse(ids)
    except GrammarError:
        return False
    return True


@pytest.mark.parametrize("expected", readable_fixtures(), ids=lambda expected: expected.file)
def test_the_references_events_follow_the_grammar(expected: Expected) -> None:
    bars = GRAMMAR.parse(EVENTS.encode(expected.events))
    assert len(bars) == sum(token.startswith("Bar_") for token in expected.events)
    assert sum(len(bar.notes) for bar in bars) == sum(
        token.startswith("Duration") for token in expected.events
    )


def test_parsing_returns_the_bars() -> None:
    tokens = (
        "Bar_1 Time-Signature_3/4 Position_0 Chord_C:maj Position_0 Tempo_16 Position_0 Instrument_drum "
        "Pitch_drum_36 Velocity_25 Duration_0 Position_24 Chord_F:maj Position_24 Instrument_Flute Pitch_72 "
        "Velocity_20 Duration_11 Bar_2 Time-Signature_3/4 Position_0 Chord_F:maj Position_0 Tempo_16"
    )
    first, second = GRAMMAR.parse(EVENTS.encode(token.replace("-", " ") for token in tokens.split()))
    assert (first.time_signature, first.chord, first.tempo) == (TIME_SIGNATURES.index((3, 4)), None, None)
    assert first.chords == [(0, 0), (24, 40)]
    assert first.tempos == [(0, 16)]
    assert first.notes == [NoteEvent(0, DRUMS, 36, 25, 0), NoteEvent(24, 73, 72, 20, 11)]
    assert (second.chord, second.tempo, second.notes) == (40, 16, [])


@given(st.integers(0, 2**32))
def test_what_the_masks_allow_parses(seed: int) -> None:
    ids = walk(seed, GRAMMAR.start())
    assert parses(ids)
    if UNK not in ids:
        assert is_song(ids)


@settings(max_examples=300)
@given(asked_bars, st.integers(0, 2**32))
def test_masks_parser_and_definition_agree_on_broken_songs(bars: list[DescribedBar], seed: int) -> None:
    chance = random.Random(seed)
    ids = walk(seed, GRAMMAR.start(), longest=60)
    if UNK in ids:
        ids = walk(seed, GRAMMAR.start(Constraints(bars, 16)), longest=60)
    place = chance.randrange(len(ids))
    match chance.randrange(5):
        case 0:
            del ids[place]
        case 1:
            ids.insert(place, chance.randrange(5, len(EVENTS)))
        case 2:
            ids[place] = chance.randrange(5, len(EVENTS))
        case 3:
            ids[place] = chance.choice(ids)
        case _:
            other = chance.randrange(len(ids))
            ids[place], ids[other] = ids[other], ids[place]
    assert parses(ids) == masks_allow(ids) == is_song(ids)


def test_a_song_past_the_vocabularys_bars_and_meters_parses() -> None:
    tokens = []
    for number in range(1, MAX_BARS + 4):
        tokens += [f"Bar_{number}", "Time Signature_23/4", "Position_3", "Instrument_Flute", "Pitch_60"]
        tokens += ["Velocity_3", "Duration_3", "Position_270", "Instrument_drum", "Pitch_drum_60"]
        tokens += ["Velocity_3", "Duration_3"]
    bars = GRAMMAR.parse(EVENTS.encode(tokens))
    assert len(bars) == MAX_BARS + 3
    assert all(bar.time_signature is None for bar in bars)
    assert {note.position for bar in bars for note in bar.notes} == {3, 144}


@pytest.mark.parametrize(
    ("tokens", "position", "expected"),
    [
        ("", 0, "Bar_1"),
        ("Bar_1 Bar_2", 1, "Time Signature or <unk>"),
        ("Bar_1 Time-Signature_2/4 Position_24", 2, "Bar_2, Position (Position_0 to Position_23) or <eos>"),
        ("Bar_1 Time-Signature_2/4 Position_9 Instrument_drum Pitch_3", 4, "Pitch_drum"),
        ("Bar_1 Time-Signature_2/4 Position_9 Chord_N:N Bar_2 Time-Signature_2/4 Bar_3", 6, "Position_0"),
        (
            "Bar_1 Time-Signature_2/4 Position_9 Chord_N:N Bar_2 Time-Signature_2/4 Position_0 Chord_A:min",
            7,
            "Chord_N:N",
        ),
        ("Bar_1 Time-Signature_2/4 Position_9 <eos>", 3, "a sequence without it"),
    ],
)
def test_errors_say_where_and_why(tokens: str, position: int, expected: str) -> None:
    with pytest.raises(GrammarError) as error:
        GRAMMAR.parse(EVENTS.encode(token.replace("-", " ") for token in tokens.split()))
    assert (error.value.index, error.value.expected) == (position, expected)
