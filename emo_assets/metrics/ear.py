"""The ear: how a song's notes sound as Spotify's features, learned from songs that have both.

A listener is a weighted sum of normalized metrics. Its score takes a place among the scores of real songs,
0 to 1, and the feature's value at that place is what is heard. Valence and energy have two listeners, whose
places are averaged: one learned from Spotify's features, and one with the weights of people's ratings.

`default_ear.json` has the numbers of a real sample; `ear_learning` learns others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scipy.special import ndtri

from emo_assets.errors import InputError
from emo_assets.features import feature_range
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.empirical_cdf import EmpiricalCDF

if TYPE_CHECKING:
    from emo_assets.metrics.song_metrics import MeasuredSong

LEARNED_FEATURES = ("valence", "energy", "danceability", "acousticness")
"""Features that are heard by a learned listener."""

RULE_METRICS = {"loudness": "mean_velocity", "instrumentalness": "leadless_share"}
"""Features that notes do not tell well enough, and the metric of `SongMetrics` that stands for each."""

FEELINGS = (*LEARNED_FEATURES, *RULE_METRICS)

PEOPLE_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "valence": {
        "mode_strength_8s": 0.45,
        "major_chord_share": 0.25,
        "onsets_per_second": 0.2,
        "legato": -0.1,
    },
    "energy": {"notes_per_second": 0.6, "short_note_share": 0.2, "log_tempo": 0.2},
}
"""Weights of normalized metrics in proportion to how people's ratings of 200 piano pieces follow them.

Rank correlation with the ratings: valence 0.69, energy (arousal) 0.81.
"""

MAX_SCORE = 2.8
"""Normalized metrics are clipped to this distance from the median, in standard deviations."""

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=-1e6, le=1e6)]


class _Numbers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Interval(_Numbers):
    """A rank correlation with the middle 95 % of its bootstrap distribution over artists."""

    value: float
    low: float
    high: float


class Listener(_Numbers):
    """A weighted sum of normalized metrics.

    Attributes:
        weights: of each metric of the ear, in its order.
        scores: distribution of the sums over real songs.
        agreement: rank correlation of the sums and the feature, cross-validated where weights were learned.
    """

    weights: tuple[Weight, ...]
    scores: EmpiricalCDF
    agreement: Interval

    def places(self, normalized: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places among real songs, 0 to 1, shape (songs,); `normalized` is (songs, metrics)."""
        return self.scores.cdf(normalized @ np.array(self.weights))


class Stump(NamedTuple):
    """A step: `below` where a normalized metric is at most `threshold`, else `above`."""

    metric: int
    threshold: Weight
    below: Weight
    above: Weight


