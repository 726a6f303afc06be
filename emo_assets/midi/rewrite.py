"""Damaged MIDI files rewritten as files that `parser` accepts, with what players read in them.

As in players, a message that cannot be played is left out, values above 127 become 127, a track ends with its
end-of-track event or where the file is cut off, and chunks of unknown types are skipped.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum

from emo_assets.midi.errors import MidiError
from emo_assets.midi.messages import (
    END_OF_TRACK,
    KEY_SIGNATURE,
    LYRICS,
    MAX_DELTA,
    MAX_MESSAGE_BYTES,
    SET_TEMPO,
    SYSTEM_DATA_BYTES,
    TEXT,
    TIME_SIGNATURE,
    is_well_formed,
)
from emo_assets.midi.parser import MAX_TICK
from emo_assets.midi.writer import variable_length

MIN_TEMPO = 10_000
"""Microseconds per quarter note; shorter ones, above 6,000 quarter notes per minute, are errors."""

MIN_BAR = 48
"""A bar shorter than the 48th part of a whole note has no position on FIGARO's grid."""

MAX_SILENCE = 1_000
"""Quarter notes; eight minutes at 120 per minute. A longer delta time in a damaged file is an error."""

MIN_AFTER_JUMP = 32
"""Bytes. With fewer after it in its track, a long delta time is as it should be, or ends the track."""

COARSE_RESOLUTION = 480
"""Ticks per quarter note to which a finer resolution is reduced when its ticks exceed `MAX_TICK`."""

MAX_TRACKS = 0x7FFF

_TEMPO_START = bytes([0xFF, SET_TEMPO, 3])


class Repair(StrEnum):
    """What was repaired. Those in `LOSSES` cost messages, a tail or the ends of notes."""

    GZIP = "gzip unpacked"
    RIFF = "RIFF container unpacked"
    MACBINARY = "MacBinary header skipped"
    PREFIX = "bytes before the header skipped"
    HEADER_SIZE = "wrong size of the header ignored"
    TRACK_COUNT = "announced number of tracks ignored"
    SMPTE = "SMPTE frames read as ticks at 120 quarter notes per minute"
    RESOLUTION = "resolution reduced"
    CHUNK = "chunk of unknown type skipped"
    EMPTY_TRACK = "empty track skipped"
    TRACK_SIZE = "wrong size of a track ignored"
    AFTER_END = "bytes after the end of a track ignored"
    RUNNING_STATUS = "running status after a system message accepted"
    KEY_SIGNATURE = "impossible key signature ignored"
    META = "malformed meta event ignored"
    SYSTEM_EXCLUSIVE = "malformed system exclusive message ignored"
    PACKED_TAIL = "gzip cut off"
    TEMPO = "impossible tempos ignored"
    TIME_SIGNATURE = "impossible time signatures ignored"
    DATA_BYTE = "messages with data bytes above 127 clipped or left out"
    NO_STATUS = "bytes without a status skipped"
    STATUS = "undefined status bytes skipped"
    BETWEEN_TRACKS = "bytes between tracks skipped"
    TRACK_TAIL = "tracks cut off"
    MISSING_TRACK = "missing tracks"
    JUMP = "impossible delta times ignored"
    LATE = f"tracks ended before tick {MAX_TICK}"
    NO_END = "notes without an end"
    NO_LENGTH = "notes of no length"


LOSSES = frozenset(
    {
        Repair.PACKED_TAIL,
        Repair.TEMPO,
        Repair.TIME_SIGNATURE,
        Repair.DATA_BYTE,
        Repair.NO_STATUS,
        Repair.STATUS,
        Repair.BETWEEN_TRACKS,
        Repair.TRACK_TAIL,
        Repair.MISSING_TRACK,
        Repair.JUMP,
        Repair.LATE,
        Repair.NO_END,
        Repair.NO_LENGTH,
    }
)
"""Repairs that cost messages, a tail or the ends of notes. Only they are written with their number."""


