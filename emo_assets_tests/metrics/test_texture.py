from __future__ import annotations

import math

import pytest

from emo_assets.metrics import texture
from emo_assets_tests.metrics.songs import (
    FINGER_BASS,
    FLUTE,
    NYLON_GUITAR,
    PIANO,
    SAW_PAD,
    SQUARE_LEAD,
    STRINGS,
    build_song,
    chord,
    drums,
    melodic,
    note,
)

TUNE = (72, 74, 76, 74, 72, 71, 72, 67)


def tune(bars: range, velocity: int = 90) -> list:  # type: ignore[type-arg]
    return [
        note(4 * bar + beat, TUNE[(4 * bar + beat) % 8], 0.9, velocity) for bar in bars for beat in range(4)
    ]


def pads(bars: int) -> list:  # type: ignore[type-arg]
    return [each for bar in range(bars) for each in chord(4 * bar, (55, 60, 64))]


def test_density_counts_all_notes() -> None:
    song = build_song(
        melodic(PIANO, [note(beat, 60) for beat in range(8)]), drums([note(beat, 36) for beat in range(8)])
    )
    assert texture.note_density(song) == 2


def test_velocity_is_a_mean() -> None:
    song = build_song(melodic(PIANO, [note(0, 60, 1, 40), note(1, 72, 3, 80)]), drums([note(0, 36, 1, 120)]))
    assert texture.mean_velocity(song) == 80


def test_acoustic_share_counts_instruments_by_bars() -> None:
    guitar = melodic(NYLON_GUITAR, [note(0, 60), note(4, 60)])
    lead = melodic(SQUARE_LEAD, [note(0, 72), note(1, 74), note(2, 76)])
    assert texture.acoustic_share(build_song(guitar)) == 1
    assert texture.acoustic_share(build_song(lead)) == 0
    assert texture.acoustic_share(build_song(guitar, lead)) == pytest.approx(2 / 3)


def test_a_melody_over_chords_is_a_lead() -> None:
    song = build_song(melodic(SAW_PAD, pads(4)), melodic(FLUTE, tune(range(4))))
    assert texture.lead_share(song) == 1


def test_a_lead_that_rests_leaves_bars_without_one() -> None:
    song = build_song(melodic(SAW_PAD, pads(4)), melodic(FLUTE, tune(range(2))))
    assert texture.lead_share(song) == 0.5


@pytest.mark.parametrize(
    "part",
    [
        melodic(SAW_PAD, pads(4)),
        melodic(PIANO, [note(step / 2, (60, 64, 67, 72)[step % 4], 0.5) for step in range(32)]),
        melodic(FINGER_BASS, [note(beat, 36 + 2 * (beat % 3)) for beat in range(16)]),
    ],
    ids=["chords", "broken chords", "bass"],
)
def test_chords_broken_chords_and_basses_do_not_lead(part) -> None:  # type: ignore[no-untyped-def]
    assert texture.lead_share(build_song(part)) == 0


def test_a_quiet_part_leads_only_when_it_moves_like_a_melody() -> None:
    leaps = (60, 67, 72, 64, 55, 57, 64, 69)
    leaping = [note(beat, leaps[beat % 8], 0.9, 40) for beat in range(16)]
    loud_strings = melodic(
        STRINGS, [each for bar in range(4) for each in chord(4 * bar, (55, 60, 64), 4, 100)]
    )
    assert texture.lead_share(build_song(loud_strings, melodic(FLUTE, leaping))) == 0
    assert texture.lead_share(build_song(loud_strings, melodic(FLUTE, tune(range(4), 40)))) == 1


def test_metrics_of_pitched_notes_are_nan_without_them() -> None:
    for song in (build_song(), build_song(drums([note(0, 36)]))):
        for estimator in (texture.acoustic_share, texture.lead_share):
            assert math.isnan(estimator(song))


def test_without_notes_density_is_zero() -> None:
    silence = build_song()
    assert texture.note_density(silence) == 0
    assert math.isnan(texture.mean_velocity(silence))


def test_beats_without_a_sounding_note_are_empty() -> None:
    song = build_song(melodic(PIANO, [note(0, 60, 2.5), note(7.5, 60, 0.25)]), drums([note(4, 36, 0.25)]))
    assert texture.empty_beat_share(song) == 3 / 8
    assert math.isnan(texture.empty_beat_share(build_song()))
