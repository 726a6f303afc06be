"""Where a number lies among those of known songs, and back."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Value = Annotated[float, Field(ge=-1e9, le=1e9)]
Rank = Annotated[float, Field(ge=0, le=1)]


class EmpiricalCDF(BaseModel):
    """The distribution of a number over songs, as a piecewise linear curve.

    Attributes:
        values: knots, ascending.
        ranks: share of songs below each knot, songs with the value itself counting half, ascending.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    values: tuple[Value, ...] = Field(min_length=1)
    ranks: tuple[Rank, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_knots(self) -> Self:
        if len(self.values) != len(self.ranks):
            raise ValueError("values and ranks differ in number")
        if any(np.any(np.diff(knots) < 0) for knots in (self.values, self.ranks)):
            raise ValueError("values and ranks must ascend")
        return self

    @classmethod
    def fit(cls, samples: ArrayLike, *, knots: int | None = None) -> Self:
        """Return the distribution of samples, ignoring NaN; without samples all values are at rank 0.5.

        Args:
            samples: any shape.
            knots: keep about this many, at evenly spaced ranks; all by default.
        """
        known = np.asarray(samples, dtype=np.float64).ravel()
        known = known[~np.isnan(known)]
        if not len(known):
            return cls(values=(0.0,), ranks=(0.5,))
        values, counts = np.unique(known, return_counts=True)
        ranks = (np.cumsum(counts) - counts / 2) / len(known)
        if knots is not None and len(values) > knots:
            kept = np.unique(np.abs(ranks[:, None] - np.linspace(0, 1, knots)).argmin(axis=0))
            values, ranks = values[kept], ranks[kept]
        return cls(values=tuple(values.tolist()), ranks=tuple(ranks.tolist()))

    def cdf(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the share of songs below each of `values`, 0 to 1, by linear interpolation; NaN for NaN."""
        return np.interp(np.asarray(values, dtype=np.float64), self.values, self.ranks)

    def quantile(self, ranks: ArrayLike) -> NDArray[np.float64]:
        """Return the values that shares `ranks` (0 to 1) of the songs stay below."""
        return np.interp(np.asarray(ranks, dtype=np.float64), self.ranks, self.values)
