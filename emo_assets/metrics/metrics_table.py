"""The table `song_metrics`: features and metrics of every song that description models learn from."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import pandas as pd

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.metrics.description_features import description_features
from emo_assets.metrics.song_metrics import FEATURE_METRICS, measure_midi
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

METRIC_PREFIX = "heard_"
"""Prefix of the columns that hold metrics; an attribute of `SongMetrics` follows."""


def measure_training_songs(
    training_set: pd.DataFrame, midi: Mapping[str, bytes], *, progress: Progress = no_progress
) -> pd.DataFrame:
    """Measure every song of the training set.

    Args:
        training_set: one row per segment: `md5`, `split`, the ten features, `segment`, `tokens`.
        midi: MIDI files by md5; songs without a readable file are left out.
        progress: called once per song.

    Returns:
        One row per song, ordered by md5: `md5`, `split`, the ten Spotify features, `heard_<metric>` for each
        metric of `SongMetrics.as_dict()` except the list of instruments, and `outline`, the
        `description_features` of all segments.
    """
    grammar = DescriptionGrammar()
    songs = training_set.sort_values(["md5", "segment"]).groupby("md5", sort=True)
    rows = []
    for number, (md5, segments) in enumerate(songs, 1):
        content = midi.get(str(md5))
        metrics = _metric_columns(content) if content is not None else None
        if metrics is not None:
            first = segments.iloc[0]
            song = {name: first[name] for name in ("md5", "split", *FEATURE_NAMES)}
            bars = [bar for tokens in segments["tokens"] for bar in grammar.parse(list(tokens))]
            rows.append({**song, **metrics, "outline": description_features(bars).round(4).tolist()})
        progress("measuring songs", number, songs.ngroups)
    return pd.DataFrame(rows)


def feature_agreement(songs: pd.DataFrame) -> pd.DataFrame:
    """Compute how well each metric follows its feature in real songs.

    Args:
        songs: the table of `measure_training_songs`.

    Returns:
        One row per feature: `feature`, `measure`, `statistic` ("share equal" for key, mode and beats in a
        bar, "rank correlation" for the others), `value` (NaN if nothing varies) and `songs`, their number.
    """
    rows = []
    for feature, metric in FEATURE_METRICS.items():
        pairs = songs[[feature, METRIC_PREFIX + metric.name]].astype(float).dropna()
        asked, measured = pairs.iloc[:, 0], pairs.iloc[:, 1]
        if metric.tolerance == 0:
            statistic, value = "share equal", float((asked == measured).mean())
        else:
            varies = asked.nunique() > 1 and measured.nunique() > 1
            statistic, value = "rank correlation", asked.corr(measured, "spearman") if varies else nan
        rows.append(
            {
                "feature": feature,
                "measure": metric.name,
                "statistic": statistic,
                "value": value,
                "songs": len(pairs),
            }
        )
    return pd.DataFrame(rows)


def _metric_columns(content: bytes) -> dict[str, object] | None:
    try:
        metrics = measure_midi(content).as_dict()
    except InputError:
        return None
    return {METRIC_PREFIX + name: value for name, value in metrics.items() if name != "instruments"}
