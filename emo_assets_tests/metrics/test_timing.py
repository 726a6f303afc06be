from __future__ import annotations

import math

import pytest

from emo_assets.metrics import timing
from emo_assets_tests.metrics.songs import PIANO, QUARTER, heard_song, melodic, note


@pytest.mark.parametrize("asked", [40.0, 97.3, 120.0, 211.7])
def test_tempo_is_that_of_the_file(asked: float) -> None:
    song = heard_song(melodic(PIANO, [note(0, 60)]), tempos=[(0, asked)])
    assert timing.tempo(song) == pytest.approx(asked, abs=0.001)


def test_the_tempo_that_rules_longest_counts() -> None:
    notes = [note(beat, 60) for beat in range(20)]
    changes = [(0, 60.0), (4 * QUARTER, 150.0), (18 * QUARTER, 70.0)]
    assert timing.tempo(heard_song(melodic(PIANO, notes), tempos=changes)) == pytest.approx(150, abs=0.01)


def test_tempos_that_hardly_differ_count_together() -> None:
    notes = [note(beat, 60) for beat in range(20)]
    wavering = [(4 * beat * QUARTER, 100 + 0.1 * (beat % 2)) for beat in range(4)]
    changes = [*wavering, (12 * QUARTER, 140.0)]
    assert timing.tempo(heard_song(melodic(PIANO, notes), tempos=changes)) == pytest.approx(100, abs=0.2)


def test_the_meter_that_rules_longest_counts() -> None:
    notes = [note(beat, 60) for beat in range(24)]
    song = heard_song(melodic(PIANO, notes), meters=[(0, 4, 4), (8 * QUARTER, 3, 4)])
    assert timing.time_signature(song) == (3, 4)
    assert timing.beats_in_bar(song) == 3


def test_bars_are_counted_to_the_last_note() -> None:
    song = heard_song(melodic(PIANO, [note(5, 60), note(15.5, 60, length=8)]))
    assert timing.bars(song) == 4


def test_on_beat_share_counts_quarters_of_the_bar() -> None:
    song = heard_song(melodic(PIANO, [note(0, 60), note(1, 60), note(2.5, 60), note(3.02, 60)]))
    assert timing.on_beat_share(song) == 0.75


def test_beats_are_counted_anew_in_each_bar() -> None:
    song = heard_song(melodic(PIANO, [note(3.5 * bar, 60) for bar in range(6)]), meters=[(0, 7, 8)])
    assert timing.on_beat_share(song) == 1


def test_without_notes_there_is_a_tempo_and_nothing_else() -> None:
    song = heard_song(tempos=[(0, 88.0)], meters=[(0, 3, 4)])
    assert timing.tempo(song) == pytest.approx(88, abs=0.01)
    assert timing.time_signature(song) == (3, 4)
    assert timing.bars(song) == 0
    assert math.isnan(timing.on_beat_share(song))
