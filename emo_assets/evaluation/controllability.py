"""Controllability: does changing a requested feature change the music?

Requests a grid of songs, measures their notes, and compares requested features with metrics.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ConstantInputWarning, pearsonr, rankdata

from emo_assets.description_model.evaluation.bootstrap_ci import (
    UNDEFINED,
    ConfidenceInterval,
    bootstrap_ci,
    bootstrap_ratio,
)
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.weights import TrainedModel
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.generation import Models
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.metrics.comparison import EXACT_METRICS, ExactMetric
from emo_assets.metrics.ear import FEELINGS, Ear
from emo_assets.metrics.parsed_song import parse_song
from emo_assets.metrics.similarity import BarNotes, bar_notes, copied_share, distance
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.progress import Progress, no_progress
from emo_assets.reranking import best_descriptions, best_songs
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

SWEPT_RANGES: dict[str, tuple[float, float]] = {
    "danceability": (0.15, 0.95),
    "energy": (0.05, 0.98),
    "loudness": (-24.0, -3.0),
    "acousticness": (0.02, 0.98),
    "instrumentalness": (0.0, 0.95),
    "valence": (0.05, 0.95),
}
"""The features whose metric only has to rise with them, and the range over which each is swept."""

TEMPOS = (60.0, 190.0)
METERS = (3, 4)
NUM_DESCRIPTION_SWEEPS = 2
BATCH_SIZE = 8

ALL = "all"
"""Value of `moved` for requests with every feature drawn at random."""

OTHER_SEEDS = "seed"
"""Value of `moved` for requests that differ in their seed only."""

EXACT: dict[str, ExactMetric] = {**EXACT_METRICS, "bars": ExactMetric("bars")}
"""Everything that can be requested exactly, with the metric that it is compared with."""

SECOND_OPINION = "second_opinion"
ASKED_PLACE, PLACE_PREFIX = "asked_place_", "place_"
"""Prefixes of the columns with the places of feelings among real songs, 0 to 1."""

MIN_LEVELS, MIN_SWEEPS, MIN_DRAWN = 5, 3, 20
"""Levels and sweeps, and songs with every feature drawn, below which no figure is given."""

ORIGINALITY = {"other seeds": "distance", "copied bars": "copied"}
"""The figures of originality, and the columns of which they are the mean."""


@dataclass(frozen=True)
class ControllabilityRequest:
    """A request of the grid.

    Attributes:
        moved: the feature that varies within the group, `ALL`, or `OTHER_SEEDS`.
        group: index of the group of requests that are otherwise equal.
        request: the request.
    """

    moved: str
    group: int
    request: TrackRequest


def controllability_requests(
    levels: int,
    drawn: int,
    *,
    features: Collection[str] = FEELINGS,
    sweeps: int = 1,
    repeated: int = 0,
    seeds: int = 4,
    bars: int = 8,
    strictness: Strictness = Strictness.NORMALLY,
    seed: int = 0,
) -> list[ControllabilityRequest]:
    """Return requests that sweep one feature at a time, random ones, and some with several seeds.

    A sweep moves one feature over its range. Key, tempo and meter are drawn once per sweep, modes alternate,
    and the other features keep their defaults.

    Args:
        levels: number of evenly spaced values per sweep.
        drawn: number of requests with every feature drawn at random.
        features: those to sweep, some of `FEELINGS`.
        sweeps: number of sweeps per feature.
        repeated: number of requests that are made with several seeds.
        seeds: number of these seeds.
        bars: length of each song.
        strictness: of each request.
        seed: of all that is random; the songs count up from it.
    """
    rng = np.random.default_rng(seed)
    groups: list[tuple[str, list[dict[str, float]]]] = []
    swept = [(name, ends) for name, ends in SWEPT_RANGES.items() if name in features]
    for number, (name, ends) in enumerate(swept * sweeps):
        held = {**_draw_forced(rng), "mode": (number + number // len(swept)) % 2}
        groups.append((name, [{**held, name: float(value)} for value in np.linspace(*ends, levels)]))
    groups.append((ALL, [draw_features(rng) for _ in range(drawn)]))
    groups += [(OTHER_SEEDS, [draw_features(rng)] * seeds) for _ in range(repeated)]
    members = [(moved, group, values) for group, (moved, part) in enumerate(groups) for values in part]
    return [
        ControllabilityRequest(
            moved,
            group,
            TrackRequest(
                name=f"control-{number}",
                features=FeatureVector.from_values(values),
                bars=bars,
                seed=seed + number,
                strictness=strictness,
            ),
        )
        for number, (moved, group, values) in enumerate(members)
    ]


def measure_requests(
    requests: Sequence[ControllabilityRequest],
    models: Models,
    *,
    known: Collection[BarNotes] = frozenset(),
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Make the songs of some requests and measure them.

    Args:
        requests: what to ask for.
        models: generate the songs.
        known: bars of the training songs, see `distinct_bars`.
        progress: called with the number of songs.

    Returns:
        One row per song: `moved`, `group`, `seed`, the request (`asked_<feature>`, `asked_bars`), all
        of `SongMetrics.as_dict()`, the place of each feeling among real songs (`asked_place_<feature>`,
        `place_<feature>`, `<listener>_<feature>` by each listener and the second opinion), `distance`
        (mean distance to the songs of the same request with other seeds, NaN without any) and `copied`
        (share of its bars that are in `known`).
    """
    songs = generate_songs([each.request for each in requests], models, progress=progress)
    rows: list[dict[str, Any]] = []
    for index, (each, song) in enumerate(zip(requests, songs, strict=True)):
        distances = [
            distance(song.parsed, songs[other].parsed)
            for other, request in enumerate(requests)
            if each.moved == OTHER_SEEDS and request.group == each.group and other != index
        ]
        rows.append(
            {
                "moved": each.moved,
                "group": each.group,
                "seed": each.request.seed,
                "asked_bars": each.request.bars,
                **{f"asked_{name}": getattr(each.request.features, name) for name in FEATURE_NAMES},
                **song.metrics.as_dict(),
                **_place_columns(each.request.features, song, models.calibration),
                "distance": float(np.mean(distances)) if distances else float("nan"),
                "copied": copied_share(song.parsed, known),
            }
        )
    return pd.DataFrame(rows)


