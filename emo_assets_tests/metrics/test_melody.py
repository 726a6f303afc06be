from __future__ import annotations

import math

import pytest

from emo_assets.metrics.melody import leap_share, melodic_range, melody, returning_motif_share, step_share
from emo_assets.midi.writer import Note
from emo_assets_tests.metrics.songs import (
    FINGER_BASS,
    FLUTE,
    PIANO,
    SAW_PAD,
    build_song,
    chord,
    melodic,
    note,
)

TUNE = (72, 74, 76, 74, 72, 71, 72, 67)


def line(pitches: tuple[int, ...], first: float = 0) -> list[Note]:
    """Return quarter notes."""
    return [note(first + beat, pitch, 0.9) for beat, pitch in enumerate(pitches)]


def test_the_melody_is_the_part_that_moves_by_step() -> None:
    pads = melodic(SAW_PAD, [each for bar in range(4) for each in chord(4 * bar, (55, 60, 64))])
    broken = melodic(PIANO, [note(step / 2, (60, 64, 67, 72)[step % 4], 0.5) for step in range(32)])
    bass = melodic(FINGER_BASS, [note(beat, 36 + beat % 3) for beat in range(16)])
    song = build_song(pads, broken, bass, melodic(FLUTE, line(TUNE + TUNE)))
    assert melody(song).pitch.tolist() == [*TUNE, *TUNE]


def test_the_top_of_a_harmonized_line_is_the_melody() -> None:
    thirds = [*line(TUNE), *line(tuple(pitch - 4 for pitch in TUNE))]
    assert melody(build_song(melodic(PIANO, thirds))).pitch.tolist() == list(TUNE)


@pytest.mark.parametrize(
    "part",
    [
        melodic(SAW_PAD, chord(0, (60, 64, 67))),
        melodic(FINGER_BASS, line(tuple(pitch - 36 for pitch in TUNE))),
        melodic(PIANO, [note(beat, pitch, 4) for beat, pitch in enumerate(TUNE)]),
    ],
    ids=["few notes", "low", "overlapping"],
)
def test_without_a_melody_nothing_can_be_measured(part) -> None:  # type: ignore[no-untyped-def]
    song = build_song(part)
    assert not len(melody(song))
    for measure in (step_share, leap_share, melodic_range, returning_motif_share):
        assert math.isnan(measure(song))
        assert math.isnan(measure(build_song()))


def test_steps_and_leaps_are_shares_of_the_moves() -> None:
    song = build_song(melodic(FLUTE, line((60, 62, 64, 64, 67, 79, 77, 77, 76))))
    assert step_share(song) == 4 / 6
    assert leap_share(song) == 1 / 6
    assert melodic_range(song) == 19


def test_intervals_across_a_rest_do_not_count() -> None:
    song = build_song(melodic(FLUTE, [*line((60, 62, 64, 65)), *line((84, 86, 88, 89), 12)]))
    assert leap_share(song) == 0
    assert step_share(song) == 1


def test_motifs_return_at_another_pitch() -> None:
    motif = (60, 62, 65, 60)
    song = build_song(
        melodic(FLUTE, [each for time in range(4) for each in line(tuple(p + time for p in motif), 8 * time)])
    )
    assert returning_motif_share(song) == 6 / 8


def test_motifs_of_another_rhythm_do_not_return() -> None:
    pitches = (60, 62, 65, 67)
    slower = [note(8 + 1.5 * index, pitch) for index, pitch in enumerate(pitches)]
    assert returning_motif_share(build_song(melodic(FLUTE, [*line(pitches), *slower]))) == 0


def test_repeated_pitches_are_no_motif() -> None:
    assert math.isnan(returning_motif_share(build_song(melodic(FLUTE, line((60,) * 16)))))
