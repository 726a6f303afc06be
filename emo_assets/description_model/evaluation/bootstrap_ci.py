"""Bootstrap intervals over songs: how far a figure may be off because of which songs were tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 2000
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class ConfidenceInterval:
    """A figure with the middle 95 % of its bootstrap distribution."""

    value: float
    low: float
    high: float


def bootstrap_ratio(numerators: ArrayLike, denominators: ArrayLike, *, seed: int = 0) -> ConfidenceInterval:
    """Return Σ numerators / Σ denominators with its percentile bootstrap interval over songs.

    Args:
        numerators: one a song, such as bits.
        denominators: one a song, such as tokens; their sum must not be 0.
        seed: of the resampling.

    Returns:
        The ratio and the middle 95 % of 2000 resamples of the songs; NaN when there are no songs.
    """
    above = np.asarray(numerators, dtype=np.float64)
    below = np.asarray(denominators, dtype=np.float64)
    if len(above) == 0:
        return ConfidenceInterval(np.nan, np.nan, np.nan)
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(above), np.full(len(above), 1 / len(above)), size=RESAMPLES)
    totals = weights @ below
    ratios = (weights @ above)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(ratios, [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2])
    return ConfidenceInterval(float(above.sum() / below.sum()), float(low), float(high))
