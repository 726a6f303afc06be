"""How far songs and descriptions are from a request, on one scale: places among real songs.

The ear hears a song's features as places, and a request's features have places, too. To choose among
descriptions before their notes exist, ridge regression predicts what the ear will hear from
`description_features`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.key_profiles import CLEAR_KEY, Key
from emo_assets.metrics.description_features import description_features, estimate_key
from emo_assets.metrics.ear import FEELINGS, RULE_METRICS, Ear
from emo_assets.metrics.metrics_table import METRIC_PREFIX, OUTLINE_COLUMN, ear_metrics
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.tokens.grammar.descriptions import DescribedBar

MIN_SONGS = 8
RIDGE_PENALTY = 40.0
"""Penalty on the squared weights of the regression, its inputs standardized."""

UNMEASURED_ERROR = 0.5
"""Difference of places that counts for a feature which cannot be heard."""

FEELING_WEIGHTS = {"loudness": 0.5, "instrumentalness": 0.5}
"""Weights of squared differences other than 1: the sound's loudness is set when it is rendered."""

MIDDLE_WEIGHT = 0.25
"""Weight of a feature that is asked for at place 0.5, of 1.25 at either end: people mean extremes."""

WRONG_KEY_PENALTY = 0.5
"""Added to the distance for a wrong key and for a wrong mode: more than all feelings can make up for."""

VAGUE_KEY_PENALTY = 0.1
"""Added for the requested key without any confidence; nothing from `CLEAR_KEY` on."""


class RequestCalibration:
    """Compares requests, songs and descriptions.

    Args:
        ear: hears songs.
        songs: the table `song_metrics`; only its training split is used.

    Raises:
        InputError: there are fewer than `MIN_SONGS`, or the table is of an earlier version.
    """

    def __init__(self, ear: Ear, songs: pd.DataFrame) -> None:
        known = songs[songs["split"] == "train"] if len(songs) else songs
        if len(known) < MIN_SONGS:
            raise InputError(
                f"song_metrics: {len(known)} training songs are too few to calibrate by; link more songs"
            )
        self.ear = ear
        metrics = ear_metrics(known)
        rules = {
            name: known[METRIC_PREFIX + name].to_numpy(dtype=np.float64) for name in RULE_METRICS.values()
        }
        self._places = ear.places(metrics) | ear.rule_places(rules)
        outlines = np.array(
            known[OUTLINE_COLUMN].tolist(), dtype=np.float64
        )  # (songs, NUM_DESCRIPTION_FEATURES)
        self._mean = outlines.mean(axis=0)
        # features that hardly vary must not dominate when they do
        self._scale = outlines.std(axis=0) + 0.05
        self._inputs = (outlines - self._mean) / self._scale

    def target_places(self, asked: FeatureVector) -> dict[str, float]:
        """Return the share of real songs that have less of each requested feeling, 0 to 1."""
        return {name: float(self.ear.place_of(name, getattr(asked, name))) for name in FEELINGS}

    def places(self, song: MeasuredSong) -> dict[str, float]:
        """Return where the ear places a song among real songs, 0 to 1; NaN where it cannot."""
        return self.ear.song_places(song)

    def distance(self, asked: FeatureVector, song: MeasuredSong) -> float:
        """Return how far a song is from a request.

        Returns:
            The weighted mean squared difference between places asked for and heard (0 to 1), plus
            `WRONG_KEY_PENALTY` for a wrong key and for a wrong mode each, and up to `VAGUE_KEY_PENALTY` for
            an unclear key.
        """
        metrics = song.metrics
        key = (
            None
            if metrics.key is None or metrics.mode is None
            else Key(metrics.key, metrics.mode, metrics.key_confidence)
        )
        return self._distance(asked, self.places(song)) + _key_penalty(asked, key)

    def predict_places(self, description: Sequence[DescribedBar], tempo: float) -> dict[str, float]:
        """Predict where the ear places the song of a description, 0 to 1."""
        inputs = (description_features(description, tempo) - self._mean) / self._scale
        return {
            feature: float(np.clip(mean + inputs @ weights, 0, 1))
            for feature, (mean, weights) in self._ridge.items()
        }

    def predicted_distance(self, asked: FeatureVector, description: Sequence[DescribedBar]) -> float:
        """Predict the `distance` between a request and the song of a description."""
        predicted = self.predict_places(description, asked.tempo)
        return self._distance(asked, predicted) + _key_penalty(asked, estimate_key(description))

    def _distance(self, asked: FeatureVector, places: dict[str, float]) -> float:
        targets = self.target_places(asked)
        weights = np.array(
            [
                FEELING_WEIGHTS.get(name, 1.0) * (MIDDLE_WEIGHT + (2 * targets[name] - 1) ** 2)
                for name in FEELINGS
            ]
        )
        errors = np.array([places[name] - targets[name] for name in FEELINGS])
        errors = np.where(np.isnan(errors), UNMEASURED_ERROR, errors)
        return float(np.average(np.square(errors), weights=weights))

    @cached_property
    def _ridge(self) -> dict[str, tuple[float, NDArray[np.float64]]]:
        """Mean place of each feature and regression weights, shape (NUM_DESCRIPTION_FEATURES,).

        The mean is NaN for a feature that is heard in no song.
        """
        fitted = {}
        for feature, places in self._places.items():
            known = ~np.isnan(places)
            inputs, mean = self._inputs[known], float(places[known].mean()) if known.any() else math.nan
            penalty = RIDGE_PENALTY * np.eye(inputs.shape[1])
            weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (places[known] - mean))
            fitted[feature] = mean, np.asarray(weights, dtype=np.float64)
        return fitted


def _key_penalty(asked: FeatureVector, key: Key | None) -> float:
    """Return what a key adds to a distance: 0 for the requested one, if it is clear."""
    if key is None:
        return 2 * WRONG_KEY_PENALTY
    wrong = (key.pitch_class != asked.key) + (key.mode != asked.mode)
    return WRONG_KEY_PENALTY * wrong + VAGUE_KEY_PENALTY * max(0.0, 1 - key.confidence / CLEAR_KEY)
