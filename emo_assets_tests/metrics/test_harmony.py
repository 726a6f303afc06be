from __future__ import annotations

import math

import numpy as np
import pytest

from emo_assets.metrics import harmony
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets_tests.metrics.songs import PIANO, build_song, drums, melodic, note, progression

MAJOR_CADENCE = ([60, 64, 67], [57, 60, 65], [59, 62, 67], [60, 64, 67])
MINOR_CADENCE = ([60, 63, 67], [56, 60, 65], [59, 62, 67], [60, 63, 67])
ROOTS = (36, 41, 43, 36)


def cadence(tonic: int, mode: int) -> ParsedSong:
    chords = [[pitch + tonic for pitch in chord] for chord in (MAJOR_CADENCE if mode else MINOR_CADENCE)]
    return build_song(*progression(chords, bass=[root + tonic for root in ROOTS]))


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_cadence_is_found_in_every_key(tonic: int, mode: int) -> None:
    key = harmony.key(cadence(tonic, mode))
    assert key is not None
    assert (key.pitch_class, key.mode) == (tonic, mode)
    assert key.confidence > 0


def test_clearer_keys_are_more_confident() -> None:
    clear = harmony.key(cadence(0, 1))
    vague = harmony.key(build_song(melodic(PIANO, [note(0, 60), note(1, 61), note(2, 66)])))
    assert clear is not None
    assert vague is not None
    assert clear.confidence > vague.confidence


def test_octaves_of_all_notes_change_nothing() -> None:
    one = build_song(melodic(PIANO, [note(0, 48, 4), note(0, 64, 4)]))
    doubled = build_song(melodic(PIANO, [note(0, 48, 4), note(0, 60, 4), note(0, 64, 4), note(0, 88, 4)]))
    np.testing.assert_allclose(harmony.pitch_class_weights(one), harmony.pitch_class_weights(doubled))


@pytest.mark.parametrize(
    "song",
    [build_song(), build_song(drums([note(beat, 36) for beat in range(8)]))],
    ids=["no notes", "drums only"],
)
def test_without_pitches_there_is_no_harmony(song: ParsedSong) -> None:
    assert harmony.key(song) is None
    assert math.isnan(harmony.major_share(song))
    assert not any(quality for _, quality in harmony.beat_chords(song))


def test_a_chromatic_cluster_has_no_key() -> None:
    assert harmony.key(build_song(melodic(PIANO, [note(0, 60 + step, 4) for step in range(12)]))) is not None
    even = build_song(*[melodic(PIANO, [note(step, 60 + step, 1)]) for step in range(12)])
    assert harmony.key(even) is not None


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ([48, 52, 55], (0, "maj")),
        ([57, 60, 64], (9, "min")),
        ([59, 62, 65], (11, "dim")),
        ([50, 54, 58], (2, "aug")),
        ([43, 47, 50, 53], (7, "dom7")),
        ([53, 57, 60, 64], (5, "maj7")),
        ([52, 55, 59, 62], (4, "min7")),
        ([52, 55, 60], (0, "maj")),
    ],
)
def test_chords_are_named(pitches: list[int], name: tuple[int, str]) -> None:
    chords = harmony.beat_chords(build_song(*progression([pitches] * 2)))
    assert chords == [name] * 8


def test_single_notes_and_fifths_are_no_chords() -> None:
    chords = harmony.beat_chords(build_song(melodic(PIANO, [note(0, 60, 4), note(4, 60, 4), note(4, 67, 4)])))
    assert chords == [(0, "")] * 8


def test_shares_count_beats_with_chords() -> None:
    song = build_song(*progression([[48, 52, 55], [57, 60, 64], [43, 47, 50, 53], [53, 57, 60, 64]]))
    assert harmony.major_share(song) == 0.75


def test_minor_seconds_count_by_sixteenths_and_pitches() -> None:
    clashing = [note(0, 60, 2), note(1, 61, 0.5)]
    assert harmony.minor_second_share(build_song(melodic(PIANO, clashing))) == 2 / 8
    assert harmony.minor_second_share(build_song(melodic(PIANO, [note(0, 60, 2), note(0, 71, 2)]))) == 0
    assert math.isnan(harmony.minor_second_share(build_song()))
