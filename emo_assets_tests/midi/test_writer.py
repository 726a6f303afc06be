from __future__ import annotations

from io import BytesIO

import mido

from emo_assets.midi.writer import Note, Part, encode_midi


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


def test_a_part_may_share_the_channel_before_it() -> None:
    notes = [Note(0, 10, 60, 90)]
    parts = [Part(4, False, notes), Part(4, False, notes, shares_channel=True), Part(5, False, notes)]
    tracks = messages(parts)[1:]
    assert [track[1].channel for track in tracks] == [0, 0, 1]
    assert all(sum(message.type == "program_change" for message in track) == 1 for track in tracks)


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
