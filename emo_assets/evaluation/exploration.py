"""Exploration of the ten features: distributions, kinds, correlations, and the bias that linking introduces.

Compares the songs that are linked to a MIDI file with all songs of the Spotify table. A song has a track id
on each of its albums; here it counts once, so that old hits do not dominate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector

SKEWNESS_THRESHOLD = 0.5
"""Minimum absolute skewness of a skewed distribution; below it is fairly symmetric (Bulmer 1979)."""

UNDETECTED = {"key": -1, "tempo": 0, "time_signature": 0}
"""Spotify's values for features that it did not detect; they are counted and left out."""

CIRCULAR = ("key",)
"""Features on a circle, to which rank correlation and means do not apply."""

STRONG_CORRELATION = 0.3
"""Minimum absolute rank correlation of a strong pair of features."""

_DISCRETE = ("key", "mode", "time_signature")


@dataclass(frozen=True)
class Exploration:
    """The linked songs compared with all songs.

    Attributes:
        linked: one row per linked song; undetected features are NaN.
        all_songs: one row per song of the Spotify table, likewise.
        linked_tracks: number of track ids of the linked songs.
        all_tracks: number of track ids of all songs.
        genres: one row per genre, most linked songs first: `genre`, `linked`, `all` (songs), `linked_share`,
            `all_share`. A song counts in each of its genres, so the shares add up to more than 1.
        table: one row per feature; see `feature_table`.
        correlations: Spearman's rank correlation of the linked songs' features, indexed by name both ways.
        all_correlations: the same of all songs.
        strong_pairs: (feature, feature, correlation of the linked songs), strongest first.
        skewness_threshold: minimum absolute skewness of skewed features.
    """

    linked: pd.DataFrame
    all_songs: pd.DataFrame
    linked_tracks: int
    all_tracks: int
    genres: pd.DataFrame
    table: pd.DataFrame
    correlations: pd.DataFrame
    all_correlations: pd.DataFrame
    strong_pairs: list[tuple[str, str, float]]
    skewness_threshold: float = SKEWNESS_THRESHOLD


def explore(linked: pd.DataFrame, spotify: pd.DataFrame) -> Exploration:
    """Compare the linked songs with the whole Spotify table.

    Args:
        linked: rows with `track_id`, `artists`, `track_name`, `popularity` and the ten features, one or more
            per track.
        spotify: the Spotify table: the same columns and `track_genre`, one row per track and genre.

    Raises:
        InputError: a table has no row or lacks a column.
    """
    needed = ("track_id", "artists", "track_name", "popularity", *FEATURE_NAMES)
    for name, rows, columns in (("linked", linked, needed), ("spotify", spotify, (*needed, "track_genre"))):
        missing = [column for column in columns if column not in rows.columns]
        if missing:
            raise InputError(f"the {name} table has no column {', '.join(missing)}")
        if rows.empty:
            raise InputError(f"the {name} table has no row: there is nothing to explore")
    linked_songs, all_songs = deduplicate_songs(linked), deduplicate_songs(spotify)
    correlations = _correlations(linked_songs)
    return Exploration(
        linked=linked_songs,
        all_songs=all_songs,
        linked_tracks=int(linked["track_id"].nunique()),
        all_tracks=int(spotify["track_id"].nunique()),
        genres=_genres(linked_songs, spotify),
        table=feature_table(linked_songs, all_songs),
        correlations=correlations,
        all_correlations=_correlations(all_songs),
        strong_pairs=strong_pairs(correlations),
    )


def deduplicate_songs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per song: the most popular of the tracks with the same artists and title.

    Args:
        rows: `track_id`, `artists`, `track_name`, `popularity`, the ten features and others, one or more rows
            per track.

    Returns:
        Some of the rows, with undetected features as NaN and the column `song` that identifies songs.
    """
    by_popularity = rows.assign(song=_song(rows)).sort_values(
        ["popularity", "track_id"], ascending=[False, True]
    )
    songs = by_popularity.drop_duplicates("song").reset_index(drop=True)
    for name in FEATURE_NAMES:
        values = songs[name].astype(float)
        songs[name] = values.mask(values == UNDETECTED[name]) if name in UNDETECTED else values
    return songs


def feature_table(linked: pd.DataFrame, all_songs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per feature about the linked songs and how they differ from all.

    Columns: `feature`, `unit`, `kind` (`distribution_kind`), `songs` (with a value), `undetected`, `mean`,
    `std`, `min`, `median`, `max`, `skewness`, `most_common` and its `share` (discrete features), `all_songs`,
    `all_mean`, `all_std`, `shift` (difference of the means in standard deviations of all songs; NaN where all
    are equal), `shift_error` (half of its 95 % interval, from the linked songs' deviation) and `distance`
    (Kolmogorov-Smirnov statistic, 0 to 1).
    """
    return pd.DataFrame([_feature_row(name, linked, all_songs) for name in FEATURE_NAMES])


