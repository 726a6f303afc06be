from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.metrics.articulation import restarted_note_share
from emo_assets.metrics.parsed_song import parse_song
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.tokens.detokenize import MAX_NOTES_AT_ONCE, detokenize
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import Constraints
from emo_assets.tokens.grammar.events import EventBar, EventGrammar, NoteEvent
from emo_assets.tokens.quantization import DURATION_BINS, nearest_bin, time_signature_positions
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets.tokens.vocabulary import EVENTS, TIME_SIGNATURES
from emo_assets_tests.tokens.expected import Expected, readable_fixtures
from emo_assets_tests.tokens.grammar.random_songs import asked_bars, bar_of, walk

GRAMMAR = EventGrammar()


def ids(text: str) -> list[int]:
    return EVENTS.encode(token.replace("~", " ") for token in text.split())


def piece(*notes: str, meter: str = "4/4", tempo: str = "") -> list[int]:
    """One bar of notes, each written as `Position Instrument Pitch Velocity Duration`."""
    return ids(f"Bar_1 Time~Signature_{meter} {tempo} {' '.join(notes)}")


def note(position: int, pitch: int, duration: int = 3, instrument: str = "Flute") -> str:
    return f"Position_{position} Instrument_{instrument} Pitch_{pitch} Velocity_20 Duration_{duration}"


def held(bars: Sequence[EventBar]) -> list[tuple[int | None, list[NoteEvent]]]:
    """What a MIDI file can hold of bars: meters and notes, from the first bar with notes to the last."""
    filled = [number for number, bar in enumerate(bars) if bar.notes]
    kept = bars[filled[0] : filled[-1] + 1] if filled else []
    by_bar: list[list[NoteEvent]] = []
    following: dict[tuple[int, int], int] = {}
    widths: list[int] = []
    for bar in kept:
        meter = bar.time_signature
        last = widths[-1] if widths else 48
        widths.append(last if meter is None else time_signature_positions(*TIME_SIGNATURES[meter]))
    for number, bar in reversed(list(enumerate(kept))):
        at_once: Counter[tuple[int, int]] = Counter()
        notes: dict[tuple[int, int, int], NoteEvent] = {}
        for event in bar.notes:
            at_once[event.position, event.instrument] += 1
            if at_once[event.position, event.instrument] <= MAX_NOTES_AT_ONCE:
                place = event.position, event.instrument, event.pitch
                same = notes.get(place, event)
                notes[place] = event._replace(
                    duration=max(event.duration, same.duration), velocity=max(event.velocity, same.velocity)
                )
        own = []
        for (position, instrument, pitch), event in sorted(notes.items(), reverse=True):
            start = sum(widths[:number]) + position
            gap = following.get((instrument, pitch), math.inf) - start
            following[instrument, pitch] = start
            length = min(int(DURATION_BINS[event.duration]), gap)
            own.append(event._replace(duration=int(nearest_bin(length, DURATION_BINS))))
        by_bar.append(sorted(own))
    return [(bar.time_signature, notes) for bar, notes in zip(kept, reversed(by_bar), strict=True)]


def read_back(events: Sequence[int]) -> list[EventBar]:
    return GRAMMAR.parse(tokenize_midi(detokenize(events), strict=True).events)


@pytest.mark.parametrize(
    "expected",
    [expected for expected in readable_fixtures() if expected.file != "outsize_bar_23_4.mid"],
    ids=lambda expected: expected.file,
)
def test_real_events_come_back(expected: Expected) -> None:
    events = EVENTS.encode(expected.events)
    bars = GRAMMAR.parse(events)
    back = read_back(events)
    assert held(back) == held(bars)
    tempos = [tempo for bar in bars for _, tempo in bar.tempos] or [16]
    assert back[0].tempos == [(0, tempos[0])]


@settings(max_examples=150)
@given(asked_bars, st.integers(0, 32), st.integers(0, 2**32))
def test_all_that_constraints_allow_comes_back(bars: list[DescribedBar], tempo: int, seed: int) -> None:
    events = walk(seed, GRAMMAR.start(Constraints(bars, tempo)))
    parsed = GRAMMAR.parse(events)
    if not held(parsed):
        return
    back = read_back(events)
    assert held(back) == held(parsed)
    assert restarted_note_share(parse_song(detokenize(events))) == 0
    if parsed[0].notes:
        assert back[0].tempos == [(0, tempo)]


