"""The table that models train on: features and description segments, split by artist."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd

from emo_assets.features import FEATURE_NAMES, feature_range

SPLITS: tuple[str, ...] = ("train", "validation", "test")

TRAIN_SHARE = 0.8
VALIDATION_SHARE = 0.1

COLUMNS: tuple[str, ...] = (
    "track_id",
    "msd_track_id",
    "md5",
    "artist_keys",
    "split",
    *FEATURE_NAMES,
    "segment",
    "first_bar",
    "bars",
    "tokens",
)
"""The columns of the training set, in order."""


def split_for_artist(artist_key: str) -> str:
    """Return the split of an artist: "train" (80 %), "validation" or "test" (10 % each).

    It depends on the name alone (SHA-256), so that it stays the same when data grow.

    Args:
        artist_key: the artist's normalized name.
    """
    fraction = int.from_bytes(hashlib.sha256(artist_key.encode()).digest()[:8], "big") / 2**64
    if fraction < TRAIN_SHARE:
        return "train"
    return "validation" if fraction < TRAIN_SHARE + VALIDATION_SHARE else "test"


def assemble_training_set(matched: pd.DataFrame, descriptions: pd.DataFrame) -> pd.DataFrame:
    """Join the features of matched tracks with the description segments of their MIDI files.

    Tracks whose artists are in different splits are dropped, and tracks with a feature that is outside the
    range of requests or that Spotify did not detect (key -1, tempo 0, time signature 0). Each MIDI file
    belongs to one track: the one with the best link, then the most popular one, then the first by id. So
    every artist and every file is in one split.

    Args:
        matched: `track_id`, `msd_track_id`, `md5`, `artist_keys` (lists, the primary artist first),
            `popularity`, the ten features, `link_score`.
        descriptions: one row per segment: `msd_track_id`, `md5`, `segment` (from 0), `first_bar` (from 1),
            `bars`, `tokens`.

    Returns:
        One row per segment with `COLUMNS`, sorted by track, file and segment.
    """
    usable = matched[_features_in_range(matched)]
    splits = usable["artist_keys"].map(_common_split)
    usable = usable.assign(split=splits.astype("str"))[splits.notna()]
    described = usable.merge(descriptions[["msd_track_id", "md5"]].drop_duplicates())
    chosen = described.sort_values(
        ["link_score", "popularity", "track_id", "msd_track_id"], ascending=[False, False, True, True]
    ).drop_duplicates("md5")
    rows = chosen.merge(descriptions, on=["msd_track_id", "md5"], how="inner", validate="one_to_many")
    return rows.sort_values(["track_id", "md5", "segment"], ignore_index=True)[list(COLUMNS)]


def _features_in_range(matched: pd.DataFrame) -> pd.Series[bool]:
    in_range = pd.Series(data=True, index=matched.index)
    for name in FEATURE_NAMES:
        in_range &= matched[name].between(*feature_range(name))
    return in_range


def _common_split(artist_keys: Sequence[str]) -> str | None:
    """Return the split of all artists, or None if they differ."""
    splits = {split_for_artist(key) for key in artist_keys}
    return splits.pop() if len(splits) == 1 else None
