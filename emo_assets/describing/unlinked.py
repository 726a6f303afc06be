"""Described songs without Spotify features: most of Lakh, and good to learn music from.

Describers are trained with their features left out now and then anyway; songs that were never linked to
Spotify teach them how descriptions go on, and double or triple what there is to learn from. They are trained
on, never validated or tested on. Knows tables only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emo_assets.describing.training_set import COLUMNS, split_of
from emo_assets.features import FEATURE_NAMES


def songs_without_features(
    descriptions: pd.DataFrame,
    artists: pd.DataFrame,
    training_set: pd.DataFrame,
    *,
    for_each_linked: int = 4,
) -> pd.DataFrame:
    """Return the described songs that the training set lacks, as more rows for it.

    Only songs all of whose artists stand on the training side by `split_of` are taken, whatever Million Song
    tracks or Spotify rows name them: no artist and no file comes to stand on two sides.

    Args:
        descriptions: one row a segment: `msd_track_id`, `md5`, `segment`, `first_bar`, `bars`, `tokens`.
        artists: who each track is by, as far as any table knows: `msd_track_id` and `artist_keys` (lists of
            normalised names), any number of rows a track.
        training_set: what `assemble_training_set` returned.
        for_each_linked: at most so many songs for each song of the training split; the features must not be
            drowned out. Which ones follows from their md5 alone.

    Returns:
        One row a segment with `COLUMNS`; `split` is "train", the features and `track_id` are missing.
    """
    keys = artists.explode("artist_keys").dropna(subset=["artist_keys"])
    named = descriptions[["msd_track_id", "md5"]].drop_duplicates().merge(keys, how="left")
    learned = named["artist_keys"].map(lambda key: isinstance(key, str) and split_of(key) == "train")
    others = set(named.loc[~learned.astype(bool), "md5"]) | set(training_set["md5"])
    chosen = named[~named["md5"].isin(others)].sort_values(["md5", "msd_track_id"])
    by_file = chosen.groupby(["md5"], sort=True).agg(
        msd_track_id=("msd_track_id", "first"), artist_keys=("artist_keys", _distinct)
    )
    linked = training_set.loc[training_set["split"] == "train", "md5"].nunique()
    by_file = by_file.head(for_each_linked * linked)
    rows = by_file.reset_index().merge(descriptions, on=["msd_track_id", "md5"], how="inner")
    rows = rows.assign(track_id=None, split="train", **dict.fromkeys(FEATURE_NAMES, np.nan))
    return rows.sort_values(["md5", "segment"], ignore_index=True)[list(COLUMNS)]


def _distinct(keys: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(keys))
