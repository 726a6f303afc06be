from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from emo_assets.metrics.empirical_cdf import EmpiricalCDF

NUMBERS = st.integers(-1000, 1000).map(lambda number: number / 8)
SAMPLES = st.lists(NUMBERS, min_size=1, max_size=60)


def test_equal_values_count_half() -> None:
    distribution = EmpiricalCDF.fit([3.0, 1.0, 1.0, np.nan, 2.0])
    assert list(distribution.values) == [1, 2, 3]
    assert list(distribution.ranks) == [0.25, 0.625, 0.875]
    assert distribution.cdf(1.5) == pytest.approx(0.4375)
    assert distribution.quantile(0.625) == 2


@given(SAMPLES, st.lists(NUMBERS, min_size=2, max_size=20))
def test_ranks_are_shares_that_ascend_with_values(samples: list[float], values: list[float]) -> None:
    ranks = EmpiricalCDF.fit(samples).cdf(sorted(values))
    assert ((ranks >= 0) & (ranks <= 1)).all()
    assert (np.diff(ranks) >= 0).all()


@given(SAMPLES)
def test_the_rank_of_a_sample_is_the_share_below_it(samples: list[float]) -> None:
    known = np.array(samples)
    for value in samples:
        expected = (known < value).mean() + (known == value).mean() / 2
        assert EmpiricalCDF.fit(samples).cdf(value) == pytest.approx(expected)


@given(SAMPLES, st.integers(2, 31))
def test_quantiles_undo_ranks(samples: list[float], knots: int) -> None:
    for distribution in (EmpiricalCDF.fit(samples), EmpiricalCDF.fit(samples, knots=knots)):
        values = np.array(distribution.values)
        assert distribution.quantile(distribution.cdf(values)) == pytest.approx(values)
        assert distribution.quantile([0, 1]).tolist() == [values[0], values[-1]]


@given(st.integers(0, 2**32 - 1))
def test_few_knots_are_nearly_as_good(seed: int) -> None:
    samples = np.random.default_rng(seed).normal(size=300)
    whole, short = EmpiricalCDF.fit(samples), EmpiricalCDF.fit(samples, knots=31)
    assert len(short.values) <= 31
    assert np.abs(whole.cdf(samples) - short.cdf(samples)).max() < 1 / 30


def test_unknown_values_have_unknown_ranks_and_no_sample_the_middle() -> None:
    assert np.isnan(EmpiricalCDF.fit([1.0, 2.0]).cdf([np.nan])).all()
    assert EmpiricalCDF.fit([np.nan]).cdf([-5.0, 5.0]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ((), ()),
        ((0.0, 1.0), (0.5,)),
        ((1.0, 0.0), (0.2, 0.5)),
        ((0.0, 1.0), (0.5, 0.2)),
        ((0.0, 1.0), (0.5, 1.2)),
        ((0.0, 1.0), (-0.1, 0.5)),
        ((0.0, float("inf")), (0.2, 0.5)),
        ((0.0, float("nan")), (0.2, 0.5)),
        ((-1e308, 1e308), (0.2, 0.5)),
    ],
)
def test_curves_that_do_not_ascend_are_rejected(values: Any, ranks: Any) -> None:
    with pytest.raises(ValidationError):
        EmpiricalCDF(values=values, ranks=ranks)
