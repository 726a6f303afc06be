from __future__ import annotations

import numpy as np
import pytest

from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.general_midi import PROGRAM_NAMES
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.reports.piano_roll import FAMILY_COLORS, piano_roll_png
from emo_assets_tests.reports.pictures import checked_picture

QUARTER = 480


def song(bars: int, *programs: int) -> MeasuredSong:
    tune = [Note(beat * QUARTER, (beat + 1) * QUARTER - 10, 60 + beat % 12, 127) for beat in range(4 * bars)]
    beats = [
        Note(beat * QUARTER, beat * QUARTER + 60, (36, 38, 42, 49)[beat % 4], 100) for beat in range(4 * bars)
    ]
    parts = [*(Part(program, False, tune) for program in programs), Part(0, True, beats)]
    return MeasuredSong.from_midi(encode_midi(parts))


@pytest.mark.parametrize("bars", [1, 16, 33, 300])
def test_songs_of_any_length_are_drawn(bars: int) -> None:
    assert checked_picture(piano_roll_png(song(bars, 0, 33), "song")).shape[:2] == (620, 1200)


@pytest.mark.parametrize("program", [0, 33, 73, 127])
def test_notes_have_the_color_of_their_family(program: int) -> None:
    dots = checked_picture(piano_roll_png(song(8, program), "song")).astype(int)
    color = FAMILY_COLORS[program // 8]
    wanted = np.array([int(color[first : first + 2], 16) for first in (1, 3, 5)])
    near = np.abs(dots - wanted).max(axis=2) < 24
    assert near.sum() > 1000


def test_there_is_a_family_for_every_program() -> None:
    assert len(FAMILY_COLORS) * 8 == len(PROGRAM_NAMES)


@pytest.mark.parametrize(
    "parts", [[], [Part(0, True, [Note(0, 60, 36, 100)])], [Part(0, False, [Note(0, 1, 0, 1)])]]
)
def test_songs_that_lack_something_are_drawn(parts: list[Part]) -> None:
    checked_picture(piano_roll_png(MeasuredSong.from_midi(encode_midi(parts)), "song"))


@pytest.mark.parametrize("mood", ["costs $5, not $10", r"a $\foo$ b", "$x^$", "夢 🎵", "a\nb", "\a"])
def test_any_mood_is_a_title(mood: str) -> None:
    checked_picture(piano_roll_png(song(1, 0), mood))