def stump_sums(stumps: Iterable[Stump], normalized: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of steps for each song, shape (songs,); `normalized` is (songs, metrics)."""
    sums = np.zeros(len(normalized))
    for metric, threshold, below, above in stumps:
        sums += np.where(normalized[:, metric] <= threshold, below, above)
    return sums


class SecondOpinion(_Numbers):
    """A sum of steps, learned by gradient boosting: a listener of another kind, by which nothing is chosen.

    Attributes:
        stumps: the steps.
        scores: distribution of the sums over real songs.
        agreement: cross-validated rank correlation of the sums and the feature.
    """

    stumps: tuple[Stump, ...]
    scores: EmpiricalCDF
    agreement: Interval

    def places(self, normalized: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places among real songs, 0 to 1, shape (songs,); `normalized` is (songs, metrics)."""
        return self.scores.cdf(stump_sums(self.stumps, normalized))


class FeatureEar(_Numbers):
    """How one feature is heard.

    Attributes:
        scale: distribution of the feature over real songs: place 0 to 1 against its own unit.
        learned: the listener that was learned from the feature.
        people: the listener with the weights of people's ratings, if the feature has one.
        places: distribution of the listeners' mean place over real songs.
        agreement: cross-validated rank correlation of the mean place and the feature.
        error: root mean square difference of places heard and places of the feature, cross-validated.
        second_opinion: another learner, which nothing is chosen by.
    """

    scale: EmpiricalCDF
    learned: Listener
    people: Listener | None
    places: EmpiricalCDF
    agreement: Interval
    error: Share
    second_opinion: SecondOpinion

    @property
    def listeners(self) -> dict[str, Listener]:
        """The listeners by name."""
        return {"learned": self.learned} | ({"people": self.people} if self.people else {})

    @property
    def is_audible(self) -> bool:
        """Whether the learned listener agrees with the feature at all: its interval is above 0."""
        return self.learned.agreement.low > 0


class RuleEar(_Numbers):
    """A feature that is heard by one metric of `SongMetrics`, with which it only has to rise.

    Attributes:
        scale: distribution of the feature over real songs.
        metric: name of the metric.
        values: distribution of the metric over real songs.
        agreement: rank correlation of metric and feature in real songs.
        learned_agreement: cross-validated rank correlation of a learned listener.
    """

    scale: EmpiricalCDF
    metric: Literal["mean_velocity", "leadless_share"]
    values: EmpiricalCDF
    agreement: Interval
    learned_agreement: Interval


class Heard(NamedTuple):
    """What the ear hears of a feature.

    Attributes:
        value: on the feature's own scale.
        low: lower end of the range in which the feature lies in about two of three real songs.
        high: its upper end.
    """

    value: float
    low: float
    high: float


class Card(_Numbers):
    """Where an ear comes from: what it was learned from, and the command that learns it."""

    source: str
    command: str
    songs: int = Field(ge=1)
    artists: int = Field(ge=1)


class Ear(_Numbers):
    """Hears features in metrics.

    Attributes:
        card: where it comes from.
        metrics: names of the metrics, a selection of `EAR_METRICS`.
        distributions: of each metric over real songs, by which it is normalized.
        features: how each of `LEARNED_FEATURES` is heard.
        rules: how each of `RULE_METRICS` is heard.
    """

    card: Card
    metrics: tuple[str, ...]
    distributions: tuple[EmpiricalCDF, ...]
    features: dict[str, FeatureEar]
    rules: dict[str, RuleEar]

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        unknown = sorted(set(self.metrics) - set(EAR_METRICS))
        if unknown:
            raise ValueError(f"unknown metrics: {', '.join(unknown)}")
        if len(set(self.metrics)) != len(self.metrics) or not self.metrics:
            raise ValueError("each metric must be named once, and at least one")
        if set(self.features) != set(LEARNED_FEATURES) or set(self.rules) != set(RULE_METRICS):
            raise ValueError("features are missing")
        listeners = [one for ear in self.features.values() for one in ear.listeners.values()]
        if any(
            len(numbers) != len(self.metrics)
            for numbers in (self.distributions, *(one.weights for one in listeners))
        ):
            raise ValueError("each metric needs one distribution and one weight a listener")
        steps = [stump.metric for ear in self.features.values() for stump in ear.second_opinion.stumps]
        if any(not 0 <= metric < len(self.metrics) for metric in steps):
            raise ValueError("a step names a metric that does not exist")
        for name in FEELINGS:
            low, high = feature_range(name)
            values = self.ear_of(name).scale.values
            if not low <= values[0] <= values[-1] <= high:
                raise ValueError(f"the scale of {name} exceeds {low:g} to {high:g}")
        return self

    @classmethod
    def from_json(cls, text: str | bytes, name: str) -> Self:
        """Parse an ear.

        Args:
            text: JSON, as `to_json` writes it.
            name: of the file, for errors.

        Raises:
            InputError: it is damaged.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(f"{name} is no ear ({first['msg'][:80]}): materialize `ear` again") from error

    def to_json(self) -> str:
        """Return the ear as JSON, numbers with four significant digits."""

        def rounded(value: object) -> object:
            match value:
                case float():
                    return float(f"{value:.4g}")
                case dict():
                    return {key: rounded(each) for key, each in value.items()}
                case list() | tuple():
                    return [rounded(each) for each in value]
            return value

        return json.dumps(rounded(self.model_dump(mode="json")), separators=(",", ":"))

    def normalize(self, metrics: NDArray[np.float64]) -> NDArray[np.float64]:
        """Normalize metrics to a standard normal distribution over real songs; NaN becomes 0.

        Args:
            metrics: all of `EAR_METRICS`, shape (songs, all metrics).

        Returns:
            Shape (songs, metrics of this ear).
        """
        return normalize(np.atleast_2d(metrics)[:, self._columns], self.distributions)

    def places(self, metrics: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the place of each learned feature among real songs, 0 to 1, shape (songs,).

        Args:
            metrics: all of `EAR_METRICS`, shape (songs, all metrics).
        """
        normalized = self.normalize(metrics)
        return {
            name: ear.places.cdf(np.mean([one.places(normalized) for one in ear.listeners.values()], axis=0))
            for name, ear in self.features.items()
        }

    def rule_places(self, metrics: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float64]]:
        """Return the place of each feature that is heard by a rule, 0 to 1; NaN where it is unmeasured.

        Args:
            metrics: values of `RULE_METRICS` by name.
        """
        return {name: rule.values.cdf(metrics[rule.metric]) for name, rule in self.rules.items()}

    def song_places(self, song: MeasuredSong) -> dict[str, float]:
        """Return the place of each of `FEELINGS` in a song, 0 to 1; NaN where it cannot be heard."""
        rules = {name: getattr(song.metrics, name) for name in RULE_METRICS.values()}
        places = self.places(song.ear_metrics) | self.rule_places(rules)
        return {name: float(np.ravel(places[name])[0]) for name in FEELINGS}

    def listener_places(self, metrics: NDArray[np.float64]) -> dict[str, dict[str, NDArray[np.float64]]]:
        """Return the places by each listener and by the second opinion, by feature and name."""
        normalized = self.normalize(metrics)
        return {
            name: {key: one.places(normalized) for key, one in ear.listeners.items()}
            | {"second_opinion": ear.second_opinion.places(normalized)}
            for name, ear in self.features.items()
        }

    def sensitivity(self, feature: str, changes: Mapping[str, float]) -> float:
        """Return by how much the place of a learned feature rises with some metrics, near the median song.

        Args:
            feature: one of `LEARNED_FEATURES`.
            changes: changes of normalized metrics by name, in standard deviations.
        """
        change = np.array([changes.get(name, 0.0) for name in self.metrics])
        slopes = []
        for listener in self.features[feature].listeners.values():
            low, high = listener.scores.quantile([0.25, 0.75])
            slopes.append(float(change @ np.array(listener.weights)) * 0.5 / max(float(high - low), 1e-9))
        return float(np.mean(slopes))

    def ear_of(self, feature: str) -> FeatureEar | RuleEar:
        """Return how one of `FEELINGS` is heard."""
        return self.features[feature] if feature in self.features else self.rules[feature]

    def place_of(self, feature: str, value: ArrayLike) -> NDArray[np.float64]:
        """Return the share of real songs that have less of a feature, 0 to 1."""
        return self.ear_of(feature).scale.cdf(value)

    def value_at(self, feature: str, place: ArrayLike) -> NDArray[np.float64]:
        """Return the value of a feature at a place, on its own scale."""
        return self.ear_of(feature).scale.quantile(place)

    def heard(self, feature: str, place: float) -> Heard:
        """Return what a place means on the feature's scale, with its uncertainty for learned features."""
        error = self.features[feature].error if feature in self.features else 0.0
        low, value, high = self.value_at(feature, [max(place - error, 0), place, min(place + error, 1)])
        return Heard(float(value), float(low), float(high))

    @cached_property
    def _columns(self) -> list[int]:
        names = list(EAR_METRICS)
        return [names.index(name) for name in self.metrics]


def normalize(metrics: NDArray[np.float64], distributions: tuple[EmpiricalCDF, ...]) -> NDArray[np.float64]:
    """Return normal scores of metrics, shape (songs, metrics); NaN becomes 0, the median."""
    columns = [
        ndtri(np.clip(each.cdf(column), 1e-9, 1 - 1e-9))
        for column, each in zip(metrics.T, distributions, strict=True)
    ]
    scores = np.clip(np.stack(columns, axis=1), -MAX_SCORE, MAX_SCORE)
    return np.where(np.isnan(scores), 0.0, scores)


@cache
def default_ear() -> Ear:
    """Return the ear that ships with the package."""
    path = Path(__file__).with_name("default_ear.json")
    return Ear.from_json(path.read_bytes(), path.name)