@given(st.integers(0, 2**32), st.integers(0, 32))
def test_ordered_events_come_back_in_their_order(seed: int, tempo: int) -> None:
    events = walk(seed, GRAMMAR.start(Constraints([bar_of(14, (0, 40, 128))] * 2, tempo)))
    parsed = GRAMMAR.parse(events)
    filled = [replace(bar, chords=[], chord=None) for bar in parsed]
    if [sorted(bar.notes) for bar in parsed] != [notes for _, notes in held(parsed)]:
        return
    assert [replace(bar, chords=[], chord=None) for bar in read_back(events)] == filled


def test_an_exact_tempo_replaces_the_tokens() -> None:
    events = piece(note(0, 60), tempo="Position_0 Tempo_9")
    for tempo in (97.5, 30.0, 250.0):
        file = mido.MidiFile(file=BytesIO(detokenize(events, tempo=tempo)))
        tempos = [message.tempo for track in file.tracks for message in track if message.type == "set_tempo"]
        assert tempos == [round(60e6 / tempo)]


def test_later_tempos_change_the_timing_from_there_on() -> None:
    events = ids(
        "Bar_1 Time~Signature_4/4 Position_0 Tempo_16 Position_24 Tempo_8 " + note(24, 60) + " Bar_2 "
        "Time~Signature_4/4 Position_0 Tempo_8"
    )
    file = mido.MidiFile(file=BytesIO(detokenize(events)))
    assert [(message.time, message.tempo) for message in file.tracks[0] if message.type == "set_tempo"] == [
        (0, 500_000),
        (960, 1_000_000),
    ]


def test_a_note_ends_where_its_pitch_starts_again() -> None:
    events = piece(note(0, 60, duration=20), note(6, 60, duration=2), note(6, 60, duration=4))
    assert [(event.position, event.duration) for event in read_back(events)[0].notes] == [(0, 5), (6, 4)]


def test_more_notes_than_can_be_at_one_place_are_left_out() -> None:
    events = piece(*(note(0, pitch) for pitch in range(40, 60)), note(1, 80))
    assert len(read_back(events)[0].notes) == MAX_NOTES_AT_ONCE + 1


def test_more_instruments_than_channels_keep_their_programs() -> None:
    names = [name.replace(" ", "~") for name in INSTRUMENT_NAMES[10:30]]
    events = piece(*(note(place, 60, instrument=name) for place, name in enumerate(names)))
    assert held(read_back(events)) == held(GRAMMAR.parse(events))


@pytest.mark.parametrize(
    "rubbish",
    [
        "Position_0 Instrument_Flute Pitch_60 Velocity_3",
        "Position_0 Instrument_Flute Pitch_drum_60 Velocity_3 Duration_3",
        "Position_0 Instrument_drum Pitch_60 Velocity_3 Duration_3",
        "Position_x Instrument_Flute Pitch_60 Velocity_3 Duration_3",
        "Instrument_Flute Pitch_60 Velocity_3 Duration_3",
        "<unk> <eos> Bar Position_ nonsense",
        "Position_0 Instrument_Kazoo Pitch_60 Velocity_3 Duration_3",
    ],
)
def test_tokens_that_break_the_grammar_are_skipped(rubbish: str) -> None:
    assert detokenize(piece(note(0, 60), rubbish)) == detokenize(piece(note(0, 60)))
    assert detokenize([*ids(rubbish), *piece(note(0, 60))]) == detokenize(piece(note(0, 60)))


def test_a_time_signature_that_no_file_can_hold_is_skipped() -> None:
    for meter in ("0/4", "4/3", "300/4", "x/y", "4"):
        assert detokenize(piece(note(0, 60), meter=meter)) == detokenize(piece(note(0, 60)))


def test_nothing_is_a_file_without_notes() -> None:
    assert len(mido.MidiFile(file=BytesIO(detokenize([]))).tracks) == 1
