from __future__ import annotations

import math

import pytest

from emo_assets.metrics import rhythm
from emo_assets.metrics.rhythm import groove_regularity
from emo_assets_tests.metrics.songs import FINGER_BASS, PIANO, QUARTER, build_song, drums, melodic, note


@pytest.mark.parametrize("asked", [40.0, 97.3, 120.0, 211.7])
def test_tempo_is_that_of_the_file(asked: float) -> None:
    song = build_song(melodic(PIANO, [note(0, 60)]), tempos=[(0, asked)])
    assert rhythm.tempo(song) == pytest.approx(asked, abs=0.001)


def test_the_prevailing_tempo_counts() -> None:
    notes = [note(beat, 60) for beat in range(20)]
    changes = [(0, 60.0), (4 * QUARTER, 150.0), (18 * QUARTER, 70.0)]
    assert rhythm.tempo(build_song(melodic(PIANO, notes), tempos=changes)) == pytest.approx(150, abs=0.01)


def test_tempos_that_hardly_differ_count_together() -> None:
    notes = [note(beat, 60) for beat in range(20)]
    wavering = [(4 * beat * QUARTER, 100 + 0.1 * (beat % 2)) for beat in range(4)]
    changes = [*wavering, (12 * QUARTER, 140.0)]
    assert rhythm.tempo(build_song(melodic(PIANO, notes), tempos=changes)) == pytest.approx(100, abs=0.2)


def test_the_prevailing_meter_counts() -> None:
    notes = [note(beat, 60) for beat in range(24)]
    song = build_song(melodic(PIANO, notes), meters=[(0, 4, 4), (8 * QUARTER, 3, 4)])
    assert rhythm.time_signature(song) == (3, 4)
    assert rhythm.beats_in_bar(song) == 3


def test_bars_are_counted_to_the_last_note() -> None:
    song = build_song(melodic(PIANO, [note(5, 60), note(15.5, 60, length=8)]))
    assert rhythm.bars(song) == 4


def test_without_notes_tempo_and_meter_are_those_of_the_file() -> None:
    song = build_song(tempos=[(0, 88.0)], meters=[(0, 3, 4)])
    assert rhythm.tempo(song) == pytest.approx(88, abs=0.01)
    assert rhythm.time_signature(song) == (3, 4)
    assert rhythm.bars(song) == 0


def test_a_beat_that_repeats_is_perfectly_regular() -> None:
    song = build_song(drums([note(4 * bar + beat, 36, 0.1) for bar in range(6) for beat in (0, 1, 2.5)]))
    assert groove_regularity(song) == pytest.approx(1)


def test_bars_that_share_no_onset_are_not_regular() -> None:
    song = build_song(drums([note(4 * bar + (bar % 2) * 2 + 0.5, 36, 0.1) for bar in range(6)]))
    assert groove_regularity(song) == pytest.approx(0, abs=0.01)


def test_small_deviations_cost_little() -> None:
    human = build_song(
        drums([note(4 * bar + beat + 0.03 * bar, 36, 0.1) for bar in range(4) for beat in range(4)])
    )
    assert 0.8 < groove_regularity(human) <= 1


def test_only_the_rhythm_section_counts_if_there_is_one() -> None:
    bass = melodic(FINGER_BASS, [note(4 * bar, 36) for bar in range(6)])
    wild = melodic(PIANO, [note(4 * bar + 0.37 * bar, 72, 0.1) for bar in range(6)])
    assert groove_regularity(build_song(bass, wild)) == pytest.approx(1)
    assert groove_regularity(build_song(wild)) < 0.5


def test_bars_of_different_length_and_empty_bars_are_not_compared() -> None:
    song = build_song(
        drums([note(0, 36, 0.1), note(4, 36, 0.1), note(7, 36, 0.1), note(16, 36, 0.1)]),
        meters=[(0, 4, 4), (4 * 480, 3, 4)],
    )
    assert groove_regularity(song) == pytest.approx(1)


def test_one_bar_has_no_regularity() -> None:
    assert math.isnan(groove_regularity(build_song(drums([note(0, 36)]))))
    assert math.isnan(groove_regularity(build_song()))


def test_sixteenths_and_triplets_are_on_the_grid() -> None:
    onsets = [0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.02, 2 + 1 / 12]
    assert rhythm.off_grid_share(build_song(melodic(PIANO, [note(at, 60, 0.05) for at in onsets]))) == 1 / 8
    assert math.isnan(rhythm.off_grid_share(build_song()))
