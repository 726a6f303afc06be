from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from emo_assets.midi.writer import Note
from emo_assets.synthetic_corpus.composition import ComposedSong
from emo_assets.synthetic_corpus.form import SectionKind
from emo_assets.synthetic_corpus.lead_sheet import WrittenNote
from emo_assets.synthetic_corpus.performance import (
    MAX_VELOCITY,
    MIN_VELOCITY,
    SECTION_DYNAMICS,
    STRUM_TICKS,
    TICKS_PER_POSITION,
    apply_dynamics,
    perform,
)
from emo_assets.synthetic_corpus.seeded_random import SeededRandom


def test_notes_are_late_but_never_early_nor_in_the_next_position(songs: list[ComposedSong]) -> None:
    for song in songs:
        for part in song.parts:
            assert max(note.start % TICKS_PER_POSITION for note in part.notes) < TICKS_PER_POSITION - 5


def test_no_pitch_is_struck_again_before_it_has_ended(songs: list[ComposedSong]) -> None:
    for song in songs[::4]:
        for part in song.parts:
            by_pitch: dict[int, list[Note]] = defaultdict(list)
            for note in part.notes:
                by_pitch[note.pitch].append(note)
            for notes in by_pitch.values():
                assert all(one.end <= other.start for one, other in pairwise(sorted(notes, key=_start)))


def _start(note: Note) -> int:
    return note.start


def played(
    written: list[WrittenNote],
    *,
    velocity: float = 80,
    looseness: float = 0.0,
    end: int = 48,
    strummed: bool = False,
) -> list[Note]:
    return perform(
        written,
        velocity=velocity,
        dynamics=1.0,
        looseness=looseness,
        end=end,
        rng=SeededRandom(1),
        strummed=strummed,
    )


def test_notes_end_with_the_song_and_later_ones_are_dropped() -> None:
    [note] = played([WrittenNote(36, 24, 60, 0), WrittenNote(48, 12, 62, 0)])
    assert note.pitch == 60
    assert note.end <= 48 * TICKS_PER_POSITION


@pytest.mark.parametrize(("velocity", "accent", "limit"), [(120, 60, MAX_VELOCITY), (20, -60, MIN_VELOCITY)])
def test_velocities_are_clipped(velocity: float, accent: float, limit: int) -> None:
    [note] = played([WrittenNote(0, 12, 60, accent)], velocity=velocity)
    assert note.velocity == limit


def test_the_strings_of_a_strummed_chord_sound_one_after_the_other() -> None:
    chord = [WrittenNote(0, 12, pitch, 0) for pitch in (67, 60, 64)]
    starts = {note.pitch: note.start for note in played(chord, strummed=True)}
    assert starts[60] < STRUM_TICKS <= starts[64] < 2 * STRUM_TICKS <= starts[67]


def test_a_repeated_pitch_ends_the_note_before_it() -> None:
    first, second = played([WrittenNote(0, 24, 60, 0), WrittenNote(12, 12, 60, 0)], looseness=1.0)
    assert first.end == second.start


def test_sections_have_their_dynamics(songs: list[ComposedSong]) -> None:
    sheet = next(song.sheet for song in songs if song.bars >= 40)
    starts = [section.first_bar * sheet.meter.positions for section in sheet.sections]
    accents = [
        note.accent for note in apply_dynamics([WrittenNote(start, 12, 60, 0) for start in starts], sheet)
    ]
    assert accents == [SECTION_DYNAMICS.get(section.kind, 0) for section in sheet.sections]
    assert SECTION_DYNAMICS[SectionKind.BREAK] < 0 < SECTION_DYNAMICS[SectionKind.CHORUS]