def generate_songs(
    requests: Sequence[TrackRequest], models: Models, *, progress: Progress = no_progress
) -> list[MeasuredSong]:
    """Generate the songs of some requests, a batch at a time.

    Args:
        requests: what to ask for.
        models: generate the songs.
        progress: called with the number of songs.
    """
    songs: list[MeasuredSong] = []
    for start in range(0, len(requests), BATCH_SIZE):
        part = requests[start : start + BATCH_SIZE]
        descriptions = best_descriptions(part, models.description_model, models.calibration)
        songs += best_songs(part, descriptions, models.figaro, models.calibration)
        progress("songs of the report", len(songs), len(requests))
    return songs


def _place_columns(
    asked: FeatureVector, song: MeasuredSong, calibration: RequestCalibration
) -> dict[str, float]:
    ear = calibration.ear
    columns = {ASKED_PLACE + name: place for name, place in calibration.target_places(asked).items()}
    columns |= {PLACE_PREFIX + name: place for name, place in ear.song_places(song).items()}
    for name, listeners in ear.listener_places(song.ear_metrics).items():
        columns |= {f"{listener}_{name}": float(places[0]) for listener, places in listeners.items()}
    return columns


def distinct_bars(files: Iterable[bytes]) -> frozenset[BarNotes]:
    """Return the bars of MIDI files, as `measure_requests` compares them; unreadable files are skipped."""
    bars: set[BarNotes] = set()
    for content in files:
        try:
            bars.update(bar_notes(parse_song(content)))
        except InputError:
            continue
    return frozenset(bars)


def asked_and_heard(songs: pd.DataFrame) -> pd.DataFrame:
    """Pair requested features with what is heard.

    A feeling is paired in the songs whose requests moved it, alone or with all others; what is exact in all
    songs. Songs in which it cannot be heard are left out.

    Args:
        songs: what `measure_requests` returns.

    Returns:
        One row per feature and song: `feature`, `asked`, `heard`, `second_opinion` (NaN for what is exact or
        heard by a rule), `moved`, `group`, and `correct`: whether both differ by no more than the metric's
        tolerance, NaN for feelings. Feelings are places among real songs, 0 to 1.

    Raises:
        InputError: a column is missing.
    """
    needed = [
        "moved",
        "group",
        *(f"asked_{name}" for name in EXACT),
        *(metric.name for metric in EXACT.values()),
    ]
    needed += [f"{prefix}{name}" for name in FEELINGS for prefix in (ASKED_PLACE, PLACE_PREFIX)]
    needed += ORIGINALITY.values()
    missing = [name for name in needed if name not in songs.columns]
    if missing:
        raise InputError(f"the table of songs has no column {', '.join(missing)}")
    parts = []
    for name in (*FEELINGS, *EXACT):
        if name in EXACT:
            rows, metric = songs, EXACT[name]
            asked, heard = rows[f"asked_{name}"].astype(float), rows[metric.name].astype(float)
            correct = ((asked - heard).abs() <= metric.tolerance + 1e-9).astype(float)
        else:
            rows = songs[songs["moved"].isin([name, ALL])]
            asked, heard = rows[ASKED_PLACE + name].astype(float), rows[PLACE_PREFIX + name].astype(float)
            correct = pd.Series(np.nan, index=rows.index)
        second = rows.get(f"{SECOND_OPINION}_{name}", pd.Series(np.nan, index=rows.index))
        pairs = pd.DataFrame(
            {
                "feature": name,
                "asked": asked,
                "heard": heard,
                SECOND_OPINION: second.astype(float),
                "correct": correct,
                "moved": rows["moved"],
                "group": rows["group"],
            }
        )
        parts.append(pairs.dropna(subset=["asked", "heard"]))
    return pd.concat(parts, ignore_index=True)


