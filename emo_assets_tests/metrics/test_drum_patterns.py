from __future__ import annotations

import math

import pytest

from emo_assets.metrics.drum_patterns import (
    backbeat_bar_share,
    copied_drum_bar_share,
    distinct_drum_bar_share,
)
from emo_assets.midi.writer import Note
from emo_assets_tests.metrics.songs import PIANO, build_song, drums, melodic, note

KICK, SNARE, SIDE_STICK, CLOSED_HAT = 36, 38, 37, 42


def groove(bars: int, snare: int = SNARE) -> list[Note]:
    """Return bars of kicks on 1 and 3, snares on 2 and 4 and eighths of the hi-hat."""
    beats = [note(beat, snare if beat % 2 else KICK, 0.25) for beat in range(4 * bars)]
    return [*beats, *(note(eighth / 2, CLOSED_HAT, 0.25) for eighth in range(8 * bars))]


def test_a_groove_of_one_bar_is_copied() -> None:
    song = build_song(drums(groove(8)))
    assert copied_drum_bar_share(song) == 7 / 8
    assert distinct_drum_bar_share(song) == 1 / 8


def test_a_fill_is_another_bar() -> None:
    fill = [note(12 + sixteenth / 4, 45 + sixteenth % 4, 0.2) for sixteenth in range(16)]
    song = build_song(drums([*groove(3), *fill]))
    assert copied_drum_bar_share(song) == 2 / 4
    assert distinct_drum_bar_share(song) == 2 / 4


def test_bars_without_drums_are_left_out() -> None:
    song = build_song(melodic(PIANO, [note(0, 60), note(60, 60)]), drums(groove(4)))
    assert copied_drum_bar_share(song) == 3 / 4
    assert backbeat_bar_share(song) == 1


@pytest.mark.parametrize(("snare", "share"), [(SNARE, 1), (SIDE_STICK, 1), (CLOSED_HAT, 0)])
def test_snares_and_side_sticks_are_a_backbeat(snare: int, share: float) -> None:
    assert backbeat_bar_share(build_song(drums(groove(4, snare)))) == share


def test_a_backbeat_needs_four_beats() -> None:
    waltz = [note(beat, SNARE if beat % 3 else KICK) for beat in range(12)]
    assert math.isnan(backbeat_bar_share(build_song(drums(waltz), meters=[(0, 3, 4)])))
    half = build_song(drums([*groove(4), *(note(16 + each, KICK) for each in range(4))]))
    assert backbeat_bar_share(half) == 4 / 5


def test_an_early_snare_is_on_the_beat() -> None:
    early = [
        Note(each.start - (10 if each.pitch == SNARE else 0), each.end, each.pitch, 90) for each in groove(4)
    ]
    assert backbeat_bar_share(build_song(drums(early))) == 1


def test_without_drums_nothing_can_be_measured() -> None:
    song = build_song(melodic(PIANO, [note(0, 60)]))
    for measure in (copied_drum_bar_share, distinct_drum_bar_share, backbeat_bar_share):
        assert math.isnan(measure(song))
