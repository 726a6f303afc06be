"""Gaussian labels over the values of bins."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emo_assets.description_model.data.soft_labels import BIN_VALUES, SoftLabels, soft_labels
from emo_assets.description_model.specs import ORDERED_KINDS
from emo_assets.tokens.vocabulary import DescriptionKind


@pytest.mark.parametrize("kind", ORDERED_KINDS)
@pytest.mark.parametrize("sigma", [0.0, 0.3, 2.0])
def test_every_label_is_a_distribution_with_its_peak_on_the_right_bin(
    kind: DescriptionKind, sigma: float
) -> None:
    labels = soft_labels(kind, sigma)

    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-5)
    assert (labels.argmax(axis=1) == np.arange(33)).all()


def test_weights_follow_the_gaussian_of_the_bins_values() -> None:
    values = BIN_VALUES[DescriptionKind.MEAN_VELOCITY]  # 4 apart
    label = soft_labels(DescriptionKind.MEAN_VELOCITY, 0.5)[10]

    expected = np.exp(-0.5 * ((values - values[10]) / 2.0) ** 2)
    np.testing.assert_allclose(label, expected / expected.sum(), atol=1e-6)


def test_no_deviation_gives_hard_labels() -> None:
    np.testing.assert_array_equal(soft_labels(DescriptionKind.NOTE_DENSITY, 0), np.eye(33))


def test_the_divergence_is_0_for_the_label_itself_and_grows_with_the_distance() -> None:
    labels = SoftLabels(DescriptionKind.MEAN_PITCH, 0.5)
    targets = torch.tensor([3, 3])
    predicted = torch.stack([labels.table[3], labels.table[9]]).clamp(min=1e-12).log()
    divergence = labels.divergence(predicted, targets)

    assert float(divergence[0]) == pytest.approx(0, abs=1e-5)
    assert float(divergence[1]) > 1
