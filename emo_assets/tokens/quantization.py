"""The bins that values are quantized to: positions, velocities, tempos, durations and the means of a bar.

The values are those of FIGARO (section 4 of its paper, and its public code).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

POSITIONS_PER_QUARTER = 12

VELOCITY_BINS = np.arange(0, 129, 4)
"""MIDI velocities, shape (33,)."""

TEMPO_BINS = np.linspace(0, 240, 33).astype(np.int64)
"""Quarter notes per minute, shape (33,)."""

DURATION_BINS = np.array(
    [*range(1, 13), 15, 17, 18, 21, 21, 24, 30, 36, 42, 48, *range(60, 181, 12), *range(192, 769, 24)]
)
"""Positions, shape (58,). FIGARO has the value 21 twice; only the first is used."""

NOTE_DENSITY_BINS = np.linspace(0, 12, 33)
"""Notes per position, shape (33,)."""

MEAN_VELOCITY_BINS = np.linspace(0, 128, 33)
MEAN_PITCH_BINS = np.linspace(0, 128, 33)
MEAN_DURATION_BINS = np.logspace(0, 7, 33, base=2)
"""Ticks, not positions, so the bin depends on the file's resolution, as in FIGARO's training data."""

for _bins in (
    VELOCITY_BINS,
    TEMPO_BINS,
    DURATION_BINS,
    NOTE_DENSITY_BINS,
    MEAN_VELOCITY_BINS,
    MEAN_PITCH_BINS,
    MEAN_DURATION_BINS,
):
    _bins.flags.writeable = False


def nearest_bin(values: ArrayLike, bins: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the bin nearest to each value; of equally near ones the first.

    Args:
        values: numbers, of any shape.
        bins: ascending bin values, shape (n,).

    Returns:
        Indices into `bins`, of the shape of `values`.
    """
    distances = np.abs(np.asarray(values)[..., np.newaxis] - bins)  # (..., n)
    nearest: NDArray[np.int64] = np.argmin(distances, axis=-1)
    return nearest


def time_signature_positions(numerator: int, denominator: int) -> int:
    """Return how many positions a bar has: `12 * 4 * numerator / denominator`, cut to a whole number."""
    return 4 * POSITIONS_PER_QUARTER * numerator // denominator
