"""Instruments and notes against pretty_midi."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import read_midi
from emo_assets_tests.midi.pretty_midi_cases import CASES, playable_random_file, reference


@pytest.mark.parametrize("content", CASES)
def test_instruments_and_notes_are_those_of_pretty_midi(content: bytes) -> None:
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


@given(st.integers(0, 2**32))
def test_instruments_and_notes_of_random_files_are_those_of_pretty_midi(seed: int) -> None:
    if content := playable_random_file(seed):
        test_instruments_and_notes_are_those_of_pretty_midi(content)
