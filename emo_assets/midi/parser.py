"""The bytes of a Standard MIDI File to arrays of its messages.

Accepts and rejects the same files as mido, with which FIGARO's own code reads them: exactly the announced
number of tracks, nothing but track chunks between them, running status across meta messages, no data byte
above 127, well-formed meta messages.

The start of a message depends on all messages before it, so that they must be walked one by one. To walk
fast, the next message is computed for every byte of a block at once, as if a message started there; the walk
then only follows these hops. Unusual messages (meta, system and broken messages, long delta times) have no
hop and are read by `messages`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.messages import Message, read_message

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
"""How names of MIDI files end, in any case; .kar is karaoke, .rmi a RIFF container."""

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Real files rarely have a tenth of it."""

MAX_TICK = 10_000_000
"""pretty_midi rejects files with a later message."""

MAX_FAST_DELTA_BYTES = 3
"""Longer delta times have no hop."""

BLOCK = 1 << 18
"""Bytes whose hops are computed at once: bounds the memory of the walk."""

_NO_HOP = 1 << 28
_NO_NEXT = 1 << 30

_RUNNING, _ONE_BYTE, _TWO_BYTES, _UNUSUAL = range(4)
_KINDS = np.full(256, _UNUSUAL, dtype=np.uint8)
_KINDS[:0x80] = _RUNNING
_KINDS[0x80:0xF0] = _TWO_BYTES
_KINDS[0xC0:0xE0] = _ONE_BYTE


def is_midi_name(name: str) -> bool:
    """Tell whether a file is named as a MIDI file; macOS keeps properties of files in others, named `._…`."""
    return name.lower().endswith(MIDI_SUFFIXES) and not name.startswith("._")


@dataclass(frozen=True, slots=True)
class Messages:
    """A file's messages in the order of its tracks.

    Attributes:
        resolution: ticks per quarter note, at least 1.
        track: the track of each message, shape (n,).
        tick: its time in ticks from the start of the file, shape (n,).
        status: its status byte, 0x80..0xEF; 0 for all but channel messages; shape (n,).
        first: its first data byte, shape (n,).
        second: its second data byte, shape (n,); undefined for messages of one data byte.
        metas: the meta messages as (track, tick, message).
    """

    resolution: int
    track: NDArray[np.int64]
    tick: NDArray[np.int64]
    status: NDArray[np.uint8]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    metas: list[tuple[int, int, Message]]


def read_messages(content: bytes) -> Messages:
    """Read the messages of a file.

    Args:
        content: the file's bytes.

    Raises:
        MidiError: it is not a MIDI file, or damaged, too large or too long.
    """
    if len(content) > MAX_FILE_BYTES:
        raise MidiError("limits", f"the file has {len(content)} bytes, more than {MAX_FILE_BYTES}")
    track_count, resolution, offset = _header(content)
    walk = _Walk(content)
    for _ in range(track_count):
        offset = walk.track(offset)
    return walk.messages(resolution)


def _header(content: bytes) -> tuple[int, int, int]:
    """Return the number of tracks, the resolution and the offset of the first track."""
    if not content:
        raise MidiError("parse", "the file is empty")
    if not content.startswith(b"MThd"[: len(content)]):
        raise MidiError("parse", "the file does not start with MThd; it is not a MIDI file")
    if len(content) < 14:
        raise MidiError("parse", "the file ends inside its header; it is cut off")
    size = int.from_bytes(content[4:8], "big")
    if size < 6:
        raise MidiError("parse", f"the header announces {size} bytes, less than a header has; it is damaged")
    _, track_count, resolution = struct.unpack(">hhh", content[8:14])
    if track_count < 1:
        raise MidiError("parse", f"the header announces {track_count} tracks")
    if resolution < 1:
        raise MidiError(
            "parse",
            f"the header gives {resolution} ticks per quarter note; it must be positive",
        )
    return int(track_count), int(resolution), 8 + int(size)


