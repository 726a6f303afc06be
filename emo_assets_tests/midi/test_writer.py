from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.score import read_midi
from emo_assets.midi.writer import Note, Part, encode_midi, end_restarted


def messages(parts: list[Part], **options: object) -> list[list[mido.Message]]:
    file = mido.MidiFile(file=BytesIO(encode_midi(parts, **options)))  # type: ignore[arg-type]
    return [list(track) for track in file.tracks]


def test_tempo_and_meter_are_on_the_first_track() -> None:
    conductor, *_ = messages([], tempos=[(0, 90.0), (960, 120.0)], time_signatures=[(0, 6, 8)], resolution=96)
    assert [message.type for message in conductor] == [
        "time_signature",
        "set_tempo",
        "set_tempo",
        "end_of_track",
    ]
    assert conductor[1].tempo == 666_667
    assert (conductor[0].numerator, conductor[0].denominator) == (6, 8)


def test_a_repeated_note_ends_before_it_starts_again() -> None:
    part = Part(5, False, [Note(0, 480, 60, 90), Note(480, 960, 60, 80)], name="keys", controls=[(0, 7, 100)])
    _, track = messages([part])
    played = [(message.type, message.time) for message in track if message.type.startswith("note")]
    assert played == [("note_on", 0), ("note_off", 480), ("note_on", 0), ("note_off", 480)]
    assert track[0].name == "keys"


def test_parts_get_channels_of_their_own_and_drums_the_tenth() -> None:
    notes = [Note(0, 10, 60, 90)]
    parts = [Part(program, False, notes) for program in range(3)] + [Part(0, True, notes)]
    channels = [track[1].channel for track in messages(parts)[1:]]
    assert channels == [0, 1, 2, 9]


@pytest.mark.parametrize(
    ("notes", "ended"),
    [
        ([Note(0, 960, 60, 90), Note(480, 720, 60, 80)], [Note(0, 480, 60, 90), Note(480, 720, 60, 80)]),
        ([Note(480, 720, 60, 80), Note(0, 960, 60, 90)], [Note(0, 480, 60, 90), Note(480, 720, 60, 80)]),
        ([Note(0, 480, 60, 90), Note(0, 960, 60, 70)], [Note(0, 960, 60, 90)]),
        ([Note(0, 960, 60, 90), Note(480, 720, 61, 80)], [Note(0, 960, 60, 90), Note(480, 720, 61, 80)]),
        ([Note(0, 9, 60, 1), Note(0, 5, 60, 2), Note(3, 4, 60, 3)], [Note(0, 3, 60, 2), Note(3, 4, 60, 3)]),
        ([], []),
    ],
)
def test_a_note_ends_where_its_pitch_starts_again(notes: list[Note], ended: list[Note]) -> None:
    assert end_restarted(notes) == ended


@given(
    st.lists(
        st.builds(
            lambda start, length, pitch: Note(start, start + length, pitch, 64),
            st.integers(0, 40),
            st.integers(1, 30),
            st.integers(59, 61),
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_no_note_starts_while_its_pitch_sounds(notes: list[Note], is_drum: bool) -> None:
    score = read_midi(encode_midi([Part(0, is_drum, notes)]))
    played = sorted(zip(score.notes.pitch, score.notes.start, score.notes.end, strict=True))
    assert {(pitch, start) for pitch, start, _ in played} == {(note.pitch, note.start) for note in notes}
    assert all(end <= start for (one, _, end), (other, start, _) in pairwise(played) if one == other)


def test_parts_of_a_crowded_channel_say_their_program_before_each_note() -> None:
    notes = [Note(0, 10, 60, 90), Note(20, 30, 60, 90)]
    tracks = messages([Part(program, False, notes) for program in range(16)])[1:]
    programs = [
        [message.program for message in track if message.type == "program_change"] for track in tracks
    ]
    assert programs[0] == [0, 0, 0]
    assert programs[1] == [1]
    assert programs[15] == [15, 15, 15]
    assert tracks[15][1].channel == tracks[0][1].channel
