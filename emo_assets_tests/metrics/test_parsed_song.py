from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.metrics.parsed_song import parse_song
from emo_assets_tests.metrics.songs import (
    PIANO,
    QUARTER,
    build_song,
    drums,
    melodic,
    note,
)


def test_notes_are_in_seconds_and_in_quarters() -> None:
    song = build_song(melodic(PIANO, [note(1, 60, 0.5), note(6, 64, 2)]), tempos=[(0, 90.0)])
    np.testing.assert_allclose(song.notes.start, [60 / 90, 6 * 60 / 90], rtol=1e-5)
    np.testing.assert_allclose(song.notes.onset, [1, 6], atol=1e-6)
    np.testing.assert_allclose(song.notes.release, [1.5, 8], atol=1e-6)
    assert song.seconds == pytest.approx(8 * 60 / 90, rel=1e-5)


def test_quarters_are_right_across_tempo_changes() -> None:
    tempos = [(0, 120.0), (4 * QUARTER, 60.0), (8 * QUARTER, 200.0)]
    onsets = np.arange(0, 16, 0.5)
    song = build_song(melodic(PIANO, [note(onset, 60, 0.25) for onset in onsets]), tempos=tempos)
    np.testing.assert_allclose(song.notes.onset, onsets, atol=1e-4)


@pytest.mark.parametrize(
    ("meter", "length"), [((3, 4), 3.0), ((6, 8), 3.0), ((7, 8), 3.5), ((2, 2), 4.0), ((5, 4), 5.0)]
)
def test_bars_have_the_length_of_their_meter(meter: tuple[int, int], length: float) -> None:
    song = build_song(melodic(PIANO, [note(0, 60), note(4 * length, 60)]), meters=[(0, *meter)])
    np.testing.assert_allclose(np.diff(song.bar_edges), [length] * 5)
    assert song.bar_of(song.notes).tolist() == [0, 4]


def test_a_new_meter_starts_a_new_bar_even_within_one() -> None:
    song = build_song(
        melodic(PIANO, [note(beat, 60, 0.5) for beat in range(12)]),
        meters=[(0, 4, 4), (6 * QUARTER, 3, 4)],
    )
    assert song.bar_edges.tolist() == [0, 4, 6, 9, 12]


def test_a_meter_that_starts_late_leaves_four_quarters_before_it() -> None:
    song = build_song(melodic(PIANO, [note(9, 60)]), meters=[(4 * QUARTER, 3, 4)])
    assert song.bar_edges.tolist() == [0, 4, 7, 10]


def test_a_meter_without_length_is_read_as_four_quarters() -> None:
    song = build_song(melodic(PIANO, [note(0, 60), note(5, 60)]), meters=[(0, 1, 2**12)])
    assert song.bar_edges.tolist() == [0, 4, 8]


def test_drums_and_effects_are_not_pitched() -> None:
    song = build_song(drums([note(0, 36)]), melodic(PIANO, [note(1, 60)]), melodic(127, [note(2, 61)]))
    assert song.pitched.pitch.tolist() == [60]


def test_a_song_without_notes_has_no_bars() -> None:
    song = build_song()
    assert len(song.notes) == 0
    assert song.bar_edges.tolist() == [0]
    assert song.seconds == 0


@pytest.mark.parametrize("content", [b"", b"MThd", b"hello", bytes(100)])
def test_other_files_are_rejected_with_one_line(content: bytes) -> None:
    with pytest.raises(InputError, match=r"MIDI|file") as caught:
        parse_song(content)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_song_or_an_input_error(tail: bytes) -> None:
    try:
        parse_song(
            b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk\x00\x00\x00" + bytes([len(tail)]) + tail
        )
    except InputError:
        return


def test_an_excerpt_has_the_notes_and_meters_of_its_bars() -> None:
    notes = [note(beat, 40 + beat) for beat in range(24)]
    song = build_song(melodic(PIANO, notes), meters=[(0, 4, 4), (8 * QUARTER, 3, 4), (20 * QUARTER, 2, 4)])
    part = song.excerpt(1, 3)
    np.testing.assert_allclose(part.bar_edges, [0, 4, 7, 10])
    assert part.notes.pitch.tolist() == list(range(44, 54))
    assert part.meters == ((0.0, 4, 4), (4.0, 3, 4))
    assert part.bar_of(part.notes).tolist() == [0] * 4 + [1] * 3 + [2] * 3
    assert len(song.excerpt(5, 100).bar_edges) == len(song.bar_edges) - 5
