"""The band of a song: chosen from a draft, and who of it plays when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from emo_assets.description_model.band import MIN_ACCOMPANIMENT, TUBA, Band, choose_band
from emo_assets.description_model.song_form import plan_form
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS, MIN_MELODY_SUITABILITY, melody_suitability

PIANO, ORGAN, STRINGS, BASS, FLUTE = 0, 16, 48, 33, 73


def band(
    draft: list[list[int]], expected: dict[int, float] | None = None, meter: int = 4, needs_lead: bool = False
) -> Band:
    counts = np.zeros(129)
    for instrument, bars in (expected or {}).items():
        counts[instrument] = bars
    return choose_band(draft, counts, meter=meter, needs_lead=needs_lead, rng=np.random.default_rng(0))


def test_the_instruments_of_the_draft_enter_by_how_often_they_play() -> None:
    draft = [[PIANO, ORGAN, BASS, DRUMS], [PIANO, BASS, DRUMS], [PIANO, ORGAN, STRINGS, BASS], [PIANO, BASS]]

    assert band(draft, {DRUMS: 2.0}) == Band(PIANO, BASS, None, True, (ORGAN, STRINGS))
    assert not band(draft, {DRUMS: 0.1}).has_drums


def test_a_bass_that_the_draft_lacks_is_drawn_if_the_model_expects_one() -> None:
    draft = [[PIANO, ORGAN, STRINGS]] * 4

    assert band(draft, {34: 1.0}).bass == 34
    assert band(draft, {34: 0.1}).bass is None
    assert band(draft, {TUBA: 1.0}).bass is None
    assert band(draft, {TUBA: 1.0}, meter=3).bass == TUBA


def test_a_lead_is_the_best_of_the_draft_or_drawn() -> None:
    draft = [[PIANO, ORGAN, STRINGS]] * 4

    assert band([*draft, [FLUTE]], needs_lead=True).lead == FLUTE
    assert band([*draft, [FLUTE]]).lead is None
    drawn = band(draft, {PIANO: 4.0, 40: 0.1}, needs_lead=True).lead
    assert drawn == 40


def test_a_small_band_gets_instruments_that_the_model_expects() -> None:
    small = band([[PIANO]] * 4, {PIANO: 4.0, ORGAN: 1.1, STRINGS: 1.1, BASS: 0.9, DRUMS: 0.5})

    assert {small.harmony, *small.others} == {PIANO, ORGAN, STRINGS}
    assert 1 + len(small.others) == MIN_ACCOMPANIMENT
    assert band([[PIANO]] * 4, {PIANO: 4.0}) == Band(PIANO, None, None, False, ())


@pytest.mark.parametrize("draft", [[[]] * 4, [[DRUMS]] * 4, [[FLUTE]] * 4, [[BASS, FLUTE, DRUMS]] * 4])
@pytest.mark.parametrize("needs_lead", [False, True])
def test_every_bar_has_a_player(draft: list[list[int]], needs_lead: bool) -> None:
    chosen = band(draft, needs_lead=needs_lead)

    for bar in plan_form(64, 0).bars:
        assert set(chosen.players(bar)) - {DRUMS}


def test_players_follow_the_plan() -> None:
    chosen = Band(PIANO, BASS, FLUTE, True, (ORGAN, STRINGS))
    bar = replace(plan_form(4, 0).bars[0], texture=1.0, has_drums=True, has_lead=True)

    def players(**changes: object) -> Collection[int]:
        return chosen.players(replace(bar, **changes))  # type: ignore[arg-type]

    assert players() == [PIANO, ORGAN, BASS, STRINGS, FLUTE, DRUMS]
    assert players(has_lead=False) == [PIANO, ORGAN, BASS, STRINGS, DRUMS]
    assert players(has_drums=False, texture=0.1) == [PIANO, BASS, FLUTE]
    assert players(texture=0.5) == [PIANO, ORGAN, BASS, FLUTE, DRUMS]
    assert players(texture=-0.5) == [PIANO, BASS, STRINGS, FLUTE, DRUMS]
    assert BASS in BASS_PROGRAMS
    assert melody_suitability(FLUTE) >= MIN_MELODY_SUITABILITY
