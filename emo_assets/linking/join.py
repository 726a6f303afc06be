"""Join links with Spotify rows and MIDI files."""

from __future__ import annotations

import pandas as pd

from emo_assets.features import FEATURE_NAMES
from emo_assets.linking.names import artist_keys

COLUMNS: tuple[str, ...] = (
    "track_id",
    "msd_track_id",
    "md5",
    "artists",
    "artist_keys",
    "track_name",
    "track_genre",
    "popularity",
    *FEATURE_NAMES,
    "link_method",
    "link_score",
)
"""The columns that `join_links` returns, in order."""


def join_links(links: pd.DataFrame, spotify: pd.DataFrame, lakh_files: pd.DataFrame) -> pd.DataFrame:
    """Join links, Spotify rows and MIDI files.

    The Kaggle table has one row per track and genre; each track is joined once, with the first of its genres.

    Args:
        links: the result of `matching.link_tracks`.
        spotify: rows of `datasets.spotify.read_spotify`.
        lakh_files: MIDI files with `msd_track_id` and `md5`.

    Returns:
        One row per Spotify track, Million Song track and MIDI file, with `COLUMNS`, sorted by these three.
        `artist_keys` holds lists: the normalised name of each artist, the primary one first.
    """
    once = spotify.drop_duplicates("track_id")
    files = lakh_files[["msd_track_id", "md5"]].drop_duplicates()
    matched = (
        links.rename(columns={"method": "link_method", "score": "link_score"})
        .merge(once, on="track_id", how="inner", validate="many_to_one")
        .merge(files, on="msd_track_id", how="inner")
        .sort_values(["track_id", "msd_track_id", "md5"], ignore_index=True)
    )
    matched["artist_keys"] = pd.Series(
        [list(artist_keys(artists)) for artists in matched["artists"]], index=matched.index, dtype=object
    )
    return matched[list(COLUMNS)]