def rewrite(content: bytes, repairs: Counter[Repair]) -> bytes:
    """Return a file of what players read in a damaged one.

    Raises:
        MidiError: it has no header, no ticks or no track.
    """
    if not content.startswith(b"MThd") or len(content) < 14:
        raise MidiError("parse", "the file has no header")
    count = int.from_bytes(content[10:12], "big", signed=True)
    division = int.from_bytes(content[12:14], "big", signed=True)
    first = 8 + int.from_bytes(content[4:8], "big")
    if first < 14 or not _is_chunk(content, first):
        repairs[Repair.HEADER_SIZE] += 1
        first = max(content.find(b"MTrk"), 14)
    grid = _Grid(division, division)
    if division < 0:
        repairs[Repair.SMPTE] += 1
        grid = _smpte_grid(division)
    if grid.resolution < 1:
        raise MidiError("parse", "the header gives no ticks")
    found: Counter[Repair] = Counter()
    tracks = _rewrite_tracks(content, first, count, grid, found)
    if found[Repair.LATE] and grid.resolution >= 2 * COARSE_RESOLUTION:
        grid = replace(grid, resolution=COARSE_RESOLUTION)
        found = Counter({Repair.RESOLUTION: 1})
        tracks = _rewrite_tracks(content, first, count, grid, found)
    repairs.update(found)
    if not tracks:
        raise MidiError("parse", "the file has no track")
    chunks = (b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), grid.resolution) + b"".join(chunks)


@dataclass(frozen=True, slots=True)
class _Grid:
    """How times are rewritten.

    Attributes:
        ticks: ticks per quarter note of the damaged file.
        resolution: ticks per quarter note of the rewritten file.
        tempo: microseconds per quarter note that replace all tempos; None to keep them.
    """

    ticks: int
    resolution: int
    tempo: int | None = None


def _smpte_grid(division: int) -> _Grid:
    """Return the grid for a division in frames per second and ticks per frame."""
    frames = -(division >> 8)
    ticks_per_second = (30 / 1.001 if frames == 29 else frames) * (division & 0xFF)
    if not ticks_per_second:
        return _Grid(0, 0)
    resolution = max(round(ticks_per_second / 2), 1)
    return _Grid(resolution, resolution, round(1e6 * resolution / ticks_per_second))


def _is_chunk(content: bytes, offset: int) -> bool:
    """Whether a chunk that lies within the file may start at an offset, or the file ends there."""
    name = content[offset : offset + 4]
    if name == b"MTrk" or offset == len(content):
        return True
    size = int.from_bytes(content[offset + 4 : offset + 8], "big")
    return name.isalnum() and name.isascii() and offset + 8 + size <= len(content)


def _rewrite_tracks(
    content: bytes, offset: int, count: int, grid: _Grid, repairs: Counter[Repair]
) -> list[bytes]:
    """Return the well-formed content of each track.

    Args:
        content: the bytes of a damaged file.
        offset: where its first chunk starts.
        count: the announced number of tracks.
        grid: how times are rewritten.
        repairs: counts what is repaired.
    """
    if count < 1:
        repairs[Repair.TRACK_COUNT] += 1
    missing = count if count > 0 else MAX_TRACKS
    tracks: list[bytes] = []
    while missing and offset + 8 <= len(content):
        if content[offset : offset + 8] == b"MTrk\0\0\0\0" and _is_chunk(content, offset + 8):
            repairs[Repair.EMPTY_TRACK] += 1
            offset += 8
            missing -= 1
        elif content[offset : offset + 4] == b"MTrk":
            track = _Track(content, grid, repairs)
            if not tracks and grid.tempo is not None:
                track.write(0, _TEMPO_START + grid.tempo.to_bytes(3, "big"))
            offset = track.read_chunk(offset)
            tracks.append(track.ended())
            missing -= 1
        elif _is_chunk(content, offset):
            repairs[Repair.CHUNK] += 1
            offset += 8 + int.from_bytes(content[offset + 4 : offset + 8], "big")
        elif (following := content.find(b"MTrk", offset)) >= 0:
            repairs[Repair.BETWEEN_TRACKS] += following - offset
            offset = following
        else:
            break
    repairs[Repair.MISSING_TRACK] += missing if count > 0 else 0
    return tracks


