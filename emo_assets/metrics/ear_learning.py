"""Learn an ear from songs with features, and cross-validate it by artist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from emo_assets.errors import InputError
from emo_assets.metrics.ear import (
    FEELINGS,
    LEARNED_FEATURES,
    PEOPLE_WEIGHTS,
    RULE_METRICS,
    Card,
    Ear,
    FeatureEar,
    Interval,
    Listener,
    RuleEar,
    SecondOpinion,
    Stump,
    normalize,
    stump_sums,
)
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.empirical_cdf import EmpiricalCDF
from emo_assets.progress import Progress, no_progress

MIN_SONGS, MIN_ARTISTS = 60, 20
"""Fewer cannot tell whether a feature is heard."""

FOLDS, REPEATS = 10, 5
RESAMPLES = 1000
KNOTS, METRIC_KNOTS = 31, 11
"""Knots of the stored distributions of scores and features, and of metrics."""

RIDGE_PENALTY = 250.0
HUBER_RESIDUAL = 1.0
"""Larger residuals, in standard deviations, count linearly: about one song in six is linked wrongly."""

HUBER_ITERATIONS = 3
BOOSTING_ROUNDS = 80

SHARES = ("leadless_share",)
"""Metrics of rules that have the feature's own scale."""

IDENTITY = EmpiricalCDF(values=(0.0, 1.0), ranks=(0.0, 1.0))

Array = NDArray[np.float64]
ListenerName = Literal["learned", "people", "second_opinion"]


@dataclass(frozen=True)
class LinkedSongs:
    """Songs with metrics and features.

    Attributes:
        metrics: all of `EAR_METRICS`, shape (songs, metrics).
        features: values of each of `FEELINGS`, shape (songs,).
        rule_metrics: values of each metric of `RULE_METRICS`, shape (songs,), NaN where unmeasured.
        artists: of each song.
    """

    metrics: Array
    features: Mapping[str, Array]
    rule_metrics: Mapping[str, Array]
    artists: Sequence[str]

    def __len__(self) -> int:
        return len(self.artists)


def learn_ear(songs: LinkedSongs, *, source: str, command: str, progress: Progress = no_progress) -> Ear:
    """Learn an ear, with cross-validated figures. The same songs give the same ear.

    Args:
        songs: what to learn from.
        source: the songs in words, for the card.
        command: the command that learns the ear, for the card.
        progress: called once per fold of the cross-validation.

    Raises:
        InputError: there are too few songs or artists.
    """
    artists = len(set(songs.artists))
    if len(songs) < MIN_SONGS or artists < MIN_ARTISTS:
        raise InputError(
            f"{len(songs)} songs by {artists} artists are too few to learn an ear from; "
            f"link at least {MIN_SONGS} songs by {MIN_ARTISTS} artists"
        )
    names = [name for name, column in zip(EAR_METRICS, songs.metrics.T, strict=True) if _varies(column)]
    if not names:
        raise InputError("all songs are alike: there is nothing to learn an ear from")
    metrics = songs.metrics[:, [list(EAR_METRICS).index(name) for name in names]]
    targets = np.stack([normal_scores(songs.features[name]) for name in FEELINGS], axis=1)
    tested = _cross_validate(metrics, targets, names, songs.artists, progress)
    fitted = _Fitted.fit(metrics, targets, names, songs.artists)
    normalized = normalize(metrics, fitted.distributions)
    scales = {name: EmpiricalCDF.fit(songs.features[name], knots=KNOTS) for name in FEELINGS}

    def agreement(feature: str, places: Sequence[Array]) -> Interval:
        return grouped_agreement(places, songs.features[feature], songs.artists)

    features = {}
    for feature in LEARNED_FEATURES:
        heard = tested[feature]
        sums = fitted.sums(feature, normalized)
        scores = {name: EmpiricalCDF.fit(values, knots=KNOTS) for name, values in sums.items()}
        weights = fitted.weights(feature)
        listeners = {
            name: Listener(
                weights=tuple(weights[name].tolist()),
                scores=scores[name],
                agreement=agreement(feature, heard[name]),
            )
            for name in weights
        }
        mean_place = np.mean([scores[name].cdf(sums[name]) for name in weights], axis=0)
        heard_means = [np.mean(each, axis=0) for each in zip(*(heard[name] for name in weights), strict=True)]
        ranks = rankdata(songs.features[feature]) / len(songs)
        errors = [rankdata(places) / len(songs) - ranks for places in heard_means]
        features[feature] = FeatureEar(
            scale=scales[feature],
            learned=listeners["learned"],
            people=listeners.get("people"),
            places=EmpiricalCDF.fit(mean_place, knots=KNOTS),
            agreement=agreement(feature, heard_means),
            error=float(np.sqrt(np.mean(np.square(errors)))),
            second_opinion=SecondOpinion(
                stumps=fitted.stumps[feature],
                scores=scores["second_opinion"],
                agreement=agreement(feature, heard["second_opinion"]),
            ),
        )
    rules = {}
    for feature, metric in RULE_METRICS.items():
        known = ~np.isnan(songs.rule_metrics[metric])
        is_share = metric in SHARES
        rules[feature] = RuleEar(
            scale=IDENTITY if is_share else scales[feature],
            metric=metric,
            values=IDENTITY if is_share else EmpiricalCDF.fit(songs.rule_metrics[metric], knots=KNOTS),
            agreement=grouped_agreement(
                [songs.rule_metrics[metric][known]],
                songs.features[feature][known],
                [artist for artist, kept in zip(songs.artists, known, strict=True) if kept],
            ),
            learned_agreement=agreement(feature, tested[feature]["learned"]),
        )
    ear = Ear(
        card=Card(source=source, command=command, songs=len(songs), artists=artists),
        metrics=tuple(names),
        distributions=fitted.distributions,
        features=features,
        rules=rules,
    )
    return Ear.from_json(ear.to_json(), "ear.json")  # with rounded numbers, as it is stored


