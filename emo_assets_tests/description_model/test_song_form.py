"""Plans of songs: complete, with sources that come earlier, and the same for the same seed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.description_model.song_form import SectionKind, SongForm, plan_form

BARS, SEEDS = st.integers(1, 512), st.integers(0, 2**31 - 1)


def letters(form: SongForm) -> str:
    return "".join(section.letter for section in form.sections)


@settings(max_examples=80, deadline=None)
@given(BARS, SEEDS)
def test_sections_cover_all_bars_and_sources_are_earlier_bars(bars: int, seed: int) -> None:
    form = plan_form(bars, seed)

    assert len(form.bars) == bars
    assert sum(section.bars for section in form.sections) == bars
    for before, section in zip(form.sections, form.sections[1:], strict=False):
        assert section.first_bar == before.first_bar + before.bars
    for index, bar in enumerate(form.bars):
        assert bar.source is None or 0 <= bar.source < index
        assert -1 <= bar.texture <= 1


@settings(max_examples=80, deadline=None)
@given(BARS, SEEDS)
def test_only_the_last_bar_is_an_ending_and_drums_keep_to_sections(bars: int, seed: int) -> None:
    form = plan_form(bars, seed)

    assert [bar.is_ending for bar in form.bars] == [False] * (bars - 1) + [True]
    for section in form.sections:
        own = form.bars[section.first_bar : section.first_bar + section.bars]
        assert {bar.has_drums for bar in own} == {section.has_drums}


@settings(max_examples=40, deadline=None)
@given(st.integers(16, 256), SEEDS)
def test_songs_of_sixteen_bars_return_to_their_first_section(bars: int, seed: int) -> None:
    form = plan_form(bars, seed)

    assert letters(form).count("A") >= 2
    assert sum(bar.source is not None for bar in form.bars) >= bars / 4


@settings(max_examples=20, deadline=None)
@given(BARS, SEEDS)
def test_a_seed_gives_the_same_plan(bars: int, seed: int) -> None:
    assert plan_form(bars, seed) == plan_form(bars, seed)


def test_sixteen_bars_are_four_phrases_of_several_forms() -> None:
    forms = {letters(plan_form(16, seed)) for seed in range(30)}

    assert forms == {"AABA", "ABAB"}


@pytest.mark.parametrize(("bars", "sections"), [(3, "outro A 3"), (4, "verse A 4"), (6, "verse A 6")])
def test_short_songs_are_one_section(bars: int, sections: str) -> None:
    assert str(plan_form(bars, 0)) == sections


@pytest.mark.parametrize("bars", [64, 128])
def test_long_songs_begin_with_few_instruments_and_a_chorus_is_louder(bars: int) -> None:
    form = plan_form(bars, 1)
    first, last = form.sections[0], form.sections[-1]
    by_kind = {section.kind: form.bars[section.first_bar] for section in form.sections}

    assert (first.kind, last.kind) == (SectionKind.INTRO, SectionKind.OUTRO)
    assert not first.has_drums
    assert form.bars[0].texture < by_kind[SectionKind.VERSE].texture
    assert by_kind[SectionKind.INTRO].lift < by_kind[SectionKind.VERSE].lift
    assert {section.bars % 8 for section in form.sections} == {0}


def test_the_lead_plays_in_the_bars_with_a_melody() -> None:
    has_lead = [False, True, True, False]
    form = plan_form(4, 0, has_lead=has_lead)

    assert [bar.has_lead for bar in form.bars] == has_lead
    assert not any(bar.has_lead for bar in plan_form(4, 0).bars)