def distribution_kind(feature: str, skewness: float) -> str:
    """Return "discrete", "skewed" (from `SKEWNESS_THRESHOLD` on) or "balanced"."""
    if feature in _DISCRETE:
        return "discrete"
    return "skewed" if abs(skewness) >= SKEWNESS_THRESHOLD else "balanced"


def strong_pairs(correlations: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Return the pairs of features with a correlation of at least `STRONG_CORRELATION`, strongest first."""
    kept = correlations.drop(index=list(CIRCULAR), columns=list(CIRCULAR))
    names, values = list(kept.columns), kept.to_numpy(dtype=np.float64)
    pairs = [
        (names[row], names[column], float(values[row, column]))
        for row, column in zip(*np.triu_indices(len(names), 1), strict=True)
    ]
    strong = [pair for pair in pairs if abs(pair[2]) >= STRONG_CORRELATION]
    return sorted(strong, key=lambda pair: -abs(pair[2]))


def _feature_row(name: str, linked: pd.DataFrame, all_songs: pd.DataFrame) -> dict[str, object]:
    values, everything = linked[name].dropna(), all_songs[name].dropna()
    skewness = float(np.asarray(values.skew())) if len(values) > 2 else float("nan")
    spread = float(everything.std()) or float("nan")
    row: dict[str, object] = {
        "feature": name,
        "unit": _unit(name),
        "kind": distribution_kind(name, skewness),
        "songs": len(values),
        "undetected": len(linked) - len(values),
        "mean": values.mean(),
        "std": values.std(),
        "min": values.min(),
        "median": values.median(),
        "max": values.max(),
        "skewness": skewness,
        "most_common": float("nan"),
        "share": float("nan"),
        "all_songs": len(everything),
        "all_mean": everything.mean(),
        "all_std": everything.std(),
        "shift": (values.mean() - everything.mean()) / spread,
        "shift_error": 1.96 * values.std() / np.sqrt(max(len(values), 1)) / spread,
        "distance": float("nan"),
    }
    if len(values) and len(everything):
        row["distance"] = float(ks_2samp(values, everything, method="asymp").statistic)
    if name in _DISCRETE and len(values):
        shares = values.value_counts(normalize=True)
        row |= {"most_common": float(shares.index[0]), "share": float(shares.iloc[0])}
    return row


def _unit(feature: str) -> str:
    """Return the unit of a feature from its schema, "0 to 1" for a share."""
    extra = FeatureVector.model_fields[feature].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def _correlations(songs: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's correlations; a feature that does not vary has none and gets 0."""
    correlations = songs[list(FEATURE_NAMES)].rank().corr().fillna(0.0)
    return correlations.mask(np.eye(len(correlations), dtype=bool), 1.0)


def _song(rows: pd.DataFrame) -> pd.Series[str]:
    """Return an identifier of each row's song: artists and title, case-folded."""
    return rows["artists"].str.casefold() + "\n" + rows["track_name"].str.casefold()


def _genres(linked_songs: pd.DataFrame, spotify: pd.DataFrame) -> pd.DataFrame:
    in_genre = pd.DataFrame({"genre": spotify["track_genre"], "song": _song(spotify)}).drop_duplicates()
    linked = in_genre[in_genre["song"].isin(linked_songs["song"])]
    counts = pd.DataFrame({"linked": linked["genre"].value_counts(), "all": in_genre["genre"].value_counts()})
    counts = counts.fillna(0).astype(int)
    counts["linked_share"] = counts["linked"] / len(linked_songs)
    counts["all_share"] = counts["all"] / max(in_genre["song"].nunique(), 1)
    counts = counts.rename_axis("genre").reset_index()
    return counts.sort_values(["linked", "genre"], ascending=[False, True]).reset_index(drop=True)
