"""Ways in which MIDI files are damaged or packed in the wild, applied to good files."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable

from emo_assets.midi.messages import Message, read_message

HEADER = 14
"""Bytes of the header of a good file."""

Damage = Callable[[bytes, random.Random], bytes]


def chunks(content: bytes) -> list[bytes]:
    """Return the header and the announced tracks of a good file, with their names and sizes."""
    found = [content[:HEADER]]
    offset = HEADER
    for _ in range(int.from_bytes(content[10:12], "big")):
        end = offset + 8 + int.from_bytes(content[offset + 4 : offset + 8], "big")
        found.append(content[offset:end])
        offset = end
    return found


def messages(content: bytes) -> list[tuple[int, Message]]:
    """Return the offset of the delta time and the message, for all messages of a good file."""
    found = []
    offset = HEADER
    for track in chunks(content)[1:]:
        start, offset = offset + 8, offset + len(track)
        running = None
        while start < offset:
            message = read_message(content, start, running)
            found.append((start, message))
            running = running if message.status == 0xFF else message.status
            start = message.end
    return found


def _track(body: bytes) -> bytes:
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def _with_events(events: bytes) -> Damage:
    """Return a damage that inserts events at the start of the first track."""

    def damage(content: bytes, chance: random.Random) -> bytes:
        header, first, *rest = chunks(content)
        return header + _track(events + first[8:]) + b"".join(rest)

    return damage


def _data_bytes(content: bytes, chance: random.Random, *, place: int, count: int) -> bytes:
    """Give some notes a data byte above 127."""
    damaged = bytearray(content)
    notes = [message for _, message in messages(content) if message.status & 0xF0 in (0x80, 0x90)]
    for message in chance.sample(notes, min(count, len(notes))):
        damaged[message.end - 2 + place] = chance.randrange(0x80, 0x100)
    return bytes(damaged)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) * 2 // 3, len(content) - 4)]


def _header_field(offset: int, value: bytes) -> Damage:
    return lambda content, chance: content[:offset] + value + content[offset + len(value) :]


def _riff(content: bytes, chance: random.Random) -> bytes:
    size = len(content)
    data = b"RMIDdata" + size.to_bytes(4, "little") + content + b"\0" * (size % 2)
    info = b"LIST\x0a\0\0\0INFOICMT\0\0" if chance.random() < 0.3 else b""
    return b"RIFF" + len(data + info).to_bytes(4, "little") + data + info


def _macbinary(content: bytes, chance: random.Random) -> bytes:
    name = b"song.mid"
    start = b"\0" + bytes([len(name)]) + name.ljust(63, b"\0") + b"MidiTTSO"
    return start.ljust(83, b"\0") + len(content).to_bytes(4, "big").ljust(45, b"\0") + content


def _junk_chunk(content: bytes, chance: random.Random) -> bytes:
    parts = chunks(content)
    name = chance.choice((b"XFIH", b"XFKM", b"CASM", b"OTSc"))
    parts.insert(chance.randrange(1, len(parts)), name + b"\0\0\0\4abcd")
    return b"".join(parts)


def _track_size(content: bytes, chance: random.Random) -> bytes:
    """Announce a wrong size of one track."""
    parts = chunks(content)
    number = chance.randrange(1, len(parts))
    size = len(parts[number]) - 8
    wrong = chance.choice(
        (size - chance.randrange(1, min(9, size)), size + chance.randrange(1, 9), 0xFFFFFFFF)
    )
    parts[number] = b"MTrk" + wrong.to_bytes(4, "big") + parts[number][8:]
    return b"".join(parts)


def _empty_track(content: bytes, chance: random.Random) -> bytes:
    header, *tracks = chunks(content)
    count = len(tracks) + 1
    return header[:10] + count.to_bytes(2, "big") + header[12:] + b"MTrk\0\0\0\0" + b"".join(tracks)


def _insert_in_track(inserted: bytes) -> Damage:
    """Return a damage that inserts bytes before some message in the middle of the longest track."""

    def damage(content: bytes, chance: random.Random) -> bytes:
        parts = chunks(content)
        longest = max(range(1, len(parts)), key=lambda number: len(parts[number]))
        offset = sum(map(len, parts[:longest]))
        inside = [
            start - offset
            for start, message in messages(content)
            if offset < start < offset + len(parts[longest]) and content[message.start] >= 0x80
        ]
        at = inside[len(inside) // 2]
        parts[longest] = _track(parts[longest][8:at] + inserted + parts[longest][at:])
        return b"".join(parts)

    return damage


DAMAGES: dict[str, Damage] = {
    "pitches above 127": lambda content, chance: _data_bytes(content, chance, place=0, count=5),
    "velocities above 127": lambda content, chance: _data_bytes(content, chance, place=1, count=5),
    "controller above 127": _insert_in_track(b"\0\xb0\x87\xff"),
    "program above 127": _insert_in_track(b"\0\xc0\x80"),
    "bend above 127": _insert_in_track(b"\0\xe0\x80\xc0"),
    "RIFF": _riff,
    "MacBinary": _macbinary,
    "gzip": lambda content, chance: gzip.compress(content, mtime=0),
    "gzip cut off": lambda content, chance: gzip.compress(content, mtime=0)[:-12],
    "bytes before the header": lambda content, chance: b"HTTP/1.0 200 OK\r\n\r\n" + content,
    "cut off": _cut,
    "RIFF cut off": lambda content, chance: _cut(_riff(content, chance), chance),
    "fewer tracks": lambda content, chance: _header_field(10, b"\0\xff")(content, chance),
    "no tracks announced": _header_field(10, b"\0\0"),
    "eight flats": _with_events(b"\0\xff\x59\2\xf8\0"),
    "mode 255": _with_events(b"\0\xff\x59\2\0\xff"),
    "short key signature": _with_events(b"\0\xff\x59\1\0"),
    "unknown chunk": _junk_chunk,
    "tempo of 0": _with_events(b"\0\xff\x51\3\0\0\0"),
    "tempo of 1": _with_events(b"\0\xff\x51\3\0\0\1\x81\0\xff\x51\3\7\xa1\x20"),
    "short tempo": _with_events(b"\0\xff\x51\2\7\xa1"),
    "meter 0/4": _with_events(b"\0\xff\x58\4\0\2\x18\x08"),
    "meter 4/2^29": _with_events(b"\0\xff\x58\4\4\x1d\x18\x08"),
    "meter 1/2^255": _with_events(b"\0\xff\x58\4\1\xff\x18\x08"),
    "short meter": _with_events(b"\0\xff\x58\2\4\2"),
    "SMPTE offset": _with_events(b"\0\xff\x54\5\x7f\xff\xff\xff\xff"),
    "SMPTE division": _header_field(12, b"\xe7\x28"),
    "format 2": _header_field(8, b"\0\2"),
    "format 9": _header_field(8, b"\0\x09"),
    "no end of track": lambda content, chance: content.replace(b"\xff\x2f\0MTrk", b"\xff\1\0MTrk"),
    "wrong track size": _track_size,
    "header of 4 bytes": _header_field(4, b"\0\0\0\4"),
    "empty track": _empty_track,
    "undefined status": _insert_in_track(b"\0\xf4\0\xfd"),
    "system exclusive above 127": _insert_in_track(b"\0\xf0\5\x7e\x90\xa0\xff\xf7"),
    "system exclusive without length": _insert_in_track(b"\0\xf0\x7e\x7f\x09\x01\xf7"),
    "clock with data": _insert_in_track(b"\0\xf1\x90"),
    "data before any status": _with_events(b"\0\x40\x40\0\xb0\7\x64"),
    "jump in the middle": _insert_in_track(b"\xff\xff\xff\x7f\xb0\7\x64"),
    "late last note": lambda content, chance: content[:-4] + b"\xff\xff\xff\x7f\x90\x3c\x40\0\xff\x2f\0",
}
"""Damages by name."""

LOSSLESS = (
    "RIFF",
    "MacBinary",
    "gzip",
    "bytes before the header",
    "no tracks announced",
    "eight flats",
    "mode 255",
    "short key signature",
    "unknown chunk",
    "SMPTE offset",
    "format 2",
    "wrong track size",
    "header of 4 bytes",
    "empty track",
    "system exclusive above 127",
)
"""Damages that cost nothing."""
