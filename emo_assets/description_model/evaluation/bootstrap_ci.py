"""Percentile bootstrap confidence intervals: how far a figure may be off because of the songs tested."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NUM_RESAMPLES = 2000
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class ConfidenceInterval:
    """A figure with the middle 95 % of its bootstrap distribution."""

    value: float
    low: float
    high: float


UNDEFINED = ConfidenceInterval(np.nan, np.nan, np.nan)


def bootstrap_ci(
    samples: Sequence[NDArray[np.generic]],
    statistic: Callable[..., NDArray[np.float64]],
    *,
    paired: bool = False,
    seed: int = 0,
) -> ConfidenceInterval:
    """Return a statistic with its percentile interval over `NUM_RESAMPLES` resamples.

    Args:
        samples: one or more samples, each of shape (observations,).
        statistic: takes the samples and `axis`, and reduces that axis. Resamples for which it is NaN are
            left out.
        paired: resample all samples by the same observations, rather than each on its own.
        seed: of the resampling.

    Returns:
        `UNDEFINED` where the statistic of the samples themselves is NaN; an interval without width where a
        sample has a single observation.
    """
    from scipy.stats import DegenerateDataWarning, bootstrap  # takes most of a second to import

    value = float(statistic(*samples, axis=-1))
    if np.isnan(value):
        return UNDEFINED
    if min(map(len, samples)) < 2:
        return ConfidenceInterval(value, value, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # resamples whose statistic is NaN
        found = bootstrap(
            samples,
            statistic,
            paired=paired,
            vectorized=True,
            n_resamples=NUM_RESAMPLES,
            method="percentile",
            rng=seed,
        )
    ends = [(1 - CONFIDENCE_LEVEL) / 2, (1 + CONFIDENCE_LEVEL) / 2]
    low, high = np.nanquantile(found.bootstrap_distribution, ends)
    return ConfidenceInterval(value, float(low), float(high))


def bootstrap_ratio(numerators: ArrayLike, denominators: ArrayLike, *, seed: int = 0) -> ConfidenceInterval:
    """Return Σ numerators / Σ denominators over songs with its interval; NaN without songs.

    Args:
        numerators: one per song, such as bits.
        denominators: one per song, such as tokens.
        seed: of the resampling.
    """
    samples = [np.asarray(values, dtype=np.float64) for values in (numerators, denominators)]
    return bootstrap_ci(samples, _ratio, paired=True, seed=seed) if len(samples[0]) else UNDEFINED


def _ratio(
    numerators: NDArray[np.float64], denominators: NDArray[np.float64], axis: int
) -> NDArray[np.float64]:
    total = np.asarray(denominators.sum(axis=axis))
    ratio = np.full(total.shape, np.nan)
    np.divide(numerators.sum(axis=axis), total, out=ratio, where=total > 0)
    return ratio
