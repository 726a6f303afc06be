from __future__ import annotations

from dataclasses import replace

import pytest

from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.synthetic_corpus.arrangement import arrange, voice_level
from emo_assets.synthetic_corpus.composition import ComposedSong
from emo_assets.synthetic_corpus.form import SectionKind
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import Role


def test_denser_sections_are_at_higher_levels(songs: list[ComposedSong]) -> None:
    for song in songs[::12]:
        levels = arrange(song.sheet, {Role.LEAD: 0, Role.THEME: 0}, SeededRandom(0)).levels
        assert levels[SectionKind.ENDING] <= levels.get(SectionKind.CHORUS, 1.0)
        assert all(0 <= level <= 1 for level in levels.values())


def test_melodic_instruments_take_part_only_when_they_have_bars(songs: list[ComposedSong]) -> None:
    sheet = songs[0].sheet
    bands = [arrange(sheet, {Role.LEAD: bars, Role.THEME: 0}, SeededRandom(0)) for bars in (0, 8)]
    roles = [{voice.layer.role for voice in band.voices} for band in bands]
    assert Role.LEAD not in roles[0]
    assert Role.LEAD in roles[1]


@pytest.mark.parametrize(("share", "acoustic"), [(0.0, False), (1.0, True)])
def test_the_acoustic_share_decides_which_programs_play(
    songs: list[ComposedSong], share: float, acoustic: bool
) -> None:
    for song in songs[::12]:
        sheet = replace(song.sheet, params=replace(song.sheet.params, acoustic_share=share))
        for voice in arrange(sheet, {Role.LEAD: 4, Role.THEME: 4}, SeededRandom(0)).voices:
            assert (voice.program in ACOUSTIC_PROGRAMS) == acoustic
            assert voice_level(voice, voice.layer.entry) >= 0
