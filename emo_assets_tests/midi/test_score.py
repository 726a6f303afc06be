"""Scores, times and chroma against pretty_midi, which the reference takes them from."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import read_midi
from emo_assets.midi.tempo_map import TimeSignature, beat_times, downbeat_times
from emo_assets.tokens.chroma import beat_chroma
from emo_assets_tests.midi.test_parser import file_of
from emo_assets_tests.tokens.expected import FIXTURES, readable_fixtures
from emo_assets_tests.tokens.random_files import random_file

FOUR_FOUR = "00 ff 58 04 04 02 18 08 "

TRACKS = {
    "controls before and between programs": FOUR_FOUR
    + "00 b0 40 7f 00 90 40 40 20 40 00 00 c0 05 00 b0 40 00 00 e0 00 50 00 90 42 40 60 b0 "
    "40 7f 20 42 00 10 c0 00 00 b0 40 00 00 40 7f 00 90 40 40 83 60 40 00 00 b0 40 00",
    "one note-off ends several notes": FOUR_FOUR
    + "00 90 40 40 20 40 50 20 40 60 20 40 00 10 40 40 83 00 40 00",
    "a note-off at the tick of a note-on": FOUR_FOUR
    + "00 90 40 40 20 40 50 00 40 00 20 40 00 10 40 40 00 40 00 83 00 41 50 20 41 00",
    "bends to the ends of the keyboard": FOUR_FOUR
    + "00 e0 00 00 00 90 00 40 00 7f 40 60 e0 7f 7f 60 e0 00 60 83 00 90 00 00 00 7f 00",
    "tempos within beats": FOUR_FOUR
    + "00 ff 51 03 07 a1 20 30 ff 51 03 03 00 00 83 07 ff 51 03 09 10 00 00 90 40 40 8f 00 "
    "40 00",
    "meters within beats": FOUR_FOUR
    + "81 00 ff 58 04 06 03 18 08 83 01 ff 58 04 05 04 18 08 00 90 40 40 8f 00 40 00",
    "more beats than a hundredth of a second has": "00 ff 51 03 00 10 00 "
    + FOUR_FOUR
    + "00 90 40 40 8f 00 40 00",
}
"""Tracks that need care, as hexadecimal bytes."""

CASES = [
    *(pytest.param(file_of(bytes.fromhex(track)), id=name) for name, track in TRACKS.items()),
    *(
        pytest.param((FIXTURES / expected.file).read_bytes(), id=expected.file)
        for expected in readable_fixtures()
    ),
]


def reference(content: bytes) -> pretty_midi.PrettyMIDI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pretty_midi.PrettyMIDI(BytesIO(content))


@pytest.mark.parametrize("content", CASES)
def test_parts_and_notes_are_those_of_pretty_midi(content: bytes) -> None:
    midi, score = reference(content), read_midi(content)
    seconds = score.tempo_map.seconds
    assert [DRUMS if part.is_drum else part.program for part in midi.instruments] == [
        instrument.program for instrument in score.instruments
    ]
    for number, theirs in enumerate(midi.instruments):
        own = np.flatnonzero(score.notes.instrument == number)
        own = own[np.argsort(score.notes.ended[own], kind="stable")]
        ours = zip(
            seconds(score.notes.start[own]),
            seconds(score.notes.end[own]),
            score.notes.pitch[own],
            score.notes.velocity[own],
            strict=True,
        )
        assert list(ours) == [(note.start, note.end, note.pitch, note.velocity) for note in theirs.notes]
    assert score.tempo_map.second(score.end) == midi.get_end_time()


@pytest.mark.parametrize("content", CASES)
def test_beats_and_downbeats_are_those_of_pretty_midi(content: bytes) -> None:
    midi, score = reference(content), read_midi(content)
    beats = beat_times(score.tempo_map, score.time_signatures, score.tempo_map.second(score.end))
    assert beats.tolist() == midi.get_beats().tolist()
    downbeats = downbeat_times(beats, score.tempo_map, score.time_signatures)
    assert downbeats.tolist() == midi.get_downbeats().tolist()
    times = np.concatenate((downbeats, beats, beats[:-1] + 0.3 * np.diff(beats)))
    assert score.tempo_map.nearest_ticks(times).tolist() == [midi.time_to_tick(time) for time in times]


@pytest.mark.parametrize("content", CASES)
def test_chroma_is_that_of_pretty_midi(content: bytes) -> None:
    midi, score = reference(content), read_midi(content)
    beats = midi.get_beats()
    ours, theirs = beat_chroma(score, beats), midi.get_chroma(times=beats)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert ((ours > 10) == (theirs > 10)).all()


@given(st.integers(0, 2**32))
def test_random_files_are_read_as_pretty_midi_reads_them(seed: int) -> None:
    content = random_file(seed)
    score = read_midi(content)
    if score.time_signatures and score.instruments:
        test_parts_and_notes_are_those_of_pretty_midi(content)
        test_beats_and_downbeats_are_those_of_pretty_midi(content)
        test_chroma_is_that_of_pretty_midi(content)


def test_chroma_does_not_depend_on_how_it_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    score = read_midi((FIXTURES / "sustain_pedal.mid").read_bytes())
    beats = beat_times(score.tempo_map, score.time_signatures, score.tempo_map.second(score.end))
    whole = beat_chroma(score, beats)
    monkeypatch.setattr("emo_assets.tokens.chroma.MAX_CELLS_AT_ONCE", 40)
    assert beat_chroma(score, beats).tolist() == whole.tolist()


def test_a_file_may_have_no_time_signature() -> None:
    score = read_midi((FIXTURES / "no_time_signature.mid").read_bytes())
    assert score.time_signatures == ()
    beats = beat_times(score.tempo_map, (TimeSignature(0, 4, 4),), score.tempo_map.second(score.end))
    assert beats.tolist() == reference((FIXTURES / "no_time_signature.mid").read_bytes()).get_beats().tolist()


@pytest.mark.realdata
def test_chroma_of_real_files_is_that_of_pretty_midi(realdata: Path) -> None:
    for path in sorted((realdata / "lmd_matched").rglob("*.mid"))[::75]:
        test_chroma_is_that_of_pretty_midi(path.read_bytes())
