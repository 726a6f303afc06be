from __future__ import annotations

import math

import pytest

from emo_assets.metrics.similarity import bar_notes, copied_share, distance
from emo_assets_tests.metrics.songs import FLUTE, PIANO, build_song, drums, melodic, note

TUNE = [note(beat / 2, 60 + beat % 5) for beat in range(16)]


def test_distance_ignores_instruments_and_tempo() -> None:
    piano, flute = build_song(melodic(PIANO, TUNE)), build_song(melodic(FLUTE, TUNE), tempos=[(0, 77.0)])
    assert distance(piano, flute) == 0


def test_songs_without_a_common_note_are_one_apart() -> None:
    higher = [note(beat / 2, 72 + beat % 5) for beat in range(16)]
    assert distance(build_song(melodic(PIANO, TUNE)), build_song(melodic(PIANO, higher))) == 1


def test_half_of_the_bars_the_same_is_half_a_distance() -> None:
    other = [*TUNE[:8], *(note(beat / 2, 90) for beat in range(8, 16))]
    assert distance(build_song(melodic(PIANO, TUNE)), build_song(melodic(PIANO, other))) == 0.5


def test_distance_is_the_same_both_ways() -> None:
    one, other = build_song(melodic(PIANO, TUNE)), build_song(melodic(PIANO, TUNE[::2]))
    assert distance(one, other) == distance(other, one)


def test_silence_cannot_be_compared() -> None:
    assert math.isnan(distance(build_song(), build_song()))
    assert math.isnan(copied_share(build_song(), set()))


def test_copied_bars_are_found_at_any_position() -> None:
    song = build_song(melodic(PIANO, TUNE))
    assert copied_share(song, set(bar_notes(song))) == 1
    assert copied_share(song, {bar_notes(song)[1]}) == 0.5
    assert copied_share(song, set()) == 0


def test_sparse_bars_do_not_count_as_copies() -> None:
    song = build_song(melodic(PIANO, [note(0, 60), note(4, 60)]))
    assert math.isnan(copied_share(song, set(bar_notes(song))))


def test_drums_and_pitches_are_distinguished() -> None:
    beats = [note(beat, 60) for beat in range(4)]
    assert distance(build_song(drums(beats)), build_song(melodic(PIANO, beats))) == pytest.approx(1)
