"""The table that describers learn from: features beside description segments, split by artist.

Knows tables only. How tokens become tensors and how models use the splits stands in the modules that train.
"""

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
"""The columns that `assemble_training_set` returns, in order."""


def split_for_artist(artist_key: str) -> str:
    """Return the side on which an artist stands: "train" (8 in 10), "validation" or "test" (1 in 10 each).

    The side follows from the name alone (SHA-256), so that it does not move when data grow.

    Args:
        artist_key: the artist's normalised name.
    """
    place = int.from_bytes(hashlib.sha256(artist_key.encode()).digest()[:8], "big") / 2**64
    if place < TRAIN_SHARE:
        return "train"
    return "validation" if place < TRAIN_SHARE + VALIDATION_SHARE else "test"


def assemble_training_set(matched: pd.DataFrame, descriptions: pd.DataFrame) -> pd.DataFrame:
    """Put the features of matched tracks beside the description segments of their MIDI files.

    Left out are tracks whose artists fall on different sides, and tracks with a feature that Spotify did not
    detect (key -1, tempo 0, time signature 0) or that no request can ask for. Each MIDI file stands for one
    track: the one with the best link, then the most popular, then the first by its ids. So no artist and no
    file stands on two sides.

    Args:
        matched: `track_id`, `msd_track_id`, `md5`, `artist_keys` (lists, the primary artist first),
            `popularity`, the ten features, `link_score`.
        descriptions: one row a segment: `msd_track_id`, `md5`, `segment` (from 0), `first_bar` (from 1),
            `bars`, `tokens`.

    Returns:
        One row a segment with `COLUMNS`, sorted by track, file and segment.
    """
    usable = matched[_features_detected(matched)]
    sides = usable["artist_keys"].map(_common_side)
    usable = usable.assign(split=sides.astype("str"))[sides.notna()]
    described = usable.merge(descriptions[["msd_track_id", "md5"]].drop_duplicates())
    chosen = described.sort_values(
        ["link_score", "popularity", "track_id", "msd_track_id"], ascending=[False, False, True, True]
    ).drop_duplicates("md5")
    rows = chosen.merge(descriptions, on=["msd_track_id", "md5"], how="inner", validate="one_to_many")
    return rows.sort_values(["track_id", "md5", "segment"], ignore_index=True)[list(COLUMNS)]


def _features_detected(matched: pd.DataFrame) -> pd.Series[bool]:
    within = pd.Series(data=True, index=matched.index)
    for name in FEATURE_NAMES:
        within &= matched[name].between(*feature_range(name))
    return within


def _common_side(artist_keys: Sequence[str]) -> str | None:
    """Return the side on which all of a track's artists stand, or None when they stand on several."""
    sides = {split_for_artist(key) for key in artist_keys}
    return sides.pop() if len(sides) == 1 else None
