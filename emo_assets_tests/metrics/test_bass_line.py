from __future__ import annotations

import math

import pytest

from emo_assets.metrics.bass_line import bass_root_share, bassless_bar_share
from emo_assets_tests.metrics.songs import FINGER_BASS, PIANO, build_song, drums, melodic, note, progression

C, F, G, A_MINOR = (60, 64, 67), (60, 65, 69), (59, 62, 67), (60, 64, 69)


def test_bars_with_a_bass_instrument_or_low_notes_have_a_bass() -> None:
    tune = [note(beat, 72) for beat in range(16)]
    assert bassless_bar_share(build_song(melodic(PIANO, tune))) == 1
    assert bassless_bar_share(build_song(melodic(PIANO, [*tune, note(4, 40)]))) == 3 / 4
    high_bass = melodic(FINGER_BASS, [note(4 * bar, 52) for bar in range(2)])
    assert bassless_bar_share(build_song(melodic(PIANO, tune), high_bass)) == 2 / 4


def test_a_held_bass_counts_in_each_bar() -> None:
    tune = melodic(PIANO, [note(beat, 72) for beat in range(16)])
    assert bassless_bar_share(build_song(tune, melodic(FINGER_BASS, [note(0, 36, 12)]))) == 1 / 4


def test_drums_are_no_bass() -> None:
    assert bassless_bar_share(build_song(drums([note(beat, 36) for beat in range(8)]))) == 1
    assert math.isnan(bassless_bar_share(build_song()))


@pytest.mark.parametrize(
    ("bass", "share"), [((48, 41, 43, 45), 1), ((43, 48, 50, 40), 0), ((48, 41, 47, 40), 0.5)]
)
def test_the_bass_plays_roots(bass: tuple[int, ...], share: float) -> None:
    assert bass_root_share(build_song(*progression([C, F, G, A_MINOR], bass=bass))) == share


def test_notes_between_beats_do_not_count() -> None:
    strings, roots = progression([C, F], bass=(48, 41))
    passing = melodic(FINGER_BASS, [*roots.notes, note(0.5, 46, 0.25), note(2.5, 47, 0.25)])
    assert bass_root_share(build_song(strings, passing)) == 1


def test_roots_need_a_bass_and_chords() -> None:
    assert math.isnan(bass_root_share(build_song(*progression([C, F]))))
    assert math.isnan(bass_root_share(build_song(melodic(FINGER_BASS, [note(0, 40)]))))
    assert math.isnan(bass_root_share(build_song()))
