"""The songs that describers learn from, listened to: one row a song, its features beside its measures.

What people's songs sound like is the scale on which requests are read (`calibration`), and what any control
must exceed: in them the features come as they come. Tables and bytes alone; where they are kept is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np
import pandas as pd

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.metrics.description_features import outline_of_segments
from emo_assets.metrics.song_metrics import FEATURE_METRICS, measure_midi
from emo_assets.progress import Progress, no_progress

METRIC_PREFIX = "heard_"
"""What the columns of measures begin with; the attribute of `SongMetrics` follows."""


def song_metrics(
    training_set: pd.DataFrame, midi: Mapping[str, bytes], *, progress: Progress = no_progress
) -> pd.DataFrame:
    """Listen to every song of the training set.

    Args:
        training_set: one row a segment: `md5`, `split`, the ten features, `segment`, `tokens`.
        midi: the songs' files by md5; songs without one are left out.
        progress: told how many songs were listened to.

    Returns:
        One row a song, by md5: `md5`, `split`, the ten features as Spotify has them, `heard_<measure>` for
        each measure of `SongMetrics.as_dict()` but the list of instruments, and `outline` (see `outline`).
    """
    songs = training_set.sort_values(["md5", "segment"]).groupby("md5", sort=True)
    rows = []
    for number, (md5, segments) in enumerate(songs, 1):
        content = midi.get(str(md5))
        heard = _listened(content) if content is not None else None
        if heard is not None:
            first = segments.iloc[0]
            known = {name: first[name] for name in ("md5", "split", *FEATURE_NAMES)}
            outline = outline_of_segments(np.asarray(tokens).tolist() for tokens in segments["tokens"])
            rows.append({**known, **heard, "outline": outline.round(4).tolist()})
        progress("listening to songs", number, songs.ngroups)
    return pd.DataFrame(rows)


def feature_agreement(songs: pd.DataFrame) -> pd.DataFrame:
    """Say how well what is heard goes with the features as they are: the estimators' worth on these songs.

    Args:
        songs: what `song_metrics` returned.

    Returns:
        One row a feature: `feature`, `measure`, `statistic` ("share equal" for key, mode and beats in a bar,
        "rank correlation" for the others), `value` and `songs`; the value is missing where nothing varies.
    """
    rows = []
    for feature, measure in FEATURE_METRICS.items():
        pairs = songs[[feature, METRIC_PREFIX + measure.name]].astype(float).dropna()
        asked, heard = pairs.iloc[:, 0], pairs.iloc[:, 1]
        equal = measure.tolerance == 0
        varies = asked.nunique() > 1 and heard.nunique() > 1
        value = float((asked == heard).mean()) if equal else asked.corr(heard, "spearman") if varies else nan
        rows.append(
            {
                "feature": feature,
                "measure": measure.name,
                "statistic": "share equal" if equal else "rank correlation",
                "value": value,
                "songs": len(pairs),
            }
        )
    return pd.DataFrame(rows)


def _listened(content: bytes) -> dict[str, object] | None:
    try:
        heard = measure_midi(content).as_dict()
    except InputError:
        return None
    return {f"{METRIC_PREFIX}{name}": value for name, value in heard.items() if name != "instruments"}