class _Track:
    """One track, rewritten.

    Args:
        content: the bytes of a damaged file.
        grid: how times are rewritten.
        repairs: counts what is repaired.
    """

    def __init__(self, content: bytes, grid: _Grid, repairs: Counter[Repair]) -> None:
        self._content = content
        self._grid = grid
        self._repairs = repairs
        self._is_cut = False
        self._written = bytearray()
        self._tick = 0
        self._end = 0
        self._status = 0

    def read_chunk(self, offset: int) -> int:
        """Rewrite the messages of the chunk at an offset; return the offset of what follows it."""
        content = self._content
        start = offset + 8
        announced = start + int.from_bytes(content[offset + 4 : start], "big")
        end = announced
        if announced > len(content) or not _is_chunk(content, announced):
            following = content.find(b"MTrk", start)
            end = following if following >= 0 else len(content)
        last = self._walk(start, end)
        if last is None:  # no end-of-track event
            if announced > len(content) and end == len(content):
                self._repairs[Repair.TRACK_TAIL] += not self._is_cut
            elif end != announced:
                self._repairs[Repair.TRACK_SIZE] += 1
            return end
        if last <= announced and _is_chunk(content, announced):
            self._repairs[Repair.AFTER_END] += last < announced
            return announced
        self._repairs[Repair.TRACK_SIZE] += 1
        following = content.find(b"MTrk", last)
        if following > last and _is_chunk(content, last):
            following = last
        return following if following >= 0 else len(content)

    def write(self, tick: int, message: bytes) -> None:
        """Write a message that starts with its status."""
        tick = self._scaled(tick)
        self._written += variable_length(tick - self._tick)
        self._tick = tick
        if message[0] >= 0xF0:
            self._written += message
            return
        self._written += message[message[0] == self._status :]
        self._status = message[0]

    def _scaled(self, tick: int) -> int:
        return tick * self._grid.resolution // self._grid.ticks

    def ended(self) -> bytes:
        """Return what was written, with an end-of-track event."""
        return bytes(self._written) + variable_length(max(self._end - self._tick, 0)) + b"\xff\x2f\0"

    def _walk(self, start: int, end: int) -> int | None:
        """Read and write the messages between two offsets.

        Returns:
            The offset after the end-of-track event; None if the track has none.
        """
        content, repairs = self._content, self._repairs
        tick = 0
        running: int | None = None
        after_system = False
        while start < end:
            delta, start = _read_number(content, start, end)
            if delta > MAX_SILENCE * self._grid.ticks and end - start >= MIN_AFTER_JUMP:
                repairs[Repair.JUMP] += 1
                delta = 0
            tick += delta
            if self._scaled(tick) >= MAX_TICK:
                repairs[Repair.LATE] += 1
                return end
            if running is None:
                start = self._skip_data(start, end)
            if start >= end:
                start = end + 1  # a delta time without a message
                break
            status = content[start]
            if status < 0x80:
                repairs[Repair.RUNNING_STATUS] += after_system
                status = running or 0
            else:
                start += 1
            if status < 0xF0:
                running, after_system = status, False
                count = 1 if 0xC0 <= status < 0xE0 else 2
                if start + count <= end:
                    self._write_channel_message(tick, status, content[start : start + count])
                start += count
            elif status == 0xFF:
                start, is_end = self._read_meta(tick, start, end)
                if is_end:
                    self._end = self._scaled(tick)
                    return start
            else:
                after_system = True
                start = self._skip_system_message(status, start, end)
        self._is_cut = start > end
        repairs[Repair.TRACK_TAIL] += self._is_cut
        return None

    def _skip_data(self, start: int, end: int) -> int:
        """Skip data bytes that no status precedes."""
        first = start
        while start < end and self._content[start] < 0x80:
            start += 1
        self._repairs[Repair.NO_STATUS] += start - first
        return start

    def _skip_system_message(self, status: int, start: int, end: int) -> int:
        """Return the end of a system message; a system exclusive one without a right length ends at 0xF7."""
        content, repairs = self._content, self._repairs
        if status not in (0xF0, 0xF7):
            repairs[Repair.STATUS] += status not in SYSTEM_DATA_BYTES
            stop = start + SYSTEM_DATA_BYTES.get(status, 0)
            repairs[Repair.DATA_BYTE] += not content[start:stop].isascii()
            return stop
        length, data_start = _read_number(content, start, end)
        stop = data_start + length
        if stop > end and (last := content.find(b"\xf7", start, end)) >= 0:
            repairs[Repair.SYSTEM_EXCLUSIVE] += 1
            return last + 1
        body = content[data_start : min(stop, end)]
        body = body[body[:1] == b"\xf0" : len(body) - (body[-1:] == b"\xf7")]
        repairs[Repair.SYSTEM_EXCLUSIVE] += not body.isascii() or length > MAX_MESSAGE_BYTES
        return stop

    def _write_channel_message(self, tick: int, status: int, data: bytes) -> None:
        if not data.isascii():
            self._repairs[Repair.DATA_BYTE] += 1
            if data[0] > 0x7F and status < 0xD0:  # a key, controller or program that does not exist
                return
            data = bytes(min(byte, 0x7F) for byte in data)
        self.write(tick, bytes([status]) + data)

    def _read_meta(self, tick: int, start: int, end: int) -> tuple[int, bool]:
        """Read a meta event after its status; return where it ends and whether it ends the track."""
        length, data_start = _read_number(self._content, start + 1, end)
        stop = data_start + length
        if data_start > end:
            return data_start, False
        kind = self._content[start]
        if kind == END_OF_TRACK:
            self._repairs[Repair.META] += length > 0
            return min(stop, end), True
        if stop <= end:
            self._write_meta(tick, kind, self._content[data_start:stop])
        return stop, False

    def _write_meta(self, tick: int, kind: int, data: bytes) -> None:
        """Write the meta events that count: tempos, time signatures, and the time of some others."""
        is_right = is_well_formed(kind, data) and len(data) <= MAX_MESSAGE_BYTES
        if kind == SET_TEMPO:
            if len(data) < 3 or int.from_bytes(data[:3], "big") < MIN_TEMPO:
                self._repairs[Repair.TEMPO] += 1
            elif self._grid.tempo is None:
                self.write(tick, _TEMPO_START + data[:3])
        elif kind == TIME_SIGNATURE:
            if not is_right or data[0] * MIN_BAR < 1 << data[1]:
                self._repairs[Repair.TIME_SIGNATURE] += 1
            else:
                self.write(tick, bytes([0xFF, TIME_SIGNATURE, 4]) + data[:4])
        elif kind == KEY_SIGNATURE:
            self._repairs[Repair.KEY_SIGNATURE] += not is_right
            self.write(tick, bytes([0xFF, KEY_SIGNATURE, 2, 0, 0]))
        else:
            self._repairs[Repair.META] += not is_right
            if kind in (TEXT, LYRICS):
                self.write(tick, bytes([0xFF, kind, 0]))


def _read_number(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Read a number of seven bits per byte; return it and the index after it, past `end` if it is cut off."""
    value = 0
    while start < end and value <= MAX_DELTA:
        byte = content[start]
        start += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, start
    return value, max(start, end) + (value <= MAX_DELTA)
