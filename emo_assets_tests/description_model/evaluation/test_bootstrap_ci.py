from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emo_assets.description_model.evaluation.bootstrap_ci import bootstrap_ci, bootstrap_ratio


def test_an_interval_holds_the_ratio_and_narrows_with_more_songs() -> None:
    rng = np.random.default_rng(1)
    few, many = rng.normal(2, 1, 20), rng.normal(2, 1, 2000)
    wide = bootstrap_ratio(few, np.ones(20))
    narrow = bootstrap_ratio(many, np.ones(2000))

    assert wide.low < wide.value < wide.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 4
    assert narrow.low < 2 < narrow.high
    assert np.isnan(bootstrap_ratio([], []).value)


def test_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(1).normal(2, 1, 20)
    ones = np.ones(20)

    assert bootstrap_ratio(values, ones, seed=3) == bootstrap_ratio(values, ones, seed=3)
    assert bootstrap_ratio(values, ones, seed=3) != bootstrap_ratio(values, ones, seed=4)


def test_one_song_has_an_interval_without_width() -> None:
    alone = bootstrap_ratio([3.0], [2.0])

    assert alone.low == alone.value == alone.high == pytest.approx(1.5)


def test_resamples_without_a_statistic_are_left_out() -> None:
    """Half of all resamples of two songs have no token of the kind, or only such songs."""
    found = bootstrap_ratio([2.0, 0.0], [1.0, 0.0])

    assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)


def test_samples_are_resampled_on_their_own_unless_they_are_paired() -> None:
    def difference(one: NDArray[np.float64], other: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        return np.asarray(one.mean(axis=axis) - other.mean(axis=axis))

    values = np.arange(9.0)
    paired = bootstrap_ci([values, values], difference, paired=True)
    unpaired = bootstrap_ci([values, values[:-1]], difference)

    assert paired.low == paired.high == 0
    assert unpaired.low < 0.5 < unpaired.high
