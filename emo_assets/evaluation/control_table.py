"""Does turning a knob change the music: asked against measured, in numbers.

Takes the songs' measures as a table and judges each feature's knob. Pictures of it are `control_figures`';
which songs are asked for, and by which models they are made, is decided elsewhere.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.metrics.song_metrics import FEATURE_METRICS, FeatureMetric

ASKED = "asked_"
"""What the columns of what was asked begin with; the feature follows."""

MOVED, ALL = "moved", "all"
"""The column that names the feature which a request moved, and its value where it moved all of them."""

GROUP = "group"
"""The column that numbers the groups of requests which differ in nothing but what was moved."""

REQUEST_METRICS: dict[str, FeatureMetric] = {
    **FEATURE_METRICS,
    "bars": FeatureMetric("bars", "bars", tolerance=0),
}
"""What can be asked for and what it is measured by."""

ORIGINALITY_METRICS = {
    "other seeds": FeatureMetric(
        "distance", "distance to songs with other seeds, 0 the same to 1 nothing shared"
    ),
    "copied bars": FeatureMetric("copied", "share of bars that stand in a training song"),
}
"""What is told of the songs beside the knobs: whether they are songs of their own."""

RESAMPLES = 1000
INTERVAL = (0.025, 0.975)


def asked_and_measured(songs: pd.DataFrame, knob: str) -> pd.DataFrame:
    """Return `asked`, `measured`, `moved` and `group` of the songs that tell about a knob, if measured.

    Of knobs whose measure only has to rise with the feature these are the songs whose requests moved that
    feature, alone or with all others; of the others all songs.
    """
    measure = REQUEST_METRICS[knob]
    telling = songs if measure.tolerance is not None else songs[songs[MOVED].isin([knob, ALL])]
    pairs = pd.DataFrame({"asked": telling[ASKED + knob], "measured": telling[measure.name]})
    frame = pairs.astype(float).assign(moved=telling[MOVED], group=telling[GROUP])
    return frame.dropna().reset_index(drop=True)


def controllability_table(
    songs: pd.DataFrame, agreement: pd.DataFrame | None = None, *, seed: int = 0
) -> pd.DataFrame:
    """Judge every knob, and whether the songs are songs of their own.

    Args:
        songs: one row a song with `asked_<knob>` for every knob in `REQUEST_METRICS`, `moved`, `group`, the
        columns of
            `SongMetrics.as_dict()`, `distance` and `copied`.
        agreement: how well measures go with the features in the songs that were learned from: `feature` and
            `value`, as `metrics.metrics_table.feature_agreement` says it; None for not known.
        seed: of the bootstrap.

    Returns:
        One row a knob, then one a row of `ORIGINALITY_METRICS`: `knob`, `measure`, `unit`, `statistic`
        ("share right", "rank correlation" or "mean"), `value` with `low` and `high` (95 %, bootstrap
        over songs) and `songs` that it was taken from; `all_moved`: the rank
        correlation in songs whose every feature was drawn;
        `in_songs`: the same figure in the songs that were learned from. A rank correlation is taken sweep by
        sweep, all else held, and averaged. NaN where nothing was moved or measured.

    Raises:
        InputError: a column is missing.
    """
    measures = {**REQUEST_METRICS, **ORIGINALITY_METRICS}
    needed = [
        MOVED,
        GROUP,
        *(ASKED + knob for knob in REQUEST_METRICS),
        *(measure.name for measure in measures.values()),
    ]
    missing = [name for name in needed if name not in songs.columns]
    if missing:
        raise InputError(f"the table of songs has no column {', '.join(missing)}")
    known = {} if agreement is None else dict(zip(agreement["feature"], agreement["value"], strict=True))
    rows = []
    for knob, measure in measures.items():
        chance = np.random.default_rng(seed)
        all_moved = float("nan")
        if knob in ORIGINALITY_METRICS:
            values = songs[measure.name].dropna().to_numpy(dtype=np.float64)
            statistic, figures, counted = "mean", _mean(values, chance), len(values)
        elif measure.tolerance is not None:
            pairs = asked_and_measured(songs, knob)
            right = within_tolerance(pairs, measure.tolerance).astype(np.float64)
            statistic, figures, counted = "share right", _mean(right, chance), len(pairs)
        else:
            pairs = asked_and_measured(songs, knob)
            alone = pairs[pairs[MOVED] != ALL]
            statistic, figures, counted = "rank correlation", _correlation(alone, chance), len(alone)
            all_moved = _correlation(pairs[pairs[MOVED] == ALL], chance)[0]
        rows.append(
            {
                "knob": knob,
                "measure": measure.name,
                "unit": measure.unit,
                "statistic": statistic,
                **dict(zip(("value", "low", "high"), figures, strict=True)),
                "songs": counted,
                "all_moved": all_moved,
                "in_songs": float(known.get(knob, np.nan)),
            }
        )
    return pd.DataFrame(rows)


def within_tolerance(pairs: pd.DataFrame, tolerance: float) -> NDArray[np.bool_]:
    """Say of each song whether it is as asked, shape (songs,)."""
    right: NDArray[np.bool_] = ((pairs["asked"] - pairs["measured"]).abs() <= tolerance + 1e-9).to_numpy()
    return right


def _correlation(pairs: pd.DataFrame, chance: np.random.Generator) -> tuple[float, float, float]:
    """Return the mean rank correlation of the groups, by their size, and the ends of its interval.

    Songs are drawn anew within each group; a group in which nothing varies has no say.
    """
    totals, weights = np.zeros(1 + RESAMPLES), np.zeros(1 + RESAMPLES)
    for _, group in pairs.groupby(GROUP):
        drawn = chance.integers(0, len(group), (RESAMPLES, len(group)))
        samples = np.vstack([np.arange(len(group)), drawn])  # first the songs themselves
        figures = _rank_correlations(
            group["asked"].to_numpy()[samples], group["measured"].to_numpy()[samples]
        )
        known = ~np.isnan(figures)
        totals[known] += len(group) * figures[known]
        weights[known] += len(group)
    if not weights[0]:
        return float("nan"), float("nan"), float("nan")
    figures = totals[weights > 0] / weights[weights > 0]
    low, high = np.quantile(figures[1:], INTERVAL)
    return float(figures[0]), float(low), float(high)


def _mean(values: NDArray[np.float64], chance: np.random.Generator) -> tuple[float, float, float]:
    """Return the mean of some songs' values and the ends of its interval."""
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    means = values[chance.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, INTERVAL)
    return float(values.mean()), float(low), float(high)


def _rank_correlations(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row, shape (rows,); NaN where one side does not vary."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=1) for values in (one, other)]
    centred = [values - values.mean(axis=1, keepdims=True) for values in ranks]
    lengths = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    products = (centred[0] * centred[1]).sum(axis=1)
    correlations = np.full(len(one), np.nan)
    np.divide(products, lengths, out=correlations, where=lengths > 0)
    return correlations
