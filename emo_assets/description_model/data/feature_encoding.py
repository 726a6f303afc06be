"""Features as numbers that a network takes: standardised, the key on its circle, categories one by one.

Knows nothing of tokens and networks. What it learns from the training split (means and deviations) is kept
with the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector

CONTINUOUS = (
    "danceability",
    "energy",
    "loudness",
    "acousticness",
    "instrumentalness",
    "valence",
    "tempo",
)
METERS = tuple(range(1, 8))
MAX_DEVIATIONS = 4.0
"""Deviations from the mean at which a standardised feature is cut: nobody asked for outliers' leverage."""

_COLUMNS: tuple[str, ...] = (*CONTINUOUS, "key", "key", "mode", "mode", *["time_signature"] * len(METERS))
ENCODED_SIZE = len(_COLUMNS)
"""Columns of encoded features."""

COLUMN_FEATURE: NDArray[np.int64] = np.array([FEATURE_NAMES.index(name) for name in _COLUMNS])
"""For each encoded column the number of the feature it belongs to, shape (ENCODED_SIZE,)."""


@dataclass(frozen=True)
class FeatureEncoder:
    """Turns feature vectors into rows of numbers.

    Attributes:
        means: of the continuous features in the training split, in the order of `CONTINUOUS`.
        deviations: their standard deviations, never 0.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @classmethod
    def fitted(cls, songs: pd.DataFrame) -> Self:
        """Learn means and deviations from one row a song.

        Args:
            songs: the training split's songs, with the ten feature columns.
        """
        values = songs.loc[:, list(CONTINUOUS)].to_numpy(dtype=np.float64)
        deviations = np.nanstd(values, axis=0)
        deviations = np.where(deviations > 1e-9, deviations, 1.0)
        return cls(tuple(np.nanmean(values, axis=0).tolist()), tuple(deviations.tolist()))

    def encode(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Encode feature vectors.

        Args:
            features: shape (songs, 10), in the order of `FEATURE_NAMES`.

        Returns:
            Shape (songs, ENCODED_SIZE): the continuous features standardised, the key as cosine and sine of
            its place among twelve, mode and meter one-hot (a meter of 8 or more counts as 7).
        """
        features = np.nan_to_num(features)
        by_name = {name: features[:, column] for column, name in enumerate(FEATURE_NAMES)}
        continuous = np.stack([by_name[name] for name in CONTINUOUS], axis=1)
        standardised = np.clip(
            (continuous - np.array(self.means)) / np.array(self.deviations), -MAX_DEVIATIONS, MAX_DEVIATIONS
        )
        angle = 2 * np.pi * by_name["key"] / 12
        mode = by_name["mode"].round()
        meter = by_name["time_signature"].round().clip(METERS[0], METERS[-1])
        columns = [
            *standardised.T,
            np.cos(angle),
            np.sin(angle),
            *(mode == value for value in (0, 1)),
            *(meter == value for value in METERS),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def hide(self, encoded: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return encoded features with 0 in the columns of those that are not told.

        Args:
            encoded: shape (songs, ENCODED_SIZE).
            present: which features are told, shape (songs, 10).
        """
        return np.where(present[:, COLUMN_FEATURE], encoded, np.float32(0))

    def encode_vectors(self, features: Sequence[FeatureVector]) -> NDArray[np.float32]:
        """Encode `FeatureVector`s, shape (songs, ENCODED_SIZE)."""
        return self.encode(np.stack([vector.as_array() for vector in features]))

    def as_json(self) -> dict[str, list[float]]:
        """Return what `from_json` takes."""
        return {"means": list(self.means), "deviations": list(self.deviations)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build the encoder from what `as_json` returned.

        Raises:
            InputError: it is not that.
        """
        try:
            means = tuple(float(value) for value in values["means"])
            deviations = tuple(float(value) for value in values["deviations"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the feature encoding is damaged ({error}); train the model anew") from error
        if len(means) != len(CONTINUOUS) or len(deviations) != len(CONTINUOUS) or min(deviations) <= 0:
            raise InputError("the feature encoding is damaged (wrong numbers); train the model anew")
        return cls(means, deviations)


def feature_matrix(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the ten feature columns of `table`, shape (rows, 10), in the order of `FEATURE_NAMES`."""
    return table.loc[:, list(FEATURE_NAMES)].to_numpy(dtype=np.float64)
