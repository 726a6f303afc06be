from __future__ import annotations

from dataclasses import replace

import pytest

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.composition import ComposedSong, compose_song
from emo_assets.synthetic_corpus.drums import CRASH, KICKS, SNARE, TOMS, write_drums
from emo_assets.synthetic_corpus.form import SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES

LOUD = dict.fromkeys(SectionKind, 0.9)


@pytest.fixture(scope="module")
def sheet() -> LeadSheet:
    """A steady rock song of 40 bars, whose drums are as busy as the band."""
    sheet = compose_song(FeatureVector(danceability=0.95), STYLES["rock"], 40, 3).sheet
    return replace(sheet, params=replace(sheet.params, has_drums=True, drum_bias=0.0))


@pytest.fixture(scope="module")
def drums(sheet: LeadSheet) -> list[WrittenNote]:
    return write_drums(sheet, LOUD, SeededRandom(0))


def test_every_section_starts_with_a_crash(sheet: LeadSheet, drums: list[WrittenNote]) -> None:
    crashes = {note.start for note in drums if note.pitch == CRASH}
    later = [section for section in sheet.sections if section.kind is not SectionKind.INTRO]
    assert {section.first_bar * sheet.meter.positions for section in later} <= crashes


def test_every_section_ends_in_a_fill_over_snare_and_toms(sheet: LeadSheet, drums: list[WrittenNote]) -> None:
    for section in sheet.sections[:-1]:
        end = (section.first_bar + section.bars) * sheet.meter.positions
        fill = [note.pitch for note in drums if end - 24 <= note.start < end and note.pitch not in KICKS]
        assert len(fill) > 2
        assert set(fill) <= {SNARE, *TOMS}
        assert fill == sorted(fill, key=[SNARE, *TOMS].index)


def test_a_busier_level_has_more_strokes(sheet: LeadSheet) -> None:
    counts = [
        len(write_drums(sheet, dict.fromkeys(SectionKind, level), SeededRandom(0)))
        for level in (0.3, 0.6, 0.9)
    ]
    assert counts == sorted(set(counts))


def test_drums_rest_in_sections_below_their_entry_level(sheet: LeadSheet) -> None:
    groove = sheet.style.groove
    assert groove is not None
    drums = write_drums(sheet, LOUD | {SectionKind.VERSE: groove.entry - 0.01}, SeededRandom(0))
    bars = {note.start // sheet.meter.positions for note in drums}
    for section in sheet.sections:
        own = set(range(section.first_bar, section.first_bar + section.bars))
        assert (own <= bars) == (section.kind is not SectionKind.VERSE)
        assert own & bars or section.kind is SectionKind.VERSE


def test_styles_without_a_groove_have_no_drums(songs: list[ComposedSong]) -> None:
    for song in songs:
        assert any(part.is_drum for part in song.parts) <= (song.sheet.style.groove is not None)