def controllability_table(songs: pd.DataFrame, ear: Ear, *, seed: int = 0) -> pd.DataFrame:
    """Return how controllable each feature is, and how original the songs are.

    Args:
        songs: what `measure_requests` returns.
        ear: heard the songs.
        seed: of the bootstrap.

    Returns:
        One row per feature in the column `knob`, then one per row of `ORIGINALITY`: `statistic` ("rank
        correlation", "share right" or "mean"), `value` with `low` and `high` (95 %, bootstrap over songs) and
        `songs`, their number; for feelings also `reach`, the mean change of the place heard from the lowest
        level to the highest; `second_value` and `second_reach`, the same by the second opinion;
        `all_moved`, the rank correlation in songs with every feature drawn; `in_songs`, that of ear and
        feature in real songs. Rank correlations and reaches are averaged over sweeps. NaN where nothing was
        moved, or fewer than `MIN_LEVELS` levels or `MIN_SWEEPS` sweeps were.

    Raises:
        InputError: a column is missing.
    """
    pairs = asked_and_heard(songs)
    rows: list[dict[str, Any]] = []
    for name in FEELINGS:
        own = pairs[pairs["feature"] == name]
        alone = _with_enough_levels(own[own["moved"] == name])
        drawn = own[own["moved"] == ALL]
        drawn = drawn if len(drawn) >= MIN_DRAWN else drawn.head(0)
        interval = _rank_correlation(alone, "heard", seed)
        rows.append(
            {
                "knob": name,
                "statistic": "rank correlation",
                **_columns(interval, len(alone)),
                "reach": _reach(alone, "heard"),
                "second_value": _rank_correlation(alone, SECOND_OPINION, seed).value,
                "second_reach": _reach(alone, SECOND_OPINION),
                "all_moved": _rank_correlation(drawn, "heard", seed).value,
                "second_all_moved": _rank_correlation(drawn, SECOND_OPINION, seed).value,
                "in_songs": ear.ear_of(name).agreement.value,
            }
        )
    for name in EXACT:
        correct = pairs.loc[pairs["feature"] == name, "correct"].to_numpy(dtype=np.float64)
        rows.append(
            {"knob": name, "statistic": "share right", **_columns(_mean(correct, seed), len(correct))}
        )
    for name, column in ORIGINALITY.items():
        values = songs[column].dropna().to_numpy(dtype=np.float64)
        rows.append({"knob": name, "statistic": "mean", **_columns(_mean(values, seed), len(values))})
    return pd.DataFrame(rows)


def leak_table(songs: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return what each feeling, moved alone, does to what is heard of every other.

    Args:
        songs: what `measure_requests` returns.
        known: songs with features, such as the table `song_metrics`.

    Returns:
        One row per pair of feelings: `moved`, `heard`, `value`, the rank correlation of the level asked for
        and the place heard, averaged over sweeps (NaN for too few), and `in_songs`, the rank correlation of
        both features in the known songs.
    """
    rows = []
    for moved in FEELINGS:
        swept = songs[songs["moved"] == moved]
        for heard in FEELINGS:
            pairs = pd.DataFrame(
                {
                    "asked": swept[ASKED_PLACE + moved],
                    "heard": swept[PLACE_PREFIX + heard].astype(float),
                    "group": swept["group"],
                }
            )
            value = _rank_correlation(_with_enough_levels(pairs.dropna()), "heard", 0).value
            in_songs = known[moved].astype(float).corr(known[heard].astype(float), "spearman")
            rows.append({"moved": moved, "heard": heard, "value": value, "in_songs": float(in_songs)})
    return pd.DataFrame(rows)


def _with_enough_levels(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the sweeps of at least `MIN_LEVELS` levels; none if there are fewer than `MIN_SWEEPS`."""
    levels = pairs.groupby("group")["asked"].transform("nunique") if len(pairs) else pd.Series(dtype=float)
    enough = pairs[levels >= MIN_LEVELS]
    return enough if enough["group"].nunique() >= MIN_SWEEPS else enough.head(0)


def _columns(interval: ConfidenceInterval, songs: int) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high, "songs": songs}


