"""Sampling of tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.nn.sampling import SamplingParams, apply_cfg, sample_token

PROBABILITIES = np.array([0.05, 0.5, 0.3, 0.15])


@pytest.mark.parametrize("most_likely_first", [False, True])
def test_samples_follow_the_distribution(most_likely_first: bool) -> None:
    uniforms = (np.arange(4000) + 0.5) / 4000
    tokens = [
        sample_token(np.log(PROBABILITIES), uniform, most_likely_first=most_likely_first)
        for uniform in uniforms.tolist()
    ]

    np.testing.assert_allclose(np.bincount(tokens, minlength=4) / 4000, PROBABILITIES, atol=0.001)


def test_the_cumulative_distribution_runs_by_token_or_by_probability() -> None:
    logits = np.log(PROBABILITIES)

    assert [sample_token(logits, uniform) for uniform in (0.0, 0.06, 0.6, 0.99)] == [0, 1, 2, 3]
    by_probability = [
        sample_token(logits, uniform, most_likely_first=True) for uniform in (0.0, 0.06, 0.6, 0.99)
    ]
    assert by_probability == [1, 1, 2, 0]


def test_top_p_drops_unlikely_tokens_and_temperature_0_is_greedy() -> None:
    logits = np.log(PROBABILITIES)
    uniforms = np.linspace(0, 0.999, 200).tolist()

    assert {sample_token(logits, uniform, top_p=0.75) for uniform in uniforms} == {1, 2}
    assert {sample_token(logits, uniform, temperature=0) for uniform in uniforms} == {1}


def test_a_temperature_sharpens_or_flattens_the_distribution() -> None:
    logits = np.log(PROBABILITIES)
    uniforms = np.linspace(0, 0.999, 200).tolist()

    def share_of_likeliest(temperature: float) -> float:
        tokens = [sample_token(logits, uniform, temperature=temperature) for uniform in uniforms]
        return tokens.count(1) / len(tokens)

    assert share_of_likeliest(0.5) > share_of_likeliest(1) > share_of_likeliest(2)


def test_forbidden_tokens_are_never_sampled() -> None:
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0], dtype=np.float32)

    assert {sample_token(logits, uniform) for uniform in np.linspace(0, 0.999, 50).tolist()} == {1, 3}


def test_guidance_amplifies_the_condition() -> None:
    with_features = np.log(np.array([[0.6, 0.4, 1.0]]))
    without = np.log(np.array([[0.4, 0.6, 1.0]]))
    with_features[0, 2] = without[0, 2] = -np.inf

    def first_share(guidance: float) -> float:
        probabilities = np.exp(apply_cfg(with_features, without, guidance)[0])
        return float(probabilities[0] / probabilities.sum())

    assert first_share(0) == pytest.approx(0.4)
    assert first_share(1) == pytest.approx(0.6)
    assert first_share(3) > 0.8
    assert apply_cfg(with_features, without, 3)[0, 2] == -np.inf


@pytest.mark.parametrize(
    "values", [{"temperature": -1.0}, {"top_p": 0.0}, {"guidance": float("nan")}, {"guidance": 21.0}]
)
def test_parameters_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be"):
        SamplingParams(**values)


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=20),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.05, 5),
    st.floats(0.01, 1),
)
def test_samples_are_in_the_nucleus(
    logits: list[float], uniform: float, temperature: float, top_p: float
) -> None:
    scaled = np.array(logits, np.float32).astype(np.float64) / temperature
    token = sample_token(np.array(logits, np.float32), uniform, temperature=temperature, top_p=top_p)
    probabilities = np.exp(scaled - scaled.max())
    probabilities /= probabilities.sum()
    likelier = probabilities[probabilities > probabilities[token]].sum()
    assert likelier < top_p or likelier == pytest.approx(top_p)
