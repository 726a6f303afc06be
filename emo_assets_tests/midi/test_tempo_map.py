"""Ticks, beats and downbeats against pretty_midi."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.score import read_midi
from emo_assets.midi.tempo_map import TimeSignature, beat_times, downbeat_times
from emo_assets_tests.midi.pretty_midi_cases import CASES, playable_random_file, reference
from emo_assets_tests.tokens.expected import FIXTURES


@pytest.mark.parametrize("content", CASES)
def test_beats_and_downbeats_are_those_of_pretty_midi(content: bytes) -> None:
    midi, score = reference(content), read_midi(content)
    beats = beat_times(score.tempo_map, score.time_signatures, score.tempo_map.second(score.end))
    assert beats.tolist() == midi.get_beats().tolist()
    downbeats = downbeat_times(beats, score.tempo_map, score.time_signatures)
    assert downbeats.tolist() == midi.get_downbeats().tolist()
    times = np.concatenate((downbeats, beats, beats[:-1] + 0.3 * np.diff(beats)))
    assert score.tempo_map.nearest_ticks(times).tolist() == [midi.time_to_tick(time) for time in times]


@given(st.integers(0, 2**32))
def test_beats_and_downbeats_of_random_files_are_those_of_pretty_midi(seed: int) -> None:
    if content := playable_random_file(seed):
        test_beats_and_downbeats_are_those_of_pretty_midi(content)


def test_a_file_may_have_no_time_signature() -> None:
    score = read_midi((FIXTURES / "no_time_signature.mid").read_bytes())
    assert score.time_signatures == ()
    beats = beat_times(score.tempo_map, (TimeSignature(0, 4, 4),), score.tempo_map.second(score.end))
    assert beats.tolist() == reference((FIXTURES / "no_time_signature.mid").read_bytes()).get_beats().tolist()
