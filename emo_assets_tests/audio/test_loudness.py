from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from emo_assets.audio.loudness import (
    MAX_PEAK,
    fade_out,
    integrated_loudness,
    limit_peaks,
    normalize_loudness,
    normalize_peak,
    peak,
    target_loudness,
)

RATE = 44_100


def sine(amplitude: float, seconds: float = 2.0, frequency: float = 997.0) -> NDArray[np.float32]:
    wave = amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def noise(amplitude: float, seconds: float = 2.0) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, amplitude, (int(seconds * RATE), 2)).astype(np.float32)


@given(st.floats(-60, 5), st.floats(-60, 5))
def test_target_rises_with_the_feature(one: float, other: float) -> None:
    if one + 1e-6 < other:
        assert target_loudness(one) < target_loudness(other)


def test_target_stays_where_music_can_be_heard() -> None:
    assert target_loudness(-60) == -36
    assert target_loudness(-16) == -16
    assert target_loudness(5) == -9


def test_full_scale_sine_in_both_channels_has_the_loudness_of_the_standard() -> None:
    assert integrated_loudness(sine(1.0), RATE) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("samples", [sine(0.0), sine(0.5, seconds=0.1), sine(0.5, seconds=0.0)])
def test_silence_and_snippets_have_no_loudness(samples: NDArray[np.float32]) -> None:
    assert integrated_loudness(samples, RATE) == float("-inf")
    assert peak(normalize_loudness(samples, RATE, -14)) <= MAX_PEAK


def test_normalizing_the_peak_changes_only_samples_above_it() -> None:
    quiet = sine(0.3)
    assert normalize_peak(quiet) is quiet
    assert peak(normalize_peak(sine(3.0))) == pytest.approx(MAX_PEAK)


@given(st.floats(0.05, 4.0))
def test_limiter_holds_the_ceiling(amplitude: float) -> None:
    assert peak(limit_peaks(noise(amplitude, seconds=0.3))) <= np.float32(MAX_PEAK)


def test_limiter_lowers_a_peak_and_leaves_the_rest() -> None:
    samples = sine(0.2)
    samples[RATE] = 2.0
    levelled = limit_peaks(samples)
    assert peak(levelled) <= np.float32(MAX_PEAK)
    far = np.r_[0 : RATE - 1000, RATE + 1000 : len(samples)]
    np.testing.assert_allclose(levelled[far], samples[far], rtol=1e-6)


def test_both_channels_are_limited_alike() -> None:
    samples = sine(0.4)
    samples[:, 0] *= 4
    levelled = limit_peaks(samples)
    sounding = np.abs(samples[:, 1]) > 0.01
    np.testing.assert_allclose(levelled[sounding, 0] / levelled[sounding, 1], 4.0, rtol=1e-3)


@pytest.mark.parametrize("target", [-30.0, -16.0, -9.0])
def test_target_is_reached_below_the_ceiling(target: float) -> None:
    levelled = normalize_loudness(noise(0.1), RATE, target)
    assert integrated_loudness(levelled, RATE) == pytest.approx(target, abs=0.3)
    assert peak(levelled) <= np.float32(MAX_PEAK)


def test_fade_ends_in_silence_and_leaves_the_rest() -> None:
    samples = noise(0.1)
    faded = fade_out(samples, 1000)
    np.testing.assert_array_equal(faded[:-1000], samples[:-1000])
    assert np.abs(faded[-1]).max() < 1e-6
    assert len(fade_out(samples[:10], 1000)) == 10
