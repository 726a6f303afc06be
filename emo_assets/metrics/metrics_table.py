"""The table `song_metrics`: features and metrics of every song that description models learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.metrics.description_features import description_features
from emo_assets.metrics.ear import FEELINGS, RULE_METRICS
from emo_assets.metrics.ear_learning import LinkedSongs
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

EAR_METRICS_COLUMN, OUTLINE_COLUMN = "ear_metrics", "outline"

EARLIER_VERSION = "song_metrics is of an earlier version: materialize it again"

METRIC_PREFIX = "heard_"
"""Prefix of the columns that hold metrics; an attribute of `SongMetrics` follows."""


def measure_training_songs(
    training_set: pd.DataFrame, midi: Mapping[str, bytes], *, progress: Progress = no_progress
) -> pd.DataFrame:
    """Measure every song of the training set.

    Args:
        training_set: one row per segment: `md5`, `split`, `artist_keys`, the ten features, `segment`,
            `tokens`.
        midi: MIDI files by md5; songs without a readable file are left out.
        progress: called once per song.

    Returns:
        One row per song, ordered by md5: `md5`, `split`, the ten Spotify features, `artist`, `heard_<metric>`
        for each metric of `SongMetrics.as_dict()` except the list of instruments, `ear_metrics`, all of
        `EAR_METRICS`, and `outline`, the `description_features` of all segments.
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
            outline = description_features(bars, float(metrics[METRIC_PREFIX + "tempo"]))
            rows.append(
                {
                    **song,
                    "artist": str(next(iter(first["artist_keys"]), "")),
                    **metrics,
                    OUTLINE_COLUMN: outline.round(4).tolist(),
                }
            )
        progress("measuring songs", number, songs.ngroups)
    return pd.DataFrame(rows)


def ear_metrics(songs: pd.DataFrame) -> NDArray[np.float64]:
    """Return what the ear hears songs by: all of `EAR_METRICS`, shape (songs, metrics).

    Args:
        songs: the table of `measure_training_songs`, with at least one song.

    Raises:
        InputError: it is of an earlier version.
    """
    vectors = songs[EAR_METRICS_COLUMN].tolist() if EAR_METRICS_COLUMN in songs.columns else []
    if {len(vector) for vector in vectors} != {len(EAR_METRICS)}:
        raise InputError(EARLIER_VERSION)
    return np.array(vectors, dtype=np.float64)


def linked_songs(songs: pd.DataFrame) -> LinkedSongs:
    """Return the songs of the table as an ear learns from them.

    Args:
        songs: the table of `measure_training_songs`.

    Raises:
        InputError: it is of an earlier version.
    """
    rules = [METRIC_PREFIX + name for name in RULE_METRICS.values()]
    if {"artist", *FEELINGS, *rules} - set(songs.columns):
        raise InputError(EARLIER_VERSION)
    return LinkedSongs(
        metrics=ear_metrics(songs),
        features={name: songs[name].to_numpy(dtype=np.float64) for name in FEELINGS},
        rule_metrics={
            name: songs[METRIC_PREFIX + name].to_numpy(dtype=np.float64) for name in RULE_METRICS.values()
        },
        artists=songs["artist"].tolist(),
    )


def _metric_columns(content: bytes) -> dict[str, Any] | None:
    try:
        song = MeasuredSong.from_midi(content)
    except InputError:
        return None
    metrics = {
        METRIC_PREFIX + name: value for name, value in song.metrics.as_dict().items() if name != "instruments"
    }
    return metrics | {EAR_METRICS_COLUMN: song.ear_metrics.tolist()}