class EarChoice(NamedTuple):
    """Which ear serves a store, and why.

    Attributes:
        ear: the ear.
        reason: one sentence.
    """

    ear: Ear
    reason: str


def choose_ear(songs: LinkedSongs, default: Ear, *, progress: Progress = no_progress) -> EarChoice:
    """Learn an ear from a store's songs, and take it if it hears them no worse than another ear.

    Compared are the mean rank correlations of the learned features: cross-validated for the songs' own ear,
    as they are for the other one, which was learned from other songs.

    Args:
        songs: the store's songs.
        default: the other ear.
        progress: called once per fold of the cross-validation.
    """
    try:
        own = learn_ear(
            songs, source="the linked songs of the store", command="materialize `ear`", progress=progress
        )
    except InputError as error:
        return EarChoice(default, f"The ear of the package is used: {error}.")
    places = default.places(songs.metrics)
    of_default = float(
        np.mean(
            [
                grouped_agreement([places[name]], songs.features[name], songs.artists).value
                for name in LEARNED_FEATURES
            ]
        )
    )
    of_own = float(np.mean([own.features[name].agreement.value for name in LEARNED_FEATURES]))
    figures = f"mean rank correlation {of_own:.3f} cross-validated, versus {of_default:.3f}"
    if of_own >= of_default:
        return EarChoice(own, f"The store's own ear is used: it hears its songs no worse ({figures}).")
    return EarChoice(
        default, f"The ear of the package is used: the store's own hears its songs worse ({figures})."
    )


