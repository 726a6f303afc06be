from __future__ import annotations

import math

import pytest

from emo_assets.metrics.groove import groove_regularity, on_grid_drums
from emo_assets_tests.metrics.songs import FINGER_BASS, PIANO, drums, heard_song, melodic, note


def test_a_beat_that_repeats_is_perfectly_regular() -> None:
    song = heard_song(drums([note(4 * bar + beat, 36, 0.1) for bar in range(6) for beat in (0, 1, 2.5)]))
    assert groove_regularity(song) == pytest.approx(1)


def test_bars_that_share_no_onset_are_not_regular() -> None:
    song = heard_song(drums([note(4 * bar + (bar % 2) * 2 + 0.5, 36, 0.1) for bar in range(6)]))
    assert groove_regularity(song) == pytest.approx(0, abs=0.01)


def test_small_deviations_cost_little() -> None:
    human = heard_song(
        drums([note(4 * bar + beat + 0.03 * bar, 36, 0.1) for bar in range(4) for beat in range(4)])
    )
    assert 0.8 < groove_regularity(human) <= 1


def test_the_rhythm_section_is_listened_to_when_there_is_one() -> None:
    bass = melodic(FINGER_BASS, [note(4 * bar, 36) for bar in range(6)])
    wild = melodic(PIANO, [note(4 * bar + 0.37 * bar, 72, 0.1) for bar in range(6)])
    assert groove_regularity(heard_song(bass, wild)) == pytest.approx(1)
    assert groove_regularity(heard_song(wild)) < 0.5


def test_bars_of_different_length_and_empty_bars_are_not_compared() -> None:
    song = heard_song(
        drums([note(0, 36, 0.1), note(4, 36, 0.1), note(7, 36, 0.1), note(16, 36, 0.1)]),
        meters=[(0, 4, 4), (4 * 480, 3, 4)],
    )
    assert groove_regularity(song) == pytest.approx(1)


def test_one_bar_has_no_regularity() -> None:
    assert math.isnan(groove_regularity(heard_song(drums([note(0, 36)]))))
    assert math.isnan(groove_regularity(heard_song()))


def test_on_grid_drums_counts_eighths() -> None:
    song = heard_song(drums([note(0, 36, 0.1), note(0.5, 42, 0.1), note(1.33, 42, 0.1), note(2.25, 38, 0.1)]))
    assert on_grid_drums(song) == 0.5


def test_without_drums_none_are_on_the_grid() -> None:
    assert math.isnan(on_grid_drums(heard_song(melodic(PIANO, [note(0, 60)]))))
