"""Notes to the bytes of a Standard MIDI File."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emo_assets.midi.general_midi import DRUM_CHANNEL

MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
MAX_MICROSECONDS = 0xFFFFFF
"""Largest number of microseconds per quarter note in a tempo event, 3.58 beats per minute."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note: start and end in ticks (`start < end`), pitch 0..127, velocity 1..127."""

    start: int
    end: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one instrument.

    Attributes:
        program: General MIDI program, 0..127; for drums the drum kit.
        is_drum: whether it is on the drum channel.
        notes: the notes, in any order.
        name: the name of its track.
        controls: control changes as (tick, controller 0..127, value 0..127).
    """

    program: int
    is_drum: bool
    notes: Sequence[Note]
    name: str = ""
    controls: Sequence[tuple[int, int, int]] = ()


def encode_midi(
    parts: Sequence[Part],
    *,
    resolution: int = 480,
    tempos: Iterable[tuple[int, float]] = ((0, 120.0),),
    time_signatures: Iterable[tuple[int, int, int]] = ((0, 4, 4),),
) -> bytes:
    """Encode parts as a type 1 file: one track of tempos and time signatures, then one track per part.

    A note ends where its pitch starts again in the same part (`end_restarted`): a note-off does not say which
    of two notes it ends. At equal ticks note-offs come before note-ons, so that a repeated note is two
    notes. Melodic parts have fifteen channels; more parts share them, with a program change before each note.

    Args:
        parts: the parts, in the order of their tracks.
        resolution: ticks per quarter note, 1..32767.
        tempos: (tick, quarter notes per minute), the first at tick 0.
        time_signatures: (tick, numerator, denominator), denominators powers of two.

    Returns:
        The file's bytes.
    """
    conductor: list[tuple[int, int, bytes]] = []
    for tick, numerator, denominator in time_signatures:
        meter = bytes([0xFF, 0x58, 4, numerator, denominator.bit_length() - 1, 24, 8])
        conductor.append((tick, 0, meter))
    for tick, tempo in tempos:
        microseconds = min(round(60e6 / tempo), MAX_MICROSECONDS)
        conductor.append((tick, 1, b"\xff\x51\x03" + microseconds.to_bytes(3, "big")))
    channels = _channels(parts)
    programs: dict[int, set[int]] = {}
    for part, channel in zip(parts, channels, strict=True):
        programs.setdefault(channel, set()).add(part.program)
    tracks = [_track(conductor)]
    for part, channel in zip(parts, channels, strict=True):
        tracks.append(_track(_part_messages(part, channel, len(programs[channel]) > 1)))
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), resolution) + b"".join(tracks)


def end_restarted(notes: Iterable[Note]) -> list[Note]:
    """Return notes by start and pitch, each ended at the latest where its pitch starts again.

    Notes of one pitch that start together become one, as long as the longest and as loud as the loudest.
    """
    kept: list[Note] = []
    last: dict[int, int] = {}
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        index = last.get(note.pitch)
        if index is not None and kept[index].end > note.start:
            before = kept[index]
            if before.start == note.start:
                end, velocity = max(before.end, note.end), max(before.velocity, note.velocity)
                kept[index] = Note(note.start, end, note.pitch, velocity)
                continue
            kept[index] = Note(before.start, note.start, before.pitch, before.velocity)
        last[note.pitch] = len(kept)
        kept.append(note)
    return kept


def _channels(parts: Sequence[Part]) -> list[int]:
    """Return the channel of each part."""
    channels: list[int] = []
    melodic = 0
    for part in parts:
        if part.is_drum:
            channels.append(DRUM_CHANNEL)
        else:
            channels.append(MELODIC_CHANNELS[melodic % len(MELODIC_CHANNELS)])
            melodic += 1
    return channels


def _part_messages(part: Part, channel: int, repeats_program: bool) -> list[tuple[int, int, bytes]]:
    """Return (tick, rank at that tick, message) of all messages of a part on a channel."""
    name = part.name.encode("utf-8")[:127]
    program = bytes([0xC0 | channel, part.program])
    messages = [(0, 0, b"\xff\x03" + bytes([len(name)]) + name), (0, 1, program)]
    messages += [
        (tick, 2, bytes([0xB0 | channel, controller, value])) for tick, controller, value in part.controls
    ]
    for note in end_restarted(part.notes):
        if repeats_program:
            messages.append((note.start, 4, program))
        messages.append((note.start, 5, bytes([0x90 | channel, note.pitch, note.velocity])))
        messages.append((note.end, 3, bytes([0x80 | channel, note.pitch, 0])))
    return messages


def _track(messages: list[tuple[int, int, bytes]]) -> bytes:
    """Order messages by tick and rank and wrap them as a track chunk."""
    body = bytearray()
    now = 0
    for tick, _, message in sorted(messages, key=lambda message: message[:2]):
        body += variable_length(tick - now) + message
        now = tick
    body += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(body)) + bytes(body)


def variable_length(value: int) -> bytes:
    """Encode a delta time: seven bits per byte, the high bit set on all but the last."""
    encoded = bytes([value & 0x7F])
    while value := value >> 7:
        encoded = bytes([0x80 | (value & 0x7F)]) + encoded
    return encoded
