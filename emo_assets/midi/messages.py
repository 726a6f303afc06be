"""The messages of a Standard MIDI File one by one, with every check that mido makes.

Slow and exact; `parser` calls it for unusual messages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from emo_assets.midi.errors import MidiError

MAX_MESSAGE_BYTES = 1_000_000
"""Bytes of a meta or system exclusive message; mido rejects longer ones."""

MAX_DELTA = 1 << 32
"""Ticks; more than any file within the parser's limits has, so that a long run of high bytes ends early."""

TEXT, LYRICS, END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x01, 0x05, 0x2F, 0x51, 0x58, 0x59

_TIMED_META_TYPES = frozenset([*range(8), 9, 0x20, 0x21, 0x2F, 0x51, 0x54, 0x58, 0x59, 0x7F])
"""The types of meta messages that mido knows. It drops the delta time of all others."""

SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
"""Data bytes of the system messages by their status."""

_REFUSED_DENOMINATORS = frozenset(
    exponent for exponent in range(256) if not math.log(2**exponent, 2).is_integer()
)
"""Exponents whose power of two mido does not recognize, because its logarithm is rounded."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        delta: ticks since the message before it; 0 for meta messages of unknown type, as in mido.
        start: index of its status byte; of its first data byte under running status.
        end: index after its last byte.
        status: its status byte, or the running status.
        data: its data, without the type and length of a meta message.
        meta_type: the type of a meta message, None for others.
    """

    delta: int
    start: int
    end: int
    status: int
    data: bytes
    meta_type: int | None = None


def read_message(content: bytes, offset: int, running: int | None) -> Message:
    """Read the message whose delta time starts at `offset`.

    Args:
        content: the file's bytes.
        offset: index of the first byte of the delta time.
        running: the status of the last message but for meta messages; None at the start of a track.

    Raises:
        MidiError: the message is not valid.
    """
    delta, start = _variable_length(content, offset)
    status = _byte(content, start)
    if status == 0xFF:
        return _meta_message(content, delta, start)
    if status >= 0x80:
        data_start = start + 1
    elif running is None:
        raise _parse_error(start, "a message without a status byte, before any that has one")
    else:
        status, data_start = running, start
    if status in (0xF0, 0xF7):
        # mido drops the byte in the place of the status when the status is a running one
        return _system_exclusive(content, delta, start, status)
    count = 2 if status < 0xC0 or 0xE0 <= status < 0xF0 else 1
    if status >= 0xF0:
        if status not in SYSTEM_DATA_BYTES:
            raise _parse_error(start, f"the undefined status byte 0x{status:02x}")
        count = SYSTEM_DATA_BYTES[status]
        if data_start == start and not count:
            raise _parse_error(start, "a data byte after a message that has none")
    data = _bytes(content, data_start, count)
    if data and max(data) > 0x7F:
        raise _parse_error(data_start, "a data byte above 127")
    return Message(delta, start, data_start + count, status, data)


def _parse_error(offset: int, reason: str) -> MidiError:
    return MidiError("parse", f"byte {offset} is {reason}; the file is damaged or not a MIDI file")


def _byte(content: bytes, offset: int) -> int:
    if offset >= len(content):
        raise MidiError("parse", "the file ends in the middle of a track; it is cut off")
    return content[offset]


def _bytes(content: bytes, offset: int, count: int) -> bytes:
    if count > MAX_MESSAGE_BYTES:
        raise _parse_error(offset, f"in a message of {count} bytes, more than {MAX_MESSAGE_BYTES}")
    if offset + count > len(content):
        raise MidiError("parse", "the file ends in the middle of a track; it is cut off")
    return content[offset : offset + count]


def _variable_length(content: bytes, offset: int) -> tuple[int, int]:
    """Read a number of seven bits per byte; return it and the index after it."""
    value = 0
    while True:
        byte = _byte(content, offset)
        offset += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset
        if value > MAX_DELTA:
            raise _parse_error(offset - 1, "in a number far too large for a delta time or a length")


def _system_exclusive(content: bytes, delta: int, start: int, status: int) -> Message:
    length, data_start = _variable_length(content, start + 1)
    data = _bytes(content, data_start, length)
    body = data[data[:1] == b"\xf0" :]
    body = body[: len(body) - (body[-1:] == b"\xf7")]
    if body and max(body) > 0x7F:
        raise _parse_error(data_start, "the start of a system exclusive message with a data byte above 127")
    return Message(delta, start, data_start + length, status, data)


def _meta_message(content: bytes, delta: int, start: int) -> Message:
    meta_type = _byte(content, start + 1)
    length, data_start = _variable_length(content, start + 2)
    data = _bytes(content, data_start, length)
    if not is_well_formed(meta_type, data):
        raise _parse_error(start, f"the start of a malformed meta message of type 0x{meta_type:02x}")
    if meta_type not in _TIMED_META_TYPES:
        delta = 0
    return Message(delta, start, data_start + length, 0xFF, data, meta_type)


def is_well_formed(meta_type: int, data: bytes) -> bool:
    """Tell whether mido accepts the data of a meta message."""
    match meta_type:
        case 0x00:  # sequence number
            return len(data) != 1
        case 0x20:  # channel prefix
            return len(data) >= 1
        case 0x51:  # tempo
            return len(data) >= 3
        case 0x54:  # SMPTE offset
            return len(data) >= 5 and data[0] >> 5 <= 3 and data[1] <= 59 and data[2] <= 59 and data[4] <= 99
        case 0x58:  # time signature
            return len(data) >= 4 and data[1] not in _REFUSED_DENOMINATORS
        case 0x59:  # key signature
            return len(data) >= 2 and (data[0] <= 7 or data[0] >= 249) and data[1] <= 1
        case _:
            return True
