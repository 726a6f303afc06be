"""Ends for the notes that `note_pairing` drops: those that are never ended, and those of no length."""

from __future__ import annotations

from collections import Counter

import numpy as np

from emo_assets.midi.note_pairing import pair_notes
from emo_assets.midi.parser import Messages, read_messages
from emo_assets.midi.rewrite import Repair
from emo_assets.midi.writer import variable_length

SHORTEST = 8
"""A note of no length sounds for this part of a quarter note, a 32nd."""

_ENDS, _METAS, _OTHERS = range(3)
"""The order of messages at one tick: a note ends before the next one of its pitch starts."""

Event = tuple[int, int, bytes]
"""Tick, order at that tick, and the message with its status."""


def end_notes(content: bytes, repairs: Counter[Repair]) -> bytes:
    """Return a file in which every note has an end and a length.

    A note that is never ended ends at the end of its track, and a note of no length lasts a 32nd. Both end
    earlier if the same pitch is struck again, as in FluidSynth.

    Args:
        content: a well-formed file, see `rewrite.rewrite`.
        repairs: counts the notes.

    Raises:
        MidiError: the file is not well-formed.
    """
    messages = read_messages(content)
    channels = (messages.track << 4) + (messages.status & 0x0F)
    started, ended = pair_notes(messages, channels)
    kinds = messages.status >> 4
    is_start = (kinds == 9) & (messages.second > 0)
    is_lost = is_start.copy()
    is_lost[started] = False
    is_kept = (messages.status > 0) & ~((kinds == 8) | (kinds == 9)) | is_start
    is_kept[ended] = True
    count = int(messages.track.max()) + 1
    tracks: list[list[Event]] = [[] for _ in range(count)]
    last_ticks = np.zeros(count, dtype=np.int64)
    np.maximum.at(last_ticks, messages.track, messages.tick)
    for track, tick, meta in messages.metas:
        written = bytes([0xFF, meta.meta_type or 0]) + variable_length(len(meta.data)) + meta.data
        tracks[track].append((tick, _METAS, written))
    for index in np.flatnonzero(is_kept).tolist():
        status = int(messages.status[index])
        data = (messages.first[index], messages.second[index])[: 1 if 0xC0 <= status < 0xE0 else 2]
        event = (int(messages.tick[index]), _OTHERS, bytes([status, *map(int, data)]))
        tracks[int(messages.track[index])].append(event)
    _end_lost(messages, is_lost.tolist(), last_ticks.tolist(), tracks, repairs)
    return content[:14] + b"".join(
        _chunk(events, last_tick) for events, last_tick in zip(tracks, last_ticks.tolist(), strict=True)
    )


def _end_lost(
    messages: Messages,
    is_lost: list[bool],
    last_ticks: list[int],
    tracks: list[list[Event]],
    repairs: Counter[Repair],
) -> None:
    """Add the ends of the notes that have none.

    Args:
        messages: the file's messages.
        is_lost: whether a message starts a note without an end or a length, one for each message.
        last_ticks: the end of each track.
        tracks: the events of each track; the ends are added.
        repairs: counts the notes.
    """
    shortest = max(messages.resolution // SHORTEST, 1)
    strikes: dict[tuple[int, int, int], int] = {}  # the next start of a note by track, channel and pitch
    releases: dict[tuple[int, int, int], int] = {}  # the next note-off
    for index in reversed(np.flatnonzero(messages.status >> 4 <= 9).tolist()):
        status, tick = int(messages.status[index]), int(messages.tick[index])
        track, pitch = int(messages.track[index]), int(messages.first[index])
        if not status:
            continue
        key = (track, status & 0x0F, pitch)
        if status < 0x90 or not messages.second[index]:
            releases[key] = tick
            continue
        strike, strikes[key] = strikes.get(key), tick
        if not is_lost[index]:
            continue
        is_short = releases.get(key) == tick
        repairs[Repair.NO_LENGTH if is_short else Repair.NO_END] += 1
        if strike == tick:  # the end of the later one of the two ends both
            continue
        end = tick + shortest if is_short else max(last_ticks[track], tick + shortest)
        end = end if strike is None else min(end, strike)
        tracks[track].append((end, _ENDS, bytes([0x80 | status & 0x0F, pitch, 0])))


def _chunk(events: list[Event], last_tick: int) -> bytes:
    """Return a track's chunk; events of one tick and order stay in their order."""
    written = bytearray()
    before = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        if message[:2] == b"\xff\x2f":
            continue
        written += variable_length(tick - before) + message
        before = tick
    written += variable_length(max(last_tick - before, 0)) + b"\xff\x2f\0"
    return b"MTrk" + len(written).to_bytes(4, "big") + written
