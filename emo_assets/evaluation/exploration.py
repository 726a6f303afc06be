"""The ten features in numbers: distributions, kinds, correlations, and what linking did to them.

Compares the songs that were linked to a MIDI file with all songs of the Spotify table. A song stands there
under many track ids, one an album that it is on; it counts once, or old hits would drown the others. Pictures
of it are `exploration_figures`', the page is `exploration_page`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector

SKEWNESS_THRESHOLD = 0.5
"""Absolute skewness from which a distribution is skewed; below it is fairly symmetric (Bulmer 1979)."""

KIND_RULE = (
    "A feature is *discrete* when it takes whole numbers only; else it is *skewed* when the third "
    f"standardised moment of the linked songs is {SKEWNESS_THRESHOLD:g} or more in size, "
    "and *balanced* otherwise."
)

UNDETECTED = {"key": -1, "tempo": 0, "time_signature": 0}
"""What Spotify writes where it detected_values nothing. Such values are counted and left out."""

CIRCULAR = ("key",)
"""Features on a circle: rank correlation says nothing about them, so they are never among the named pairs."""

STRONG_CORRELATION = 0.3
"""Absolute rank correlation from which a pair of features is named as strong."""

_DISCRETE = ("key", "mode", "time_signature")


@dataclass(frozen=True)
class Exploration:
    """What the linked songs are like, beside all songs.

    Attributes:
        linked: one row a linked song.
        all_songs: one row a song of the Spotify table.
        linked_tracks: how many track ids the linked songs have.
        all_tracks: how many all songs have.
        genres: one row a genre, most linked songs first: `genre`, `linked`, `all` (songs), `linked_share`,
            `all_share`. A song counts in each genre under which it stands, so the shares add up to more
            than 1.
        table: one row a feature; see `feature_table`.
        correlations: Spearman's rank correlation of the linked songs' features, indexed by name both ways.
        all_correlations: the same of all songs.
        strong_pairs: (feature, feature, correlation of the linked songs), strongest first.
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


def explore(linked: pd.DataFrame, spotify: pd.DataFrame) -> Exploration:
    """Describe the linked songs and lay them beside the whole Spotify table.

    Args:
        linked: rows with `track_id`, `artists`, `track_name`, `popularity` and the ten features; a track may
            stand in it several times (once a MIDI file).
        spotify: all rows of the Spotify table, same columns and `track_genre`; a track may stand in it once a
            genre.

    Raises:
        InputError: one of the tables has no row or lacks a column.
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
    """Return one row a song: of the tracks with the same artists and title the most popular one.

    Args:
        rows: `track_id`, `artists`, `track_name`, `popularity` and others, in one or more rows a track.

    Returns:
        Some of the rows, with the column `song` that tells songs apart.
    """
    by_popularity = rows.assign(song=_song(rows)).sort_values(
        ["popularity", "track_id"], ascending=[False, True]
    )
    return by_popularity.drop_duplicates("song").reset_index(drop=True)


def feature_table(linked: pd.DataFrame, all_songs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a feature about the linked songs and how they differ from all.

    Columns: `feature`, `unit`, `kind` (by `KIND_RULE`), `songs` (with a value), `undetected`, `mean`, `std`,
    `min`, `median`, `max`, `skewness`, `most_common` and its `share` (discrete features), `all_songs`,
    `all_mean`, `all_std`, `shift` (difference of the means in standard deviations of all songs; NaN where all
    are alike), `shift_error` (half of its 95 % interval, from the linked songs' spread) and
    `distance` (Kolmogorov and Smirnov's: the largest difference of the two cumulative distributions, 0..1).
    """
    return pd.DataFrame([_feature_row(name, linked, all_songs) for name in FEATURE_NAMES])


def detected_values(rows: pd.DataFrame, feature: str) -> pd.Series[float]:
    """Return the values of a feature without missing and undetected ones."""
    values = rows[feature].dropna().astype(float)
    return values[values != UNDETECTED[feature]] if feature in UNDETECTED else values


def distribution_kind(feature: str, skewness: float) -> str:
    """Return "discrete", "skewed" or "balanced" by `KIND_RULE`."""
    if feature in _DISCRETE:
        return "discrete"
    return "skewed" if abs(skewness) >= SKEWNESS_THRESHOLD else "balanced"


def strong_pairs(correlations: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Return the pairs whose correlation is at least `STRONG_CORRELATION` in size, strongest first."""
    kept = correlations.drop(index=list(CIRCULAR), columns=list(CIRCULAR))
    names, values = list(kept.columns), kept.to_numpy(dtype=np.float64)
    pairs = [
        (names[row], names[column], float(values[row, column]))
        for row in range(len(names))
        for column in range(row + 1, len(names))
    ]
    strong = [pair for pair in pairs if abs(pair[2]) >= STRONG_CORRELATION]
    return sorted(strong, key=lambda pair: -abs(pair[2]))


def feature_unit(feature: str) -> str:
    """Return the unit of a feature as its schema states it, "0 to 1" for a share."""
    extra = FeatureVector.model_fields[feature].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def _feature_row(name: str, linked: pd.DataFrame, all_songs: pd.DataFrame) -> dict[str, object]:
    values, everything = detected_values(linked, name), detected_values(all_songs, name)
    skewness = float(np.asarray(values.skew())) if len(values) > 2 else float("nan")
    spread = float(everything.std()) or float("nan")
    row: dict[str, object] = {
        "feature": name,
        "unit": feature_unit(name),
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
        "distance": _distance(np.asarray(values, dtype=np.float64), np.asarray(everything, dtype=np.float64)),
    }
    if name in _DISCRETE and len(values):
        shares = values.value_counts(normalize=True)
        row |= {"most_common": float(shares.index[0]), "share": float(shares.iloc[0])}
    return row


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Kolmogorov and Smirnov's distance of two samples, NaN when one is empty."""
    if not len(one) or not len(other):
        return float("nan")
    places = np.concatenate([one, other])
    below = [np.searchsorted(np.sort(sample), places, side="right") / len(sample) for sample in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def _correlations(songs: pd.DataFrame) -> pd.DataFrame:
    """Return Spearman's correlations; a feature that does not vary has none and gets 0."""
    values = pd.DataFrame({name: detected_values(songs, name) for name in FEATURE_NAMES})
    correlations = values.rank().corr().fillna(0.0)
    return correlations.mask(np.eye(len(correlations), dtype=bool), 1.0)


def _song(rows: pd.DataFrame) -> pd.Series[str]:
    """Return what tells each row's song from others: artists and title, in whatever case."""
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