def grouped_agreement(
    predictions: Sequence[Array], feature: Array, artists: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return the mean rank correlation of predictions with a feature; artists are resampled.

    Args:
        predictions: of each repeat of a cross-validation, shape (songs,) each.
        feature: its values, shape (songs,).
        artists: of each song.
        seed: of the bootstrap.

    Returns:
        The correlation; 0 where the feature or all predictions do not vary.
    """
    predictions = [each for each in predictions if _varies(each)]
    if not predictions or not _varies(feature):
        return Interval(value=0, low=0, high=0)
    ranks = np.stack([rankdata(each) for each in predictions])  # (repeats, songs)
    own = rankdata(feature)
    _, numbers = np.unique(np.asarray(artists), return_inverse=True)
    count = int(numbers.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    weights = np.vstack([np.ones(len(own)), drawn[:, numbers]])  # (1 + resamples, songs)
    weights = weights / weights.sum(axis=1, keepdims=True)

    def mean(values: Array) -> Array:
        averaged: Array = weights @ values
        return averaged

    def covariance(one: Array, other: Array) -> Array:
        return mean(one * other) - mean(one) * mean(other)

    correlations = np.mean(
        [covariance(each, own) / np.sqrt(covariance(each, each) * covariance(own, own)) for each in ranks],
        axis=0,
    )
    low, high = np.nanpercentile(correlations[1:], [2.5, 97.5])
    return Interval(value=float(correlations[0]), low=float(low), high=float(high))


def _varies(values: Array) -> bool:
    """Return whether there are different values, apart from NaN."""
    return len(np.unique(values[~np.isnan(values)])) > 1


def huber_ridge(inputs: Array, targets: Array, weights: Array) -> Array:
    """Fit targets linearly, with little influence of outliers.

    Ridge regression by iteratively reweighted least squares with Huber's weights.

    Args:
        inputs: normalized metrics, shape (songs, metrics).
        targets: normal scores of features, shape (songs, features).
        weights: of the songs, shape (songs,), mean 1.

    Returns:
        Shape (metrics, features).
    """
    penalty = RIDGE_PENALTY * np.eye(inputs.shape[1])
    song_weights = np.repeat(weights[:, None], targets.shape[1], axis=1)
    for _ in range(HUBER_ITERATIONS):
        columns = []
        for target, kept in zip(targets.T, song_weights.T, strict=True):
            mean_input, mean_target = (
                np.average(inputs, axis=0, weights=kept),
                np.average(target, weights=kept),
            )
            centered = inputs - mean_input
            weighted = centered.T * kept
            columns.append(np.linalg.solve(weighted @ centered + penalty, weighted @ (target - mean_target)))
        coefficients = np.stack(columns, axis=1)
        residuals = np.abs(targets - inputs @ coefficients)
        song_weights = weights[:, None] * np.minimum(1, HUBER_RESIDUAL / np.maximum(residuals, 1e-9))
    return coefficients


def boosted_stumps(inputs: Array, target: Array) -> tuple[Stump, ...]:
    """Fit a target by gradient boosting with trees of depth 1.

    Args:
        inputs: normalized metrics, shape (songs, metrics).
        target: shape (songs,).
    """
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(
        n_estimators=BOOSTING_ROUNDS,
        max_depth=1,
        learning_rate=0.09,
        subsample=0.5,
        max_features=0.3,
        min_samples_leaf=5,
        loss="huber",
        random_state=0,
    ).fit(inputs, target)
    trees = [estimator.tree_ for [estimator] in model.estimators_]
    return tuple(
        Stump(
            int(tree.feature[0]),
            float(tree.threshold[0]),
            *(model.learning_rate * float(leaf) for leaf in tree.value[1:, 0, 0]),
        )
        for tree in trees
        if tree.node_count == 3
    )


def normal_scores(values: Array) -> Array:
    """Return the standard normal quantile of each value's rank, shape (songs,)."""
    scores: Array = ndtri((rankdata(values) - 0.5) / len(values))
    return scores


@dataclass(frozen=True)
class _Fitted:
    """What is learned from some songs: the metrics' distributions, and the listeners of each feature."""

    distributions: tuple[EmpiricalCDF, ...]
    learned: Array  # (metrics, feelings)
    people: Mapping[str, Array]
    stumps: Mapping[str, tuple[Stump, ...]]

    @classmethod
    def fit(
        cls,
        metrics: Array,
        targets: Array,
        names: Sequence[str],
        artists: Sequence[str],
        *,
        second_opinion: bool = True,
    ) -> _Fitted:
        distributions = tuple(EmpiricalCDF.fit(column, knots=METRIC_KNOTS) for column in metrics.T)
        normalized = normalize(metrics, distributions)
        _, numbers, counts = np.unique(np.asarray(artists), return_inverse=True, return_counts=True)
        weights = 1 / np.sqrt(counts[numbers])  # songs by one artist are alike
        learned = huber_ridge(normalized, targets, weights / weights.mean())
        people = {
            feature: np.array([by_name.get(name, 0.0) for name in names])
            for feature, by_name in PEOPLE_WEIGHTS.items()
        }
        stumps = {
            name: boosted_stumps(normalized, targets[:, FEELINGS.index(name)])
            for name in LEARNED_FEATURES
            if second_opinion
        }
        return cls(distributions, learned, people, stumps)

    def weights(self, feature: str) -> dict[ListenerName, Array]:
        """Return the weights of each listener of a feature, shape (metrics,) each."""
        weights: dict[ListenerName, Array] = {"learned": self.learned[:, FEELINGS.index(feature)]}
        return weights | ({"people": self.people[feature]} if feature in self.people else {})

    def sums(self, feature: str, normalized: Array) -> dict[ListenerName, Array]:
        """Return the scores of normalized metrics by each listener, shape (songs,) each."""
        sums = {name: normalized @ weights for name, weights in self.weights(feature).items()}
        if feature in self.stumps:
            sums["second_opinion"] = stump_sums(self.stumps[feature], normalized)
        return sums


def _cross_validate(
    metrics: Array, targets: Array, names: Sequence[str], artists: Sequence[str], progress: Progress
) -> dict[str, dict[ListenerName, list[Array]]]:
    """Return the places of songs by listeners that were learned from other artists.

    Returns:
        By feature and listener one array of shape (songs,) per repeat.
    """
    heard: dict[str, dict[ListenerName, list[Array]]] = {name: {} for name in FEELINGS}
    for number, (repeat, tested) in enumerate(_folds(artists), 1):
        known = ~tested
        fitted = _Fitted.fit(
            metrics[known],
            targets[known],
            names,
            [name for name, kept in zip(artists, known, strict=True) if kept],
            second_opinion=repeat == 0,  # boosting takes long
        )
        of_known, of_tested = (normalize(metrics[rows], fitted.distributions) for rows in (known, tested))
        for feature in FEELINGS:
            scores = fitted.sums(feature, of_known)
            for name, sums in fitted.sums(feature, of_tested).items():
                repeats = heard[feature].setdefault(name, [])
                if len(repeats) == repeat:
                    repeats.append(np.zeros(len(artists)))
                repeats[repeat][tested] = EmpiricalCDF.fit(scores[name]).cdf(sums)
        progress("cross-validating the ear", number, FOLDS * REPEATS)
    return heard


def _folds(artists: Sequence[str]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield the repeat, and a mask of the songs of each fold's artists, shape (songs,)."""
    _, numbers = np.unique(np.asarray(artists), return_inverse=True)
    for repeat in range(REPEATS):
        order = np.random.default_rng(repeat).permutation(numbers.max() + 1)
        for fold in range(FOLDS):
            yield repeat, np.isin(numbers, order[fold::FOLDS])
