"""Features as network inputs: standardized numbers, the key as an angle, categories one-hot."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from emo_assets.features import FEATURE_NAMES

CONTINUOUS = ("danceability", "energy", "loudness", "acousticness", "instrumentalness", "valence", "tempo")
METERS = tuple(range(1, 8))
MAX_DEVIATIONS = 4.0
"""Standardized features are clipped to this distance from the mean, so that outliers have no leverage."""

_COLUMNS: tuple[str, ...] = (*CONTINUOUS, "key", "key", "mode", "mode", *["time_signature"] * len(METERS))
ENCODED_SIZE = len(_COLUMNS)
"""Number of encoded columns."""

COLUMN_FEATURE: NDArray[np.int64] = np.array([FEATURE_NAMES.index(name) for name in _COLUMNS])
"""Index in `FEATURE_NAMES` of each encoded column's feature, shape (encoded,)."""

_PerFeature = Field(min_length=len(CONTINUOUS), max_length=len(CONTINUOUS))


class FeatureEncoder(BaseModel):
    """Encodes feature vectors.

    Attributes:
        means: means of the continuous features in the training split, in the order of `CONTINUOUS`.
        deviations: their standard deviations.
    """

    model_config = ConfigDict(frozen=True)

    means: Annotated[tuple[float, ...], _PerFeature]
    deviations: Annotated[tuple[Annotated[float, Field(gt=0)], ...], _PerFeature]

    @classmethod
    def fit(cls, features: NDArray[np.float64]) -> Self:
        """Compute means and deviations.

        Args:
            features: one row per training song, NaN for missing features, shape (songs, 10).
        """
        values = features[:, [FEATURE_NAMES.index(name) for name in CONTINUOUS]]
        deviations = np.nanstd(values, axis=0)
        deviations = np.where(deviations > 1e-9, deviations, 1.0)
        return cls(means=tuple(np.nanmean(values, axis=0).tolist()), deviations=tuple(deviations.tolist()))

    def encode(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Encode feature vectors.

        Args:
            features: in the order of `FEATURE_NAMES`, shape (songs, 10).

        Returns:
            The standardized continuous features, cosine and sine of the key, mode and meter one-hot (a meter
            above 7 counts as 7), shape (songs, encoded).
        """
        by_name = dict(zip(FEATURE_NAMES, np.nan_to_num(features).T, strict=True))
        continuous = np.stack([by_name[name] for name in CONTINUOUS], axis=1)
        standardized = np.clip(
            (continuous - np.array(self.means)) / np.array(self.deviations), -MAX_DEVIATIONS, MAX_DEVIATIONS
        )
        angle = 2 * np.pi * by_name["key"] / 12
        mode = by_name["mode"].round()
        meter = by_name["time_signature"].round().clip(METERS[0], METERS[-1])
        columns = [
            *standardized.T,
            np.cos(angle),
            np.sin(angle),
            *(mode == value for value in (0, 1)),
            *(meter == value for value in METERS),
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def mask_features(encoded: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Set the columns of masked features to 0.

    Args:
        encoded: encoded features, shape (songs, encoded).
        mask: true for the features to keep, shape (songs, 10).
    """
    return np.where(mask[:, COLUMN_FEATURE], encoded, np.float32(0))


def feature_matrix(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the ten feature columns of a table, shape (rows, 10), in the order of `FEATURE_NAMES`."""
    return table.loc[:, list(FEATURE_NAMES)].to_numpy(dtype=np.float64)
