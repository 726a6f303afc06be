"""Soft labels: a Gaussian over the values of the bins instead of one right bin (paper section 4.1.3).

The paper's code gives 1/4, 1/2, 1/4 to a bin and its neighbors. Here the weights are the density of a
Gaussian at each bin's value, normalized over the bins.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emo_assets.tokens.quantization import (
    MEAN_DURATION_BINS,
    MEAN_PITCH_BINS,
    MEAN_VELOCITY_BINS,
    NOTE_DENSITY_BINS,
)
from emo_assets.tokens.vocabulary import DescriptionKind

BIN_VALUES: dict[DescriptionKind, NDArray[np.float64]] = {
    DescriptionKind.NOTE_DENSITY: np.asarray(NOTE_DENSITY_BINS, dtype=np.float64),
    DescriptionKind.MEAN_VELOCITY: np.asarray(MEAN_VELOCITY_BINS, dtype=np.float64),
    DescriptionKind.MEAN_PITCH: np.asarray(MEAN_PITCH_BINS, dtype=np.float64),
    DescriptionKind.MEAN_DURATION: np.log2(np.asarray(MEAN_DURATION_BINS, dtype=np.float64)),
}
"""Value of each bin, shape (33,): notes per position, MIDI velocity and pitch, log2 of ticks."""


def soft_labels(kind: DescriptionKind, sigma: float) -> NDArray[np.float32]:
    """Return the label of each bin as a distribution over the bins.

    Args:
        kind: an ordered kind.
        sigma: standard deviation in mean distances between neighboring bins; 0 for hard labels.

    Returns:
        Shape (33, 33): row i is proportional to exp(-(v_j - v_i)² / 2σ²) over the bins' values v and sums
        to 1.
    """
    values = BIN_VALUES[kind]
    if sigma == 0:
        return np.eye(len(values), dtype=np.float32)
    width = (values[-1] - values[0]) / (len(values) - 1)
    distance = (values[:, None] - values[None, :]) / (sigma * width)
    weights = np.exp(-0.5 * distance**2)
    labels: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return labels


class SoftLabels:
    """Losses against soft labels.

    Args:
        kind: an ordered kind.
        sigma: as for `soft_labels`.
    """

    def __init__(self, kind: DescriptionKind, sigma: float) -> None:
        self.table = torch.from_numpy(soft_labels(kind, sigma))  # (33, 33)
        self.entropy = -(self.table * self.table.clamp(min=1e-30).log()).sum(dim=-1)  # (33,)

    def cross_entropy(self, predicted: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy in nats, (tokens,).

        Args:
            predicted: log-probabilities, (tokens, 33).
            targets: right bins, (tokens,).
        """
        labels = self.table.to(predicted.device)[targets]  # (tokens, 33)
        # clamped, because 0 · log 0 is 0 where a label has no weight
        return -(labels * predicted.clamp(min=-100)).sum(dim=-1)

    def divergence(self, predicted: Tensor, targets: Tensor) -> Tensor:
        """Return KL(label ‖ prediction) in nats, (tokens,). Arguments are those of `cross_entropy`."""
        return self.cross_entropy(predicted, targets) - self.entropy.to(predicted.device)[targets]
