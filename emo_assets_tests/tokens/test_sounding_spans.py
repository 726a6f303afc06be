from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.tokens.sounding_spans import SoundingSpans, apply_pitch_bends, apply_sustain, frames

FRAMES = 40

spans_of_pitches = st.lists(
    st.tuples(
        st.integers(58, 61), st.integers(0, FRAMES - 1), st.integers(0, FRAMES // 2), st.integers(1, 127)
    ),
    max_size=6,
)
"""(pitch, first frame, number of frames, velocity)."""

edges = st.lists(st.integers(0, FRAMES), max_size=8, unique=True).map(sorted)


def spans_of(notes: list[tuple[int, int, int, int]]) -> SoundingSpans:
    columns = np.array(notes, dtype=np.int64).reshape(-1, 4).T
    return SoundingSpans(
        columns[0], columns[1], np.minimum(columns[1] + columns[2], FRAMES), columns[3].astype(np.float64)
    )


def piano_roll(spans: SoundingSpans) -> NDArray[np.float64]:
    """Return the loudness of each pitch in each frame, shape (128, FRAMES)."""
    roll = np.zeros((128, FRAMES))
    for pitch, start, stop, loudness in zip(
        spans.pitch, spans.start, spans.stop, spans.loudness, strict=True
    ):
        roll[pitch, start:stop] += loudness
    return roll


@given(spans_of_pitches, edges)
def test_a_pedal_is_a_running_maximum_of_the_piano_roll(
    notes: list[tuple[int, int, int, int]], pedal_edges: list[int]
) -> None:
    spans = spans_of(notes)
    pedals = list(zip(pedal_edges[::2], pedal_edges[1::2], strict=False))
    expected = piano_roll(spans)
    for start, stop in pedals:
        expected[:, start:stop] = np.maximum.accumulate(expected[:, start:stop], axis=1)
    starts, stops = np.array(pedals, dtype=np.int64).reshape(-1, 2).T

    held = apply_sustain(spans, starts, stops)

    np.testing.assert_allclose(piano_roll(held), expected)


@given(spans_of_pitches, edges, st.lists(st.integers(-8192, 8191), min_size=8, max_size=8))
def test_bends_move_loudness_between_pitches_and_keep_its_sum(
    notes: list[tuple[int, int, int, int]], bend_edges: list[int], amounts: list[int]
) -> None:
    spans = spans_of(notes)
    bend_start, amount = np.array(bend_edges, dtype=np.int64), np.array(amounts[: len(bend_edges)])

    bent = piano_roll(apply_pitch_bends(spans, bend_start, amount.astype(np.int64), FRAMES))

    roll = piano_roll(spans)
    np.testing.assert_allclose(bent.sum(axis=0), roll.sum(axis=0), atol=1e-9)
    pitches = np.arange(128)
    moved = (bent * pitches[:, None]).sum(axis=0) - (roll * pitches[:, None]).sum(axis=0)
    by_frame = np.zeros(FRAMES)
    for start, value in zip(bend_edges, amounts, strict=False):
        by_frame[start:] = 2 * value / 8192
    np.testing.assert_allclose(moved, by_frame * roll.sum(axis=0), atol=1e-6)


def test_half_a_semitone_is_half_of_each_pitch() -> None:
    bent = apply_pitch_bends(spans_of([(60, 0, 10, 80)]), np.array([4]), np.array([2048]), FRAMES)
    roll = piano_roll(bent)
    assert roll[60, :10].tolist() == [80] * 4 + [40] * 6
    assert roll[61, :10].tolist() == [0] * 4 + [40] * 6


def test_points_in_time_fall_into_hundredths_of_a_second() -> None:
    assert frames(np.array([0.0, 0.019, 1.0])).tolist() == [0, 1, 100]


def test_too_many_spans_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emo_assets.tokens.sounding_spans.MAX_SPANS", 10)
    pedals = np.arange(0, 40, 2)
    with pytest.raises(MidiError, match="pedals and bends") as refused:
        apply_sustain(spans_of([(60, 0, 20, 80), (62, 0, 20, 80)]), pedals, pedals + 1)
    assert refused.value.stage == "limits"
