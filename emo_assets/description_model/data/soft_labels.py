"""Soft labels: a Gaussian over the values of a class' bins in place of one right bin.

Section 4.1.3 of the paper. Its code put 1/4, 1/2, 1/4 on a bin and its neighbours in a list of bins seen;
here the weights are a Gaussian's density at each bin's real value, renormalised over the class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.quantization import (
    MEAN_DURATION_BINS,
    MEAN_PITCH_BINS,
    MEAN_VELOCITY_BINS,
    NOTE_DENSITY_BINS,
)
from emo_assets.tokens.vocabulary import DescriptionKind


def bin_values(kind: DescriptionKind) -> NDArray[np.float64]:
    """Return the value of each bin of an ordered kind, shape (33,).

    Density in notes a position, velocity and pitch in MIDI's units, duration as the binary logarithm of
    ticks: its bins are spaced evenly on that scale, and so is what one hears.
    """
    match kind:
        case DescriptionKind.NOTE_DENSITY:
            return np.asarray(NOTE_DENSITY_BINS, dtype=np.float64)
        case DescriptionKind.MEAN_VELOCITY:
            return np.asarray(MEAN_VELOCITY_BINS, dtype=np.float64)
        case DescriptionKind.MEAN_PITCH:
            return np.asarray(MEAN_PITCH_BINS, dtype=np.float64)
        case DescriptionKind.MEAN_DURATION:
            return np.log2(np.asarray(MEAN_DURATION_BINS, dtype=np.float64))
        case _:
            raise ValueError(f"{kind} tokens are not ordered")


def soft_labels(kind: DescriptionKind, sigma: float) -> NDArray[np.float32]:
    """Return the label of each bin as a distribution over the class.

    Args:
        kind: an ordered kind.
        sigma: deviation of the Gaussian in mean distances between neighbouring bins; 0 gives hard labels.

    Returns:
        Shape (33, 33): row i is proportional to exp(-(v_j - v_i)² / 2σ²) over the bins' values v, and sums
        to 1.
    """
    values = bin_values(kind)
    if sigma == 0:
        return np.eye(len(values), dtype=np.float32)
    width = (values[-1] - values[0]) / (len(values) - 1)
    distance = (values[:, None] - values[None, :]) / (sigma * width)
    weights = np.exp(-0.5 * distance**2)
    labels: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return labels
