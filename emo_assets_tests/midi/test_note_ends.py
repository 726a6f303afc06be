"""Notes that are never ended and notes of no length, in files that have no others."""

from __future__ import annotations

import gzip
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.metrics.parsed_song import parse_song
from emo_assets.midi.errors import MidiError
from emo_assets.midi.note_ends import end_notes
from emo_assets.midi.parser import read_messages
from emo_assets.midi.repair import read_repaired
from emo_assets.midi.rewrite import Repair, rewrite
from emo_assets.midi.score import read_midi
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets_tests.midi.random_files import random_file
from emo_assets_tests.midi.test_parser import file_of, mido_messages
from emo_assets_tests.midi.test_repair import notes, read_notes

END = b"\xff\x2f\0"
METER = b"\0\xff\x58\4\4\2\x18\x08"
HELD = METER + b"\0\x90\x3c\x50\x60\x90\x40\x50\x60\x90\x3c\x50\x60" + END
"""C at 0 and at 192, E at 96; the track ends at 288."""
DRUMS = METER + (b"\0\x99\x24\x50\0\x89\x24\0" + b"\x1e\x99\x2a\x50\0\x99\x2a\0") * 4 + b"\x60" + END
"""Four kicks and four hi-hats of no length, 30 ticks apart but for each kick with the hi-hat before it."""


def read(content: bytes) -> tuple[list[list[int]], tuple[str, ...]]:
    """Return start, end, pitch and velocity of the notes, and the repairs."""
    score, repairs = read_repaired(content, read_notes)
    return notes(score), repairs


def test_notes_that_are_never_ended_end_with_their_track_or_the_next_strike() -> None:
    (starts, ends, pitches, _), repairs = read(file_of(HELD))
    assert sorted(zip(starts, ends, pitches, strict=True)) == [(0, 192, 60), (96, 288, 64), (192, 288, 60)]
    assert repairs == ("notes without an end: 3",)


def test_notes_of_no_length_last_a_32nd_or_until_the_next_strike() -> None:
    (starts, ends, pitches, _), repairs = read(file_of(DRUMS))
    by_pitch = sorted(zip(pitches, starts, ends, strict=True))
    assert by_pitch[:4] == [(36, 0, 30), (36, 30, 60), (36, 60, 90), (36, 90, 150)]
    assert by_pitch[4:] == [(42, 30, 60), (42, 60, 90), (42, 90, 120), (42, 120, 180)]
    assert repairs == ("notes of no length: 8",)


def test_a_note_that_starts_at_the_end_of_its_track_lasts_a_32nd() -> None:
    (starts, ends, _, _), _ = read(file_of(b"\0\x90\x3c\x50\0\x90\x3c\x40\0" + END))
    assert (starts, ends) == ([0, 0], [60, 60])


@pytest.mark.parametrize(
    ("content", "repairs"),
    [
        (file_of(HELD, DRUMS), ("notes without an end: 3", "notes of no length: 8")),
        (gzip.compress(file_of(HELD), mtime=0), ("gzip unpacked", "notes without an end: 3")),
        (file_of(HELD)[:-4], ("tracks cut off: 1", "notes without an end: 3")),
    ],
)
def test_such_files_are_described_and_measured_unless_strict(
    content: bytes, repairs: tuple[str, ...]
) -> None:
    tokens = tokenize_midi(content)
    assert tokens.description
    assert tokens.repairs == repairs
    assert len(parse_song(content).notes) == sum(int(text[-1]) for text in repairs if "notes" in text)
    with pytest.raises(MidiError):
        tokenize_midi(content, strict=True)


def test_such_notes_of_a_file_with_others_are_dropped() -> None:
    content = file_of(METER + b"\0\x90\x3c\x50\x60\x80\x3c\0\0" + END, HELD, DRUMS)
    tokens = tokenize_midi(content)
    assert tokens == tokenize_midi(content, strict=True)
    assert tokens.repairs == ()
    assert len(parse_song(content).notes) == 1


def test_a_file_without_any_note_is_still_rejected_and_measured() -> None:
    silent = file_of(METER + b"\0\xc0\5\x60\x80\x3c\0\0" + END)
    with pytest.raises(MidiError, match="the file has no notes") as rejected:
        tokenize_midi(silent)
    assert (rejected.value.stage, rejected.value.repairs) == ("notes", ())
    assert len(parse_song(silent).notes) == 0


@given(st.integers(0, 2**32))
def test_no_note_is_lost_and_those_with_an_end_keep_it(seed: int) -> None:
    content = random_file(seed)
    repairs: Counter[Repair] = Counter()
    ended = end_notes(content, repairs)
    assert mido_messages(ended) is not None
    before, after = (Counter(zip(*notes(read_midi(file)), strict=True)) for file in (content, ended))
    assert not before - after
    assert after.total() == before.total() + repairs.total()
    messages = read_messages(content)
    assert after.total() == int(((messages.status >> 4 == 9) & (messages.second > 0)).sum())


@given(st.binary(min_size=1, max_size=300))
def test_random_tracks_are_read_with_ends(track: bytes) -> None:
    content = rewrite(file_of(track), Counter())
    assert mido_messages(end_notes(content, Counter())) is not None
