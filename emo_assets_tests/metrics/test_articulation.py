from __future__ import annotations

import math

from emo_assets.metrics.articulation import restarted_note_share
from emo_assets_tests.metrics.songs import FLUTE, PIANO, build_song, drums, melodic, note


def test_a_note_restarts_while_its_pitch_sounds() -> None:
    overlapping = [note(0, 60, 2), note(1, 60, 2), note(4, 60, 1), note(5, 60, 1)]
    assert restarted_note_share(build_song(melodic(PIANO, overlapping))) == 1 / 4


def test_other_pitches_and_parts_restart_nothing() -> None:
    song = build_song(
        melodic(PIANO, [note(0, 60, 2), note(1, 62, 2)]),
        melodic(FLUTE, [note(1, 60, 2)]),
        drums([note(0, 60, 2)]),
    )
    assert restarted_note_share(song) == 0


def test_notes_that_start_together_are_one_restart() -> None:
    assert restarted_note_share(build_song(melodic(PIANO, [note(0, 60, 2), note(0, 60, 3)]))) == 1 / 2


def test_without_notes_nothing_restarts() -> None:
    assert math.isnan(restarted_note_share(build_song()))
