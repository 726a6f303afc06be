"""How near a song comes to a request, on the scale of songs that people made.

A feature and what it is heard by have different units. They are laid beside each other by rank: who asks for
an energy that nine songs of ten stay below asks for a density that nine songs of ten stay below. In real
songs the two go together loosely; a request means them to go together strictly.

What a description will sound like is guessed before a note of it is written, so that the nearest of many
descriptions can be taken: ridge regression from its `outline` to the rank of each measure, learned from songs
whose notes are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.metrics.description_features import estimate_key, outline
from emo_assets.metrics.harmony import Key
from emo_assets.metrics.metrics_table import METRIC_PREFIX
from emo_assets.metrics.song_metrics import FEATURE_METRICS, SongMetrics

CALIBRATED_METRICS = {
    feature: measure.name for feature, measure in FEATURE_METRICS.items() if measure.tolerance is None
}
"""The features that pull the music their way, and the measure that each is heard by."""

MIN_SONGS = 8
RIDGE_PENALTY = 20.0
"""Penalty on the squared weights of the regression, its inputs standardised."""

UNMEASURED_ERROR = 0.5
"""How far off a measure counts that cannot be taken of a song."""

WRONG_KEY_PENALTY = 0.5
"""What a wrong key, and a wrong mode, add to a song's distance: more than any pull could make good."""


@dataclass(frozen=True)
class EmpiricalCDF:
    """The distribution of a number over songs.

    Attributes:
        values: the distinct values, ascending, shape (n,).
        places: share of songs below each value, those with the value itself counted half, shape (n,).
    """

    values: NDArray[np.float64]
    places: NDArray[np.float64]

    @classmethod
    def of(cls, numbers: ArrayLike) -> Self:
        """Return the distribution of some numbers, NaN left out."""
        known = np.asarray(numbers, dtype=np.float64)
        known = known[~np.isnan(known)]
        values, counts = np.unique(known, return_counts=True)
        return cls(values, (np.cumsum(counts) - counts / 2) / max(len(known), 1))

    def place(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the share of songs below each of `values`, 0 to 1, straight between known ones."""
        return np.interp(np.asarray(values, dtype=np.float64), self.values, self.places)

    def value(self, place: float) -> float:
        """Return the value below which a share of the songs stays."""
        return float(np.interp(place, self.places, self.values))


class RequestCalibration:
    """Lays requests, songs and descriptions beside each other.

    Args:
        songs: what `song_metrics` returned; its training split is the scale.

    Raises:
        InputError: there are fewer than `MIN_SONGS`, or a measure was taken of none of them.
    """

    def __init__(self, songs: pd.DataFrame) -> None:
        known = songs[songs["split"] == "train"] if len(songs) else songs
        if len(known) < MIN_SONGS:
            raise InputError(
                f"song_metrics: {len(known)} training songs are too few to read requests by; link more songs"
            )
        self._asked = {feature: EmpiricalCDF.of(known[feature]) for feature in CALIBRATED_METRICS}
        self._heard = {
            feature: EmpiricalCDF.of(known[METRIC_PREFIX + name])
            for feature, name in CALIBRATED_METRICS.items()
        }
        for feature, ranks in self._heard.items():
            if not len(ranks.values):
                raise InputError(
                    f"song_metrics: {CALIBRATED_METRICS[feature]} was measured in no song; link more songs"
                )
        outlines = np.array(known["outline"].tolist(), dtype=np.float64)  # (songs, NUM_DESCRIPTION_FEATURES)
        self._centre = outlines.mean(axis=0)
        # what hardly ever varies must not count for much when it does once
        self._spread = outlines.std(axis=0) + 0.1 * outlines.std()
        inputs = (outlines - self._centre) / self._spread
        self._weights = {
            feature: _ridge(inputs, self._heard[feature], known[METRIC_PREFIX + name])
            for feature, name in CALIBRATED_METRICS.items()
        }

    def places(self, asked: FeatureVector) -> dict[str, float]:
        """Return for each pulled feature the share of songs below the value that is asked for, 0 to 1."""
        return {
            feature: float(ranks.place(getattr(asked, feature))) for feature, ranks in self._asked.items()
        }

    def aims(self, asked: FeatureVector) -> dict[str, float]:
        """Return for each pulled feature the value of its measure that is asked for, in that one's unit."""
        return {feature: self._heard[feature].value(place) for feature, place in self.places(asked).items()}

    def distance(self, asked: FeatureVector, heard: SongMetrics) -> float:
        """Return how far a song is from a request.

        Returns:
            The mean over the pulled features of the squared difference between the place asked for and the
            place measured (0 to 1), `WRONG_KEY_PENALTY` more for a wrong key and for a wrong mode each.
        """
        wanted = self.places(asked)
        apart = []
        for feature, name in CALIBRATED_METRICS.items():
            measured = float(getattr(heard, name))
            place = float(self._heard[feature].place(measured))
            apart.append(UNMEASURED_ERROR if np.isnan(measured) else place - wanted[feature])
        key = None if heard.key is None or heard.mode is None else Key(heard.key, heard.mode, 0)
        return float(np.mean(np.square(apart))) + _wrong(asked, key)

    def expected(self, description: Sequence[int]) -> dict[str, float]:
        """Return the place, about 0 to 1, that each pulled feature's measure is expected to take.

        Args:
            description: ids of a description without `<bos>` and `<eos>`.
        """
        inputs = (outline(description) - self._centre) / self._spread
        return {feature: float(mean + inputs @ weights) for feature, (mean, weights) in self._weights.items()}

    def predicted_distance(self, asked: FeatureVector, description: Sequence[int]) -> float:
        """Return how far the song of a description is expected to be from a request, as `distance`."""
        wanted, expected = self.places(asked), self.expected(description)
        apart = [expected[feature] - wanted[feature] for feature in CALIBRATED_METRICS]
        return float(np.mean(np.square(apart))) + _wrong(asked, estimate_key(description))


def _wrong(asked: FeatureVector, key: Key | None) -> float:
    """Return what a key adds to a distance: nothing for the one asked for."""
    if key is None:
        return 2 * WRONG_KEY_PENALTY
    return WRONG_KEY_PENALTY * ((key.pitch_class != asked.key) + (key.mode != asked.mode))


def _ridge(
    inputs: NDArray[np.float64], ranks: EmpiricalCDF, measured: pd.Series
) -> tuple[float, NDArray[np.float64]]:
    """Fit a metric's place; return its mean and the weights, shape (NUM_DESCRIPTION_FEATURES,)."""
    known = measured.notna().to_numpy()
    places = ranks.place(measured[known])
    used = inputs[known]
    mean = float(places.mean())
    penalty = RIDGE_PENALTY * np.eye(used.shape[1])
    weights = np.linalg.solve(used.T @ used + penalty, used.T @ (places - mean))
    return mean, np.asarray(weights, dtype=np.float64)