class _Walk:
    """A walk over the messages of a file, track by track."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._padded = content + b"\xff" * 8  # the padding has no hops
        self._bytes = np.frombuffer(self._padded, dtype=np.uint8)
        self._block = range(0)
        self._hops = memoryview(b"")
        # Twice the index in the block of the status byte (under running status of the first data byte), plus
        # one under a running status with one data byte.
        self._nodes: list[int] = []
        self._earlier_nodes: list[NDArray[np.int64]] = []
        self._earlier_count = 0
        self._slow: list[tuple[int, Message]] = []
        self._track_ends: list[int] = []

    def track(self, offset: int) -> int:
        """Walk over the track chunk at `offset` and return the offset of the next chunk."""
        content = self._content
        number = len(self._track_ends) + 1
        if offset + 8 > len(content):
            raise MidiError("parse", f"the file ends before track {number}; it is cut off")
        name, size = struct.unpack_from(">4sL", content, offset)
        if name != b"MTrk":
            raise MidiError("parse", f"no track starts at byte {offset}; the file is damaged")
        if size == 0:
            raise MidiError("parse", f"track {number} is empty; the file is damaged")
        start, end = offset + 8, offset + 8 + size
        running: int | None = None
        while start < end:
            message = read_message(content, start, running)
            if message.start not in self._block:
                self._enter_block(message.start)
            self._slow.append((self._count, message))
            self._nodes.append(2 * (message.start - self._block.start))
            if message.meta_type is None:
                running = message.status
            start = message.end
            if start < end and running is not None and running < 0xF0:
                start, running = self._hop_along(start, end, running)
        if start > end:
            raise MidiError("parse", f"the last message of track {number} runs past its end; it is damaged")
        self._track_ends.append(self._count)
        return int(end)

    @property
    def _count(self) -> int:
        return self._earlier_count + len(self._nodes)

    def _hop_along(self, start: int, end: int, running: int) -> tuple[int, int]:
        """Walk from the delta time at `start` until `end` or an unusual message.

        Returns:
            The offset after the last message, and the running status there.
        """
        place = start
        while self._padded[place] >= 0x80 and place < start + MAX_FAST_DELTA_BYTES:
            place += 1
        node = 2 * (place + 1) + int(_KINDS[running] == _ONE_BYTE)
        end = min(end, len(self._content))
        while node < 2 * end and place < start + MAX_FAST_DELTA_BYTES:
            if node >> 1 not in self._block:
                self._enter_block(node >> 1)
            shift = 2 * self._block.start
            limit = 2 * min(end, self._block.stop) - shift
            node -= shift
            first = len(self._nodes)
            hops, append = self._hops, self._nodes.append
            while node < limit:
                append(node)
                node = hops[node]
            if node == _NO_HOP:
                self._nodes.pop()
            start, running = self._after_nodes(first, start, running)
            place = start
            node += shift
        return start, running

    def _after_nodes(self, first: int, start: int, running: int) -> tuple[int, int]:
        """Return where the last of the nodes from `first` on ends and the running status after it."""
        if len(self._nodes) == first:
            return start, running
        content, shift = self._content, self._block.start
        last = self._nodes[-1]
        place = (last >> 1) + shift
        for number in range(len(self._nodes) - 1, first - 1, -1):
            status = content[(self._nodes[number] >> 1) + shift]
            if status >= 0x80:
                running = status
                break
        if content[place] < 0x80:
            return place + 2 - (last & 1), running
        return place + (2 if _KINDS[running] == _ONE_BYTE else 3), running

    def _enter_block(self, start: int) -> None:
        """Compute the hops of the block of bytes from `start` on."""
        self._flush()
        size = min(BLOCK, len(self._content) - start)
        self._block = range(start, start + size)
        self._hops = _hops(self._bytes[start : start + size + 8]).data

    def _flush(self) -> None:
        if self._nodes:
            self._earlier_nodes.append(np.array(self._nodes, dtype=np.int64) + 2 * self._block.start)
            self._earlier_count += len(self._nodes)
            self._nodes = []

    def messages(self, resolution: int) -> Messages:
        """Return the messages of all tracks."""
        self._flush()
        nodes = np.concatenate(self._earlier_nodes)
        slow = np.array([number for number, _ in self._slow])
        places = nodes >> 1
        own_status = self._bytes[places]
        has_own = own_status >= 0x80
        first_places = places + has_own
        lengths = np.where(has_own, _LENGTHS[own_status], 2 - (nodes & 1))
        ends = first_places + lengths
        ends[slow] = [message.end for _, message in self._slow]

        deltas = self._bytes[places - 1].astype(np.int64)
        longer = np.flatnonzero(places[1:] - ends[:-1] > 1) + 1
        before = self._bytes[places[longer] - 2] & 0x7F
        deltas[longer] += before.astype(np.int64) << 7
        longest = longer[places[longer] - ends[longer - 1] > 2]
        before = self._bytes[places[longest] - 3] & 0x7F
        deltas[longest] += before.astype(np.int64) << 14
        deltas[slow] = [message.delta for _, message in self._slow]

        counts = np.diff(self._track_ends, prepend=0)
        track = np.repeat(np.arange(len(counts)), counts)
        tick = np.cumsum(deltas)
        tick -= np.repeat(
            np.concatenate(([0], tick[np.array(self._track_ends[:-1], dtype=np.int64) - 1])), counts
        )
        if tick.max() >= MAX_TICK:
            raise MidiError("limits", f"a message lies at tick {tick.max()}, not before {MAX_TICK}")

        index = np.where(has_own & (own_status < 0xF0), np.arange(len(nodes)), 0)
        status = own_status[np.maximum.accumulate(index)]
        status[[number for number, message in self._slow if message.status >= 0xF0]] = 0
        metas = [
            (int(track[number]), int(tick[number]), message)
            for number, message in self._slow
            if message.meta_type is not None
        ]
        return Messages(
            resolution, track, tick, status, self._bytes[first_places], self._bytes[first_places + 1], metas
        )


_LENGTHS = np.zeros(256, dtype=np.int64)
_LENGTHS[0x80:0xF0] = 2
_LENGTHS[0xC0:0xE0] = 1


def _hops(block: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Compute the message after each byte of a block, taken for a message's status or first data byte.

    Args:
        block: the block's bytes and the eight after it, shape (n + 8,).

    Returns:
        At 2i the next message after byte i if a running status has two data bytes, at 2i + 1 if it has one,
        as indices of the same kind; `_NO_HOP` for unusual messages, `_NO_NEXT` before unusual delta times;
        shape (2n,).
    """
    size = len(block) - 8
    high = (block >> 7).view(np.uint8)
    two_high = high[:-1] & high[1:]
    low = block < 0x80
    after_delta = np.arange(2, 2 * len(two_high) + 1, 2, dtype=np.int32)
    after_delta += (high[:-1] + two_high) << 1
    after_delta[:-1][(two_high[:-1] & high[2:]).view(np.bool_)] = _NO_NEXT
    kinds = _KINDS[block[:size]]
    one_low = low[1 : size + 1]
    two_low = one_low & low[2 : size + 2]
    two_data = np.where((kinds == _TWO_BYTES) & two_low, after_delta[3 : size + 3], _NO_HOP)
    one_data = after_delta[2 : size + 2] | (kinds == _ONE_BYTE)
    hops = np.empty((size, 2), dtype=np.int32)
    hops[:, 0] = np.where((kinds <= _ONE_BYTE) & one_low, one_data, two_data)
    hops[:, 1] = np.where(kinds == _RUNNING, after_delta[1 : size + 1] | 1, hops[:, 0])
    return hops.ravel()
