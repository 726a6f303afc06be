from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from emo_assets.metrics.articulation import restarted_note_share
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets_tests.metrics.songs import FLUTE, PIANO, build_song, drums, melodic, note


def overlapping_song(*spans: tuple[float, float]) -> ParsedSong:
    """Return a song of one pitch with notes from onset to release, which our writer would keep apart."""
    song = build_song(melodic(PIANO, [note(2 * number, 60) for number in range(len(spans))]))
    onset, release = np.transpose(spans)
    return replace(song, notes=replace(song.notes, onset=onset, release=release))


def test_a_note_restarts_while_its_pitch_sounds() -> None:
    assert restarted_note_share(overlapping_song((0, 2), (1, 3), (4, 5), (5, 6))) == 1 / 4


def test_other_pitches_and_parts_restart_nothing() -> None:
    song = build_song(
        melodic(PIANO, [note(0, 60, 2), note(1, 62, 2)]),
        melodic(FLUTE, [note(1, 60, 2)]),
        drums([note(0, 60, 2)]),
    )
    assert restarted_note_share(song) == 0


def test_notes_that_start_together_are_one_restart() -> None:
    assert restarted_note_share(overlapping_song((0, 2), (0, 3))) == 1 / 2


def test_without_notes_nothing_restarts() -> None:
    assert math.isnan(restarted_note_share(build_song()))
