from __future__ import annotations

import math

import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.musicality import (
    MEASURES,
    MIN_SONGS,
    measure,
    measure_midi,
    musicality_table,
    same_request_share,
)
from emo_assets.metrics.parsed_song import ParsedSong, parse_song
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets_tests.metrics.songs import FLUTE, PIANO, build_song, drums, melodic, note


@pytest.fixture(scope="module")
def composed() -> list[ParsedSong]:
    return [
        parse_song(compose_song(plan.features, plan.style, plan.bars, plan.seed).to_midi())
        for plan in sample_songs(MIN_SONGS, 0)
    ]


def test_a_file_is_measured_by_every_measure() -> None:
    [plan] = sample_songs(1, 3)
    measured = measure_midi(compose_song(plan.features, plan.style, 16, plan.seed).to_midi())
    assert measured.keys() == MEASURES.keys()
    assert measured["restarted_notes"] == 0
    assert all(0 <= value <= 127 for value in measured.values() if not math.isnan(value))


def test_songs_without_notes_have_no_measures() -> None:
    assert all(math.isnan(value) for value in measure(build_song()).values())


def test_a_file_that_is_no_midi_file_is_an_input_error() -> None:
    with pytest.raises(InputError):
        measure_midi(b"no song")


def test_long_songs_are_measured_in_an_excerpt_and_at_their_end() -> None:
    verse = [note(beat, 72 + beat % 7) for beat in range(4 * 40)]
    song = build_song(melodic(FLUTE, [*verse, note(160, 72, 4)]), drums([note(40, 36), note(120, 36)]))
    measured = measure(song)
    assert measured["copied_drum_bars"] == 0  # the second hit lies after the excerpt
    assert measured["final_bar_notes"] == pytest.approx(1 / (161 + 2) * 41)


def test_the_table_has_means_songs_and_goals(composed: list[ParsedSong]) -> None:
    table = musicality_table({"songs": composed, "few": composed[:2]}).set_index("measure")
    assert list(table.index) == list(MEASURES)
    assert table["few"].isna().all()
    assert table["few_met"].isna().all()
    assert table.loc["copied_bars", "few_songs"] == 2
    assert bool(table.loc["restarted_notes", "songs_met"])
    assert table.loc["restarted_notes", "songs"] == 0
    expected = sum(measure(song)["velocity_spread"] for song in composed) / len(composed)
    assert table.loc["velocity_spread", "songs"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "met"), [(0.2, True), (0.4, True), (0.4004, True), (0.19, False), (0.5, False)]
)
def test_goals_have_two_ends(value: float, met: bool) -> None:
    assert MEASURES["copied_bars"].is_met(value) == met


def test_songs_of_a_request_are_recognized_by_what_they_sound_like() -> None:
    def song(program: int, step: float, shift: int) -> ParsedSong:
        return build_song(
            melodic(program, [note(step * index, 60 + shift + index % 5) for index in range(32)])
        )

    calm = [song(PIANO, 2, shift) for shift in range(3)]
    lively = [song(FLUTE, 0.25, shift) for shift in range(12, 15)]
    assert same_request_share([calm, lively]) == 1
    assert same_request_share([[calm[0], lively[0]], [calm[1], lively[1]]]) == 0
    assert math.isnan(same_request_share([calm[:1], lively[:1]]))
    table = musicality_table({"requests": [*calm, *lively], "corpus": calm}, seeds=3).set_index("measure")
    assert table.loc["same_request", "requests"] == 1
    assert bool(table.loc["same_request", "requests_met"])
    assert table["corpus"].isna().all()
    assert "same_request" not in set(musicality_table({"requests": calm})["measure"])
