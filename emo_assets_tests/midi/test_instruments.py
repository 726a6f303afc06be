from __future__ import annotations

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.instruments import Instrument
from emo_assets.midi.score import read_midi
from emo_assets_tests.midi.test_parser import file_of

PROGRAM, CONTROL, BEND = 0xC0, 0xB0, 0xE0


def note(channel: int, pitch: int = 60) -> bytes:
    """A note of ten ticks."""
    return bytes([0, 0x90 | channel, pitch, 80, 10, 0x80 | channel, pitch, 0])


def instruments_of(*tracks: bytes) -> tuple[Instrument, ...]:
    return read_midi(file_of(*(track + b"\x00\xff\x2f\x00" for track in tracks))).instruments


def test_each_program_of_each_channel_of_each_track_is_an_instrument() -> None:
    first = bytes([0, PROGRAM, 5]) + note(0) + bytes([0, PROGRAM, 7]) + note(0) + note(1)
    second = bytes([0, PROGRAM, 5]) + note(0)
    assert [each.program for each in instruments_of(first, second)] == [5, 7, 0, 5]


def test_the_tenth_channel_is_drums_whatever_its_program() -> None:
    assert [each.program for each in instruments_of(bytes([0, PROGRAM | 9, 25]) + note(9))] == [DRUMS]


def test_programs_without_notes_are_no_instruments() -> None:
    assert instruments_of(bytes([0, PROGRAM, 5, 0, PROGRAM | 1, 6])) == ()


def test_a_pedal_that_goes_up_again_is_a_span() -> None:
    pedal = [bytes([5, CONTROL, 64, value]) for value in (127, 100, 0, 127)]
    [piano] = instruments_of(note(0) + b"".join(pedal))
    assert piano.controls.pedal_downs.tolist() == [15]
    assert piano.controls.pedal_ups.tolist() == [25]
    assert piano.controls.last_tick == 30


def test_bends_are_signed_and_left_out_when_all_are_zero() -> None:
    [bent] = instruments_of(note(0) + bytes([0, BEND, 0, 0, 5, BEND, 0, 64, 5, BEND, 127, 127]))
    assert bent.controls.bend_amounts.tolist() == [-8192, 0, 8191]
    assert bent.controls.bend_ticks.tolist() == [10, 15, 20]
    [straight] = instruments_of(note(0) + bytes([0, BEND, 0, 64]))
    assert not len(straight.controls.bend_ticks)


def test_controls_before_the_first_note_are_shared_by_all_later_instruments_of_the_channel() -> None:
    pedal = bytes([0, CONTROL, 64, 127, 4, CONTROL, 64, 0])
    piano, organ = instruments_of(pedal + note(0) + bytes([0, PROGRAM, 16]) + note(0))
    assert piano.controls.pedal_ups.tolist() == [4]
    assert organ.controls is piano.controls


def test_controls_after_the_first_note_stay_with_the_program_of_that_moment() -> None:
    pedal = bytes([0, CONTROL, 64, 127, 4, CONTROL, 64, 0])
    piano, organ = instruments_of(note(0) + pedal + bytes([0, PROGRAM, 16]) + note(0))
    assert len(piano.controls.pedal_ups) == 1
    assert len(organ.controls.pedal_ups) == 0
