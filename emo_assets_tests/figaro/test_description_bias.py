from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emo_assets.figaro.constraints import DescriptionConstraint, min_notes
from emo_assets.figaro.description_bias import (
    MISSING_INSTRUMENT_PENALTY,
    DescriptionBias,
    MeanController,
    _tilt,
)
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.quantization import VELOCITY_BINS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS

TOKENS = [
    *("Bar_1", "Time Signature_4/4", "Note Density_1", "Mean Velocity_16", "Mean Pitch_15"),
    *("Mean Duration_20", "Instrument_Violin", "Instrument_drum", "Chord_C:maj"),
]
[BAR] = DescriptionGrammar().parse(DESCRIPTIONS.encode(TOKENS))
HEAD = ["Bar_1", "Time Signature_4/4", "Position_0", "Chord_C:maj", "Position_0", "Tempo_16"]


def biases_after(*tokens: str) -> dict[str, float]:
    """The bias of each allowed token after `tokens`, the network's logits being equal."""
    constraint, bias = DescriptionConstraint([BAR], 120.0), DescriptionBias([BAR])
    for token in EVENTS.encode([*HEAD, *tokens]):
        bias.advance(constraint.state, token)
        constraint.advance(token)
    allowed = constraint.allowed()
    values = bias.biases(constraint.state, allowed, np.zeros(len(allowed), np.float32))
    return {EVENTS.tokens[token]: float(value) for token, value in zip(allowed, values, strict=True)}


def violin(position: int, pitch: int, velocity: int = 16) -> list[str]:
    note = ("Instrument_Violin", f"Pitch_{pitch}", f"Velocity_{velocity}", "Duration_11")
    return [f"Position_{position}", *note]


def test_a_bar_with_too_few_notes_moves_on_slowly() -> None:
    assert min_notes(BAR) == 9
    biases = biases_after(*violin(0, 60))
    assert biases["Position_0"] == 0
    assert biases["Position_40"] < biases["Position_20"] < -1
    many = [token for pitch in range(60, 69) for token in violin(0, pitch)]
    assert biases_after(*many)["Position_40"] == 0


def test_a_bar_does_not_end_before_its_instruments_have_played() -> None:
    many = [token for pitch in range(60, 69) for token in violin(0, pitch)]
    assert biases_after(*many)["<eos>"] == -MISSING_INSTRUMENT_PENALTY


def test_an_instrument_that_has_not_played_becomes_likely_late_in_the_bar() -> None:
    early, late = (biases_after(*violin(0, 60), f"Position_{position}") for position in (6, 40))
    assert 0 < early["Instrument_drum"] < late["Instrument_drum"]
    assert late["Instrument_Violin"] == 0


@pytest.mark.parametrize(("pitch", "rises"), [(36, True), (90, False)])
def test_pitches_make_up_for_a_mean_that_is_off(pitch: int, rises: bool) -> None:
    biases = biases_after(*violin(0, pitch), "Position_12", "Instrument_Violin")
    assert (biases["Pitch_100"] > biases["Pitch_30"]) == rises


@pytest.mark.parametrize(("velocity", "rises"), [(2, True), (31, False)])
def test_velocities_make_up_for_a_mean_that_is_off(velocity: int, rises: bool) -> None:
    biases = biases_after(*violin(0, 60, velocity), "Position_12", "Instrument_Violin", "Pitch_60")
    assert (biases["Velocity_31"] > biases["Velocity_1"]) == rises


def test_a_bar_as_described_is_left_alone() -> None:
    biases = biases_after(*violin(0, 60), "Position_0", "Instrument_Violin", "Pitch_62")
    assert set(biases.values()) == {0.0}


def test_what_every_bar_misses_by_is_expected_of_the_next() -> None:
    controller = MeanController(tolerance=1, horizon=4, limit=10)
    for _ in range(6):
        controller.begin_bar(60)
        for _ in range(8):
            controller.add(54 + controller.shift())
    assert 3 < controller.shift() <= 10
    controller.begin_bar(60)
    assert controller.shift() == pytest.approx(6, abs=1.5)


@given(
    st.lists(st.integers(-8, 8), min_size=len(VELOCITY_BINS), max_size=len(VELOCITY_BINS)), st.floats(-20, 20)
)
def test_a_tilt_moves_the_expected_value_towards_its_target(levels: list[int], shift: float) -> None:
    logits = np.array(levels, np.float32)
    values = VELOCITY_BINS.astype(np.float64)

    def mean(biases: NDArray[np.float32]) -> float:
        weights = np.exp(logits + biases - (logits + biases).max())
        return float(weights @ values / weights.sum())

    before, after = mean(np.zeros_like(logits)), mean(_tilt(logits, values, shift, limit=0.4))
    assert abs(after - before) <= abs(shift) + 2
    assert (after - before) * shift >= 0 or abs(after - before) < 1e-2


def test_bars_without_instruments_need_no_notes() -> None:
    silent = DescribedBar(BAR.time_signature, 0, 0, 0, 0, (), ())
    bias, constraint = DescriptionBias([silent]), DescriptionConstraint([silent], 120.0)
    for token in EVENTS.encode(["Bar_1", "Time Signature_4/4", "Position_0", "Tempo_16"]):
        bias.advance(constraint.state, token)
        constraint.advance(token)
    allowed = constraint.allowed()
    assert not bias.biases(constraint.state, allowed, np.zeros(len(allowed), np.float32)).any()
