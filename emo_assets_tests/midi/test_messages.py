from __future__ import annotations

from io import BytesIO

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.errors import MidiError
from emo_assets.midi.messages import SET_TEMPO, Message, read_message


@pytest.mark.parametrize(
    ("content", "running", "expected"),
    [
        (b"\x10\x90\x3c\x40", None, Message(16, 1, 4, 0x90, b"\x3c\x40")),
        (b"\x81\x00\xc5\x07", 0x90, Message(128, 2, 4, 0xC5, b"\x07")),
        (b"\x00\x3c\x40", 0x91, Message(0, 1, 3, 0x91, b"\x3c\x40")),
        (b"\x05\xff\x51\x03\x07\xa1\x20", 0x90, Message(5, 1, 7, 0xFF, b"\x07\xa1\x20", SET_TEMPO)),
        (b"\x05\xff\x60\x01\x00", None, Message(0, 1, 5, 0xFF, b"\x00", 0x60)),
        (b"\x00\xf0\x03\x01\x02\xf7", None, Message(0, 1, 6, 0xF0, b"\x01\x02\xf7")),
        (b"\x00\xf8", None, Message(0, 1, 2, 0xF8, b"")),
    ],
    ids=["status", "long delta", "running status", "tempo", "unknown meta", "system exclusive", "clock"],
)
def test_a_message_is_read(content: bytes, running: int | None, expected: Message) -> None:
    assert read_message(content, 0, running) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x3c\x40", "without a status byte"),
        (b"\x00\x90\x3c", "cut off"),
        (b"\x00\x90\x3c\x80", "a data byte above 127"),
        (b"\x00\xf4", "the undefined status byte 0xf4"),
        (b"\x00\xff\x51\x02\x07\xa1", "malformed meta message of type 0x51"),
        (b"\x00\xff\x01\xff\xff\xff\x7f", "more than 1000000"),
        (b"\xff" * 9, "far too large"),
        (b"\x00\xf0\x02\x01\x90", "system exclusive message"),
    ],
)
def test_a_broken_message_is_refused_with_its_place(content: bytes, reason: str) -> None:
    with pytest.raises(MidiError, match=reason) as refused:
        read_message(content, 0, None)
    assert refused.value.stage == "parse"


@given(
    st.integers(0, 0xFFFFFFF),
    st.sampled_from([0x80, 0x93, 0xA0, 0xB9, 0xC1, 0xD0, 0xEF]),
    st.integers(0, 127),
    st.integers(0, 127),
)
def test_channel_messages_are_those_of_mido(delta: int, status: int, first: int, second: int) -> None:
    data = [first] if 0xC0 <= status < 0xE0 else [first, second]
    file = mido.MidiFile()
    file.tracks.append(mido.MidiTrack([mido.Message.from_bytes([status, *data], time=delta)]))
    buffer = BytesIO()
    file.save(file=buffer)
    start = buffer.getvalue().index(b"MTrk") + 8

    message = read_message(buffer.getvalue(), start, None)

    assert (message.delta, message.status, list(message.data)) == (delta, status, data)
