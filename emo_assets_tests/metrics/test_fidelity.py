from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.figaro.inputs import TrainingSong
from emo_assets.metrics.fidelity import (
    agreement,
    chroma,
    cosine,
    fidelity,
    groove,
    mean_fidelity,
    nrmse,
    overlapping_area,
    precision_recall_f1,
    sounding_chords,
)
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.events import EventBar, EventGrammar, NoteEvent
from emo_assets.tokens.vocabulary import TIME_SIGNATURES

FOUR_FOUR = TIME_SIGNATURES.index((4, 4))


def bar(*notes: NoteEvent, chord: int | None = 0) -> EventBar:
    return EventBar(FOUR_FOUR, chord, 16, notes=list(notes))


def parsed(song: TrainingSong) -> list[EventBar]:
    return EventGrammar().parse(song.events[1:-1].tolist())


def test_a_song_agrees_with_itself(songs: list[TrainingSong]) -> None:
    for song in songs:
        measured = asdict(fidelity(parsed(song), parsed(song)))
        assert measured.pop("density_error") == 0
        assert measured == pytest.approx(dict.fromkeys(measured, 1.0))


def test_another_song_agrees_less(songs: list[TrainingSong]) -> None:
    other = fidelity(parsed(songs[0]), parsed(songs[1]))
    assert other.chroma < 1
    assert other.groove < 1
    assert other.density_error > 0
    assert min(other.pitch, other.velocity, other.duration) < 1


def test_measures_of_two_known_bars() -> None:
    truth = bar(NoteEvent(0, 0, 60, 20, 11), NoteEvent(12, 40, 64, 20, 11), NoteEvent(0, DRUMS, 36, 20, 0))
    written = bar(NoteEvent(0, 0, 60, 20, 11), NoteEvent(12, 0, 61, 20, 11), chord=1)
    measured = fidelity([truth], [written])
    assert measured.instrument_precision == 1
    assert measured.instrument_recall == pytest.approx(1 / 3)
    assert measured.instrument_f1 == pytest.approx(1 / 2)
    assert measured.chord_f1 == 0
    assert measured.time_signature == 1
    assert measured.velocity == 1
    assert measured.duration == 1
    assert measured.density_error == pytest.approx(1 / 3)
    assert measured.chroma == pytest.approx(1 / 2)
    # Onsets 2 and 1 against 1 and 1, at positions too far apart to touch when smoothed.
    assert measured.groove == pytest.approx(3 / math.sqrt(5 * 2))


@pytest.mark.parametrize(
    ("truth", "written", "expected"),
    [
        ([], [], (1, 1, 1)),
        ([1], [], (0, 0, 0)),
        ([], [1], (0, 0, 0)),
        ([1, 2, 3], [2, 3, 4, 5], (1 / 2, 2 / 3, 4 / 7)),
        ([1, 1, 2], [1], (1, 1 / 2, 2 / 3)),
    ],
)
def test_precision_recall_and_f1_of_sets(
    truth: list[int], written: list[int], expected: tuple[float, float, float]
) -> None:
    assert precision_recall_f1(truth, written) == pytest.approx(expected)


def values(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(numbers, np.float64)


@given(
    st.lists(st.floats(0, 127), min_size=1, max_size=9), st.lists(st.floats(0, 127), min_size=1, max_size=9)
)
def test_the_overlapping_area_is_the_integral_of_the_lower_curve(
    truth: list[float], written: list[float]
) -> None:
    found = overlapping_area(values(*truth), values(*written))
    assert -1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(overlapping_area(values(*written), values(*truth)), abs=1e-6)
    deviations = [max(float(np.std(sample)), 0.01) for sample in (truth, written)]
    if min(deviations) < 1:
        return  # too sharp for the coarse integral below
    places = np.linspace(-900, 1000, 40_000)
    curves = [
        np.exp(-(((places - np.mean(sample)) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
        for sample, deviation in zip((truth, written), deviations, strict=True)
    ]
    assert found == pytest.approx(float(np.trapezoid(np.minimum(*curves), places)), abs=1e-3)


def test_the_overlapping_area_of_equal_far_and_missing_samples() -> None:
    assert overlapping_area(values(60, 64), values(64, 60)) == pytest.approx(1)
    assert overlapping_area(values(60), values(60)) == pytest.approx(1)
    assert overlapping_area(values(60), values(72)) == pytest.approx(0)
    assert overlapping_area(values(0, 2), values(2, 4)) == pytest.approx(math.erfc(1 / math.sqrt(2)))
    assert overlapping_area(values(), values()) == 1
    assert overlapping_area(values(), values(60)) == 0


def test_the_density_error() -> None:
    assert nrmse(values(2, 4), values(2, 4)) == 0
    assert nrmse(values(2, 4), values(3, 5)) == pytest.approx(1 / 3)
    assert nrmse(values(0, 0), values(0, 0)) == 0
    assert nrmse(values(0, 0), values(0, 1)) == math.inf


def test_chroma_leaves_drums_out_and_groove_smooths() -> None:
    notes = [NoteEvent(4, 0, 61, 1, 1), NoteEvent(4, DRUMS, 40, 1, 1)]
    assert np.flatnonzero(chroma(notes)).tolist() == [1]
    assert groove(notes)[3:8].tolist() == [0, 2, 8, 2, 0]
    assert cosine(chroma([]), chroma([])) == 1
    assert cosine(chroma([]), chroma(notes)) == 0


def test_the_chord_before_sounds_until_the_first_one_begins() -> None:
    assert sounding_chords(EventBar(FOUR_FOUR, 3, 0, chords=[(12, 5)])) == {3, 5}
    assert sounding_chords(EventBar(FOUR_FOUR, 3, 0, chords=[(0, 5)])) == {5}
    assert sounding_chords(EventBar(FOUR_FOUR, None, 0)) == set()


def test_means_over_songs(songs: list[TrainingSong]) -> None:
    one = fidelity(parsed(songs[0]), parsed(songs[1]))
    two = fidelity(parsed(songs[0]), parsed(songs[0]))
    assert mean_fidelity([one, two]).chroma == pytest.approx((one.chroma + two.chroma) / 2)


def test_agreement_falls_with_each_departure(descriptions: list[list[int]]) -> None:
    asked = DescriptionGrammar().parse(descriptions[0])
    assert agreement(asked, asked) == pytest.approx(1)
    assert agreement(asked, []) == 0
    other = [asked[0]._replace(note_density=asked[0].note_density + 1), *asked[1:]]
    assert agreement(asked, other) == pytest.approx(1 - 0.5 / 5 / len(asked))
    assert agreement(asked, asked[:-1]) == pytest.approx(1 - 1 / len(asked))