def _reach(pairs: pd.DataFrame, column: str) -> float:
    """Return the mean change of a place from the lowest to the highest level; NaN without sweeps."""
    changes = []
    for _, sweep in pairs.dropna(subset=[column]).groupby("group"):
        ordered = sweep.sort_values("asked")[column]
        changes.append(float(ordered.iloc[-1] - ordered.iloc[0]))
    return float(np.mean(changes)) if changes else float("nan")


def description_controllability(
    description_model: DescriptionGenerator,
    calibration: RequestCalibration,
    *,
    guidance: float = 1.0,
    levels: int = 9,
    bars: int = 8,
    seed: int = 0,
) -> float:
    """Return the controllability of a model's descriptions, one per request and without reranking.

    Args:
        description_model: generates the descriptions.
        calibration: predicts a song's metrics from its description.
        guidance: see `nn.sampling.SamplingParams`.
        levels: values of each sweep.
        bars: length of each description.
        seed: of the requests.

    Returns:
        The rank correlation of each requested feature and its predicted metric, averaged over sweeps, -1 to
        1; a metric that does not vary counts 0.
    """
    parse = DescriptionGrammar().parse
    requests = controllability_requests(levels, 0, sweeps=NUM_DESCRIPTION_SWEEPS, bars=bars, seed=seed)
    descriptions = description_model.generate(
        [each.request.features for each in requests],
        bars=bars,
        seeds=[each.request.seed for each in requests],
        guidance=guidance,
    )
    pairs = pd.DataFrame(
        {
            "group": [each.group for each in requests],
            "asked": [getattr(each.request.features, each.moved) for each in requests],
            "expected": [
                calibration.predict_places(parse(tokens), each.request.features.tempo)[each.moved]
                for each, tokens in zip(requests, descriptions, strict=True)
            ],
        }
    )
    correlations = [
        sweep["asked"].corr(sweep["expected"], "spearman") if sweep["expected"].nunique() > 1 else 0.0
        for _, sweep in pairs.groupby("group")
    ]
    return float(np.mean(correlations))


def controllability_by_candidate(
    candidates: Mapping[str, Sequence[TrainedModel]], calibration: RequestCalibration
) -> dict[str, float]:
    """Return `description_controllability` of each candidate, given by its models."""
    return {
        name: description_controllability(DescriptionGenerator(models), calibration)
        for name, models in candidates.items()
    }


def draw_features(rng: np.random.Generator) -> dict[str, float]:
    """Draw all features independently, the feelings evenly over `SWEPT_RANGES`."""
    swept = {name: float(rng.uniform(*ends)) for name, ends in SWEPT_RANGES.items()}
    return {**swept, **_draw_forced(rng)}


def _draw_forced(rng: np.random.Generator) -> dict[str, float]:
    """Draw what generation forces: key, mode, tempo and meter (3/4 in one song of five)."""
    return {
        "key": int(rng.integers(12)),
        "mode": int(rng.integers(2)),
        "tempo": round(float(rng.uniform(*TEMPOS)), 1),
        "time_signature": int(rng.choice(METERS, p=(0.2, 0.8))),
    }


def _mean(values: NDArray[np.float64], seed: int) -> ConfidenceInterval:
    return bootstrap_ratio(values, np.ones_like(values), seed=seed)


def _rank_correlation(pairs: pd.DataFrame, column: str, seed: int) -> ConfidenceInterval:
    """Return Spearman's correlation of `asked` and a column.

    It is averaged over groups by their size; songs are resampled within groups. Groups in which one of both
    is constant are left out.
    """
    pairs = pairs.dropna(subset=[column])
    asked, heard = (pairs[name].to_numpy(dtype=np.float64) for name in ("asked", column))
    groups = [np.asarray(rows) for rows in pairs.groupby("group").indices.values() if len(rows) > 1]
    if not groups:
        return UNDEFINED

    def mean_correlation(*samples: NDArray[np.generic], axis: int) -> NDArray[np.float64]:
        totals, weights = np.zeros(samples[0].shape[:axis]), np.zeros(samples[0].shape[:axis])
        for sample in samples:
            rows = sample.astype(np.int64)  # (resamples, songs)
            correlations = _spearman(asked[rows], heard[rows])
            totals += rows.shape[axis] * np.nan_to_num(correlations)
            weights += rows.shape[axis] * ~np.isnan(correlations)
        with np.errstate(invalid="ignore"):
            return np.asarray(totals / weights)

    return bootstrap_ci(groups, mean_correlation, seed=seed)


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation along the last axis; NaN where one side does not vary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)
        return np.asarray(pearsonr(rankdata(one, axis=-1), rankdata(other, axis=-1), axis=-1).statistic)
