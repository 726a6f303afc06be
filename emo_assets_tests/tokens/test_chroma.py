"""Chroma against pretty_midi."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.score import read_midi
from emo_assets.midi.tempo_map import beat_times
from emo_assets.tokens.chroma import beat_chroma
from emo_assets_tests.midi.pretty_midi_cases import CASES, playable_random_file, reference
from emo_assets_tests.tokens.expected import FIXTURES


@pytest.mark.parametrize("content", CASES)
def test_chroma_is_that_of_pretty_midi(content: bytes) -> None:
    midi, score = reference(content), read_midi(content)
    beats = midi.get_beats()
    ours, theirs = beat_chroma(score, beats), midi.get_chroma(times=beats)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert ((ours > 10) == (theirs > 10)).all()


@given(st.integers(0, 2**32))
def test_chroma_of_random_files_is_that_of_pretty_midi(seed: int) -> None:
    if content := playable_random_file(seed):
        test_chroma_is_that_of_pretty_midi(content)


def test_chroma_does_not_depend_on_how_it_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    score = read_midi((FIXTURES / "sustain_pedal.mid").read_bytes())
    beats = beat_times(score.tempo_map, score.time_signatures, score.tempo_map.second(score.end))
    whole = beat_chroma(score, beats)
    monkeypatch.setattr("emo_assets.tokens.chroma.MAX_CELLS_AT_ONCE", 40)
    assert beat_chroma(score, beats).tolist() == whole.tolist()


@pytest.mark.realdata
def test_chroma_of_real_files_is_that_of_pretty_midi(realdata: Path) -> None:
    for path in sorted((realdata / "lmd_matched").rglob("*.mid"))[::75]:
        test_chroma_is_that_of_pretty_midi(path.read_bytes())
