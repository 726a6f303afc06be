from __future__ import annotations

import numpy as np
import pytest

from emo_assets.key_profiles import CLEAR_KEY, match_key_profiles, telling_pitch_classes
from emo_assets.music_theory import MAJOR_SCALE, MINOR_SCALE


def scale_weights(tonic: int, mode: int) -> np.ndarray:
    """Weights of a scale, those of its tonic triad doubled."""
    weights = np.zeros(12)
    for degree, tone in enumerate(MAJOR_SCALE if mode else MINOR_SCALE):
        weights[(tonic + tone) % 12] = 2 if degree in (0, 2, 4) else 1
    return weights


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_has_its_key(tonic: int, mode: int) -> None:
    key = match_key_profiles(scale_weights(tonic, mode))
    assert key is not None
    assert (key.pitch_class, key.mode) == (tonic, mode)
    assert 0 < key.confidence < 2


def test_equal_weights_have_no_key() -> None:
    assert match_key_profiles(np.ones(12)) is None


@pytest.mark.parametrize(("tonic", "mode"), [(0, 1), (9, 0), (5, 1), (4, 0)])
def test_telling_pitch_classes_make_a_key_clear(tonic: int, mode: int) -> None:
    weights = scale_weights(0, 1)
    key = match_key_profiles(weights)
    assert key is not None
    margin, telling = telling_pitch_classes(weights, tonic, mode)
    assert margin == pytest.approx(key.confidence) if (tonic, mode) == (0, 1) else margin < 0
    assert np.abs(telling).max() == pytest.approx(1)
    for _ in range(100):
        margin, telling = telling_pitch_classes(weights, tonic, mode)
        weights += 0.1 * np.maximum(telling, 0)
    assert margin > CLEAR_KEY
    key = match_key_profiles(weights)
    assert key is not None
    assert (key.pitch_class, key.mode) == (tonic, mode)
