from __future__ import annotations

from collections import defaultdict

import pytest

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.accompaniment import write_chords
from emo_assets.synthetic_corpus.arrangement import Voice
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.form import SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.performance import TICKS_PER_POSITION
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES, Layer, PlayingPattern, Role
from emo_assets_tests.synthetic_corpus.measures import notes_of

RHYTHM = "9.7.|9.7.|9.7.|9.7."
BUSY = dict.fromkeys(SectionKind, 0.7)


@pytest.fixture(scope="module")
def sheet() -> LeadSheet:
    """A steady pop song of 24 bars."""
    return compose_song(FeatureVector(danceability=0.95), STYLES["synth-pop"], 24, 3).sheet


def chords_of(
    sheet: LeadSheet, playing: PlayingPattern, *, entry: float = 0.0, levels: dict[SectionKind, float] = BUSY
) -> dict[int, list[WrittenNote]]:
    """Write the part of an instrument that plays a pattern; return the notes of each start."""
    layer = Layer(Role.CHORDS, playing, 60, (0,), (4,), RHYTHM, voices=3)
    chords: dict[int, list[WrittenNote]] = defaultdict(list)
    for note in write_chords(sheet, Voice(layer, 0, 0.0, entry), levels, SeededRandom(0)):
        chords[note.start].append(note)
    return chords


@pytest.mark.parametrize(
    ("playing", "sizes"),
    [
        (PlayingPattern.BLOCK, {3}),
        (PlayingPattern.STRUM, {3}),
        (PlayingPattern.SUSTAINED, {3}),
        (PlayingPattern.POWER, {3}),
        (PlayingPattern.SHUFFLE, {2}),
        (PlayingPattern.BROKEN, {1}),
        (PlayingPattern.ALBERTI, {1}),
    ],
)
def test_each_pattern_has_its_number_of_notes_per_stroke(
    sheet: LeadSheet, playing: PlayingPattern, sizes: set[int]
) -> None:
    chords = chords_of(sheet, playing)
    assert {len(notes) for start, notes in chords.items() if start < sheet.last_bar_start} == sizes
    assert len(chords[sheet.last_bar_start]) == 3


def test_sustained_chords_last_as_long_as_the_harmony(sheet: LeadSheet) -> None:
    chords = chords_of(sheet, PlayingPattern.SUSTAINED)
    assert sorted(chords) == [span.start for span in sheet.chords]


def test_blocks_are_the_tones_of_their_chord(sheet: LeadSheet) -> None:
    for start, notes in chords_of(sheet, PlayingPattern.BLOCK).items():
        assert {note.pitch % 12 for note in notes} <= set(sheet.chord_at(start).tones)


def test_an_instrument_below_its_entry_level_plays_nothing(sheet: LeadSheet) -> None:
    assert not chords_of(sheet, PlayingPattern.BLOCK, entry=0.95)
    quiet_verse = BUSY | {SectionKind.VERSE: 0.2}
    starts = chords_of(sheet, PlayingPattern.BLOCK, entry=0.5, levels=quiet_verse)
    verses = {
        bar
        for section in sheet.sections
        if section.kind is SectionKind.VERSE
        for bar in range(section.first_bar, section.first_bar + section.bars)
    }
    assert starts
    assert not verses & {start // sheet.meter.positions for start in starts}


def test_chords_of_composed_songs_sound_the_harmony(songs: list[ComposedSong]) -> None:
    for song in songs[::10]:
        for note in notes_of(song, Role.PAD):
            chord = song.sheet.chord_at(note.start // TICKS_PER_POSITION)
            assert note.pitch % 12 in chord.tones
