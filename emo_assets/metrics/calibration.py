"""Maps requested features to metrics of songs, by rank among the training songs.

Features and metrics have different units. A requested energy that nine of ten training songs stay below asks
for the note density that nine of ten stay below: quantile mapping. In real songs the two correlate only
loosely; in a request they are meant to correspond.

To choose among descriptions before their notes exist, ridge regression predicts the rank of each metric from
`description_features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.key_profiles import CLEAR_KEY, Key
from emo_assets.metrics.description_features import description_features, estimate_key
from emo_assets.metrics.metrics_table import METRIC_PREFIX
from emo_assets.metrics.song_metrics import FEATURE_METRICS, SongMetrics
from emo_assets.tokens.grammar.descriptions import DescribedBar

CALIBRATED_METRICS = {
    feature: metric.name for feature, metric in FEATURE_METRICS.items() if metric.tolerance is None
}
"""The features whose metric has another unit, and that metric."""

MIN_SONGS = 8
RIDGE_PENALTY = 20.0
"""Penalty on the squared weights of the regression, its inputs standardized."""

UNMEASURED_ERROR = 0.5
"""Difference of ranks that counts for a metric which cannot be measured."""

WRONG_KEY_PENALTY = 0.5
"""Added to the distance for a wrong key and for a wrong mode: more than all other metrics can make up for."""

VAGUE_KEY_PENALTY = 0.1
"""Added for the requested key without any confidence; nothing from `CLEAR_KEY` on."""


@dataclass(frozen=True)
class EmpiricalCDF:
    """The distribution of a number over songs.

    Attributes:
        values: the distinct values, ascending, shape (n,).
        ranks: share of songs below each value, songs with the value itself counting half, shape (n,).
    """

    values: NDArray[np.float64]
    ranks: NDArray[np.float64]

    @classmethod
    def fit(cls, samples: ArrayLike) -> Self:
        """Return the distribution of samples, ignoring NaN."""
        known = np.asarray(samples, dtype=np.float64)
        known = known[~np.isnan(known)]
        values, counts = np.unique(known, return_counts=True)
        return cls(values, (np.cumsum(counts) - counts / 2) / max(len(known), 1))

    def cdf(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the share of songs below each of `values`, 0 to 1, by linear interpolation."""
        return np.interp(np.asarray(values, dtype=np.float64), self.values, self.ranks)

    def quantile(self, rank: float) -> float:
        """Return the value that a share `rank` of the songs stays below."""
        return float(np.interp(rank, self.ranks, self.values))


class RequestCalibration:
    """Compares requests, songs and descriptions on the scale of the training songs.

    Args:
        songs: the table `song_metrics`; only its training split is used.

    Raises:
        InputError: there are fewer than `MIN_SONGS`, or a metric was measured in none of them.
    """

    def __init__(self, songs: pd.DataFrame) -> None:
        known = songs[songs["split"] == "train"] if len(songs) else songs
        if len(known) < MIN_SONGS:
            raise InputError(
                f"song_metrics: {len(known)} training songs are too few to calibrate by; link more songs"
            )
        self._features = {feature: EmpiricalCDF.fit(known[feature]) for feature in CALIBRATED_METRICS}
        self._measured = known[[METRIC_PREFIX + name for name in CALIBRATED_METRICS.values()]].astype(float)
        self._measured.columns = list(CALIBRATED_METRICS)
        self._metrics = {feature: EmpiricalCDF.fit(self._measured[feature]) for feature in CALIBRATED_METRICS}
        for feature, distribution in self._metrics.items():
            if not len(distribution.values):
                name = CALIBRATED_METRICS[feature]
                raise InputError(f"song_metrics: {name} was measured in no song; link more songs")
        outlines = np.array(known["outline"].tolist(), dtype=np.float64)  # (songs, NUM_DESCRIPTION_FEATURES)
        self._mean = outlines.mean(axis=0)
        # features that hardly vary must not dominate when they do
        self._scale = outlines.std(axis=0) + 0.1 * outlines.std()
        self._inputs = (outlines - self._mean) / self._scale

    def target_ranks(self, asked: FeatureVector) -> dict[str, float]:
        """Return the share of training songs below each requested feature, 0 to 1."""
        return {feature: float(cdf.cdf(getattr(asked, feature))) for feature, cdf in self._features.items()}

    def targets(self, asked: FeatureVector) -> dict[str, float]:
        """Return the target of each feature's metric, in the metric's unit."""
        return {
            feature: self._metrics[feature].quantile(rank)
            for feature, rank in self.target_ranks(asked).items()
        }

    def distance(self, asked: FeatureVector, metrics: SongMetrics) -> float:
        """Return how far a song is from a request.

        Returns:
            The mean squared difference between target ranks and measured ranks (0 to 1), plus
            `WRONG_KEY_PENALTY` for a wrong key and for a wrong mode each, and up to `VAGUE_KEY_PENALTY` for
            an unclear key.
        """
        targets = self.target_ranks(asked)
        errors = []
        for feature, name in CALIBRATED_METRICS.items():
            value = float(getattr(metrics, name))
            rank = float(self._metrics[feature].cdf(value))
            errors.append(UNMEASURED_ERROR if np.isnan(value) else rank - targets[feature])
        key = (
            None
            if metrics.key is None or metrics.mode is None
            else Key(metrics.key, metrics.mode, metrics.key_confidence)
        )
        return float(np.mean(np.square(errors))) + _key_penalty(asked, key)

    def predict_ranks(self, description: Sequence[DescribedBar]) -> dict[str, float]:
        """Predict the rank of each feature's metric, about 0 to 1, in the song of a description."""
        inputs = (description_features(description) - self._mean) / self._scale
        return {feature: float(mean + inputs @ weights) for feature, (mean, weights) in self._ridge.items()}

    def predicted_distance(self, asked: FeatureVector, description: Sequence[DescribedBar]) -> float:
        """Predict the `distance` between a request and the song of a description."""
        targets, predicted = self.target_ranks(asked), self.predict_ranks(description)
        errors = [predicted[feature] - targets[feature] for feature in CALIBRATED_METRICS]
        return float(np.mean(np.square(errors))) + _key_penalty(asked, estimate_key(description))

    @cached_property
    def _ridge(self) -> dict[str, tuple[float, NDArray[np.float64]]]:
        """Mean rank of each feature's metric and regression weights, shape (NUM_DESCRIPTION_FEATURES,)."""
        fitted = {}
        for feature, distribution in self._metrics.items():
            measured = self._measured[feature]
            known = measured.notna().to_numpy()
            ranks, inputs = distribution.cdf(measured[known]), self._inputs[known]
            mean = float(ranks.mean())
            penalty = RIDGE_PENALTY * np.eye(inputs.shape[1])
            weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (ranks - mean))
            fitted[feature] = mean, np.asarray(weights, dtype=np.float64)
        return fitted


def _key_penalty(asked: FeatureVector, key: Key | None) -> float:
    """Return what a key adds to a distance: 0 for the requested one, if it is clear."""
    if key is None:
        return 2 * WRONG_KEY_PENALTY
    wrong = (key.pitch_class != asked.key) + (key.mode != asked.mode)
    return WRONG_KEY_PENALTY * wrong + VAGUE_KEY_PENALTY * max(0.0, 1 - key.confidence / CLEAR_KEY)
