"""The file formats of the three data sets, as published: what the readers of `sources` read back."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from emo_assets.synthetic_corpus.msd_listing import MsdRow
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow

SPOTIFY_COLUMNS = (
    "",
    "track_id",
    "artists",
    "album_name",
    "track_name",
    "popularity",
    "duration_ms",
    "explicit",
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "time_signature",
    "track_genre",
)
"""The header of the Kaggle table, the first column being its unnamed index."""

NAMELESS_ROW = (
    *("0000000000000000000nam", "", "", "", 0, 0, False),
    *(0.501, 0.583, 7, -9.46, 0, 0.0605, 0.69, 0.00396, 0.0747, 0.734, 138.391, 4, "k-pop"),
)
"""A row without artist, album and title: the published table has one."""

BROKEN_ROW = (
    *("0000000000000000000bro", "The Broken Rows", "Schema", "Allegro", 12, 181000, False),
    *(0.6, 0.7, 2, -7.1, 1, 0.04, 0.1, 0.0, 0.11, 0.5, "fast", 4, "classical"),
)
"""A row whose tempo is no number."""

BROKEN_LINE = "TRBROKN128F0000000<SEP>a line that was cut off"
"""An MSD line without all of its four fields."""


def spotify_table(rows: list[SpotifyRow]) -> bytes:
    """Return `dataset.csv` as Kaggle publishes it: by genre, numbered, with one row without names.

    Args:
        rows: the rows, in any order.
    """
    ordered = sorted(rows, key=lambda row: (row.genre, row.track_id))
    cells = [_spotify_cells(row) for row in ordered]
    cells[len(cells) // 2 : len(cells) // 2] = [NAMELESS_ROW, BROKEN_ROW]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SPOTIFY_COLUMNS)
    writer.writerows([index, *row] for index, row in enumerate(cells))
    return text.getvalue().encode()


def _spotify_cells(row: SpotifyRow) -> tuple[object, ...]:
    features = row.features
    return (
        row.track_id,
        ";".join(row.artists),
        row.album_name,
        row.track_name,
        row.popularity,
        row.duration_ms,
        row.explicit,
        features.danceability,
        features.energy,
        features.key,
        features.loudness,
        features.mode,
        row.speechiness,
        features.acousticness,
        features.instrumentalness,
        row.liveness,
        features.valence,
        features.tempo,
        features.time_signature,
        row.genre,
    )


def msd_names(rows: list[MsdRow]) -> bytes:
    """Return `unique_tracks.txt`: fields parted by `<SEP>`, by track id, with one line that was cut off.

    Args:
        rows: the rows, in any order.
    """
    lines = [
        "<SEP>".join((row.track_id, row.song_id, row.artist, row.title))
        for row in sorted(rows, key=lambda row: row.track_id)
    ]
    lines.insert(len(lines) // 2, BROKEN_LINE)
    return "".join(f"{line}\n" for line in lines).encode()


def lakh_path(msd_track_id: str, content: bytes) -> Path:
    """Return where a MIDI file stands below `lmd_matched`: `A/B/C/TR…/<md5 of its bytes>.mid`."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Path(*msd_track_id[2:5], msd_track_id, f"{digest}.mid")
