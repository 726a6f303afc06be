from __future__ import annotations

import math

import pytest

from emo_assets.metrics.ending import ends_on_tonic_bass, ends_on_tonic_chord, final_bar_density
from emo_assets_tests.metrics.songs import (
    FINGER_BASS,
    FLUTE,
    build_song,
    drums,
    melodic,
    note,
    progression,
)

C, F, G, A_MINOR, C_MAJOR_7 = (60, 64, 67), (60, 65, 69), (59, 62, 67), (60, 64, 69), (60, 64, 67, 71)
ROOTS = {C: 36, F: 41, G: 43, A_MINOR: 45, C_MAJOR_7: 36}


def test_density_of_the_last_bar() -> None:
    full = [note(beat / 2, 60) for beat in range(24)]
    assert final_bar_density(build_song(melodic(FLUTE, [*full, note(12, 60, 4)]))) == pytest.approx(4 / 25)
    assert math.isnan(final_bar_density(build_song()))


@pytest.mark.parametrize(("last", "ends"), [(C, 1), (C_MAJOR_7, 1), (G, 0), (F, 0), (A_MINOR, 0)])
def test_songs_end_on_the_tonic_chord_of_their_key(last: tuple[int, ...], ends: float) -> None:
    chords = [C, F, G, C, C, F, G, last]
    song = build_song(*progression(chords, bass=[ROOTS[each] for each in chords]))
    assert ends_on_tonic_chord(song) == ends
    assert ends_on_tonic_bass(song) == ends


def test_the_bass_may_end_on_another_tone_of_the_tonic_chord() -> None:
    chords = [C, F, G, C, C, F, G, C]
    song = build_song(*progression(chords, bass=[*[ROOTS[each] for each in chords[:-1]], 43]))
    assert ends_on_tonic_chord(song) == 1
    assert ends_on_tonic_bass(song) == 0


def test_a_bass_may_walk_to_the_tonic() -> None:
    strings, bass = progression([C, F, G, C], bass=(36, 41, 43, 43))
    walking = melodic(FINGER_BASS, [*bass.notes[:-1], note(12, 43), note(13, 36, 3)])
    assert ends_on_tonic_bass(build_song(strings, walking)) == 1


def test_a_last_chord_shortly_before_the_bar_line_is_in_the_last_bar() -> None:
    strings, bass = progression([C, F, G], bass=(36, 41, 43))
    early = melodic(FLUTE, [note(12 - 0.03, 72, 4), note(12 - 0.03, 76, 4), note(12, 67, 4)])
    assert ends_on_tonic_chord(build_song(strings, bass, early)) == 1


def test_without_a_bass_the_lowest_note_of_the_end_counts() -> None:
    assert ends_on_tonic_bass(build_song(*progression([C, F, G, C]))) == 1
    assert ends_on_tonic_bass(build_song(*progression([C, F, G, (64, 67, 72)]))) == 0


def test_endings_need_a_key() -> None:
    for song in (build_song(), build_song(drums([note(0, 36)]))):
        assert math.isnan(ends_on_tonic_chord(song))
        assert math.isnan(ends_on_tonic_bass(song))
