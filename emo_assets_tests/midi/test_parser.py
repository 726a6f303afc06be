"""The reader of messages against mido, which the reference reads with."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.midi import parser as module
from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import MAX_FILE_BYTES, MAX_TICK, Messages, read_messages
from emo_assets_tests.tokens.expected import FIXTURES

SMALL = sorted(path.read_bytes() for path in FIXTURES.glob("*.mid") if 0 < path.stat().st_size < 3000)


def file_of(*tracks: bytes, resolution: int = 480) -> bytes:
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\1" + len(tracks).to_bytes(2, "big")
    chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return header + resolution.to_bytes(2, "big") + chunks


def mido_messages(content: bytes) -> list[tuple[int, int, list[int]]] | None:
    """Track, tick and bytes of each message as mido reads them; None where mido or pretty_midi refuse."""
    try:
        file = mido.MidiFile(file=BytesIO(content))
    except Exception:  # mido raises errors of many types
        return None
    messages = []
    for number, track in enumerate(file.tracks):
        tick = 0
        for message in track:
            tick += message.time
            messages.append((number, tick, [] if message.is_meta else message.bytes()))
    is_refused = file.ticks_per_beat < 1 or not file.tracks or not all(file.tracks)
    return None if is_refused or max(tick for _, tick, _ in messages) >= MAX_TICK else messages


def our_messages(content: bytes) -> Messages | None:
    try:
        return read_messages(content)
    except MidiError:
        return None


def assert_same(content: bytes) -> None:
    theirs, ours = mido_messages(content), our_messages(content)
    assert (theirs is None) == (ours is None)
    if theirs is None or ours is None:
        return
    assert list(zip(ours.track.tolist(), ours.tick.tolist(), strict=True)) == [
        (track, tick) for track, tick, _ in theirs
    ]
    for number, (_, _, content_bytes) in enumerate(theirs):
        if not content_bytes or content_bytes[0] >= 0xF0:
            assert ours.status[number] == 0
        else:
            found = [ours.status[number], ours.first[number], ours.second[number]]
            assert found[: len(content_bytes)] == content_bytes


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.mid")), ids=lambda path: path.name)
def test_messages_are_those_of_mido(path: Path) -> None:
    assert_same(path.read_bytes())


@settings(max_examples=300)
@given(st.sampled_from(SMALL), st.integers(0, 2**32))
def test_damaged_files_are_refused_when_mido_refuses_them(content: bytes, seed: int) -> None:
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4))):
        place = chance.randrange(len(damaged))
        value = chance.choice((*b"\x00\x7f\x80\xf0\xf1\xf6\xf7\xf8\xff", chance.randrange(256)))
        damaged[place] = value if chance.random() < 0.5 else damaged[place] ^ (1 << chance.randrange(8))
    assert_same(bytes(damaged))


@pytest.mark.parametrize(
    "track",
    [
        b"\x00\xc0\x05\x10\x06\x00\x90\x40\x40\x20\x40\x00",  # running status of one data byte
        b"\x00\x90\x40\x40\x00\xff\x01\x01a\x10\x40\x00",  # running status across a meta message
        b"\x00\x90\x40\x40\x00\xf0\x02\x01\xf7\x00\x40\x01\x05",  # a running status of a system message
        b"\x00\xf1\x20\x00\x21\x00\xf3\x01\x00\x02",  # system common messages
        b"\x00\xf8\x00\x40",  # a data byte after a message that has none
        b"\x10\xff\x60\x01\x00\x00\x90\x40\x40",  # an unknown meta message loses its delta time
        b"\x81\x80\x80\x00\x90\x40\x40\x80\x80\x01\x40\x00",  # long delta times
        b"\x00\xff\x54\x05\x00\x3c\x00\x00\x00",  # an SMPTE offset of 60 minutes
        b"\x00\xff\x58\x04\x04\x1d\x18\x08",  # a denominator whose logarithm is rounded
        b"\x00\xff\x59\x02\x08\x00",  # a key of eight sharps
        b"\x00\xff\x51\x02\x07\xa1",  # a short tempo
        b"\x00\xff\x00\x01\x00",  # a sequence number of one byte
        b"\x40\x40",
        b"",
    ],
)
def test_unusual_messages_are_read_as_mido_reads_them(track: bytes) -> None:
    assert_same(file_of(track))
    assert_same(file_of(b"\x00\xff\x2f\x00", track))


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_messages_across_blocks_are_not_lost(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    for path in sorted(FIXTURES.glob("band_*.mid"))[:6]:
        assert_same(path.read_bytes())


@pytest.mark.parametrize(
    ("content", "stage", "words"),
    [
        (b"", "parse", "empty"),
        (b"RIFF1234", "parse", "MThd"),
        (b"MThd\0\0\0\6\0\1\0\0\1\xe0", "parse", "0 tracks"),
        (file_of(b"\0\xff\x2f\0", resolution=0), "parse", "quarter note"),
        (file_of(b"\0\xff\x2f\0")[:-1], "parse", "cut off"),
        (file_of(b"\xff" * 100), "parse", "too large"),
        (file_of(b"\x84\xe2\xad\x00\xff\x2f\0"), "limits", "tick 10000000"),
        (bytes(MAX_FILE_BYTES + 1), "limits", "bytes"),
    ],
)
def test_refusals_name_the_reason(content: bytes, stage: str, words: str) -> None:
    with pytest.raises(MidiError, match=words) as refusal:
        read_messages(content)
    assert refusal.value.stage == stage
