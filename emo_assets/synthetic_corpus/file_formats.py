"""The three data sets' file formats, as published."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from emo_assets.synthetic_corpus.msd_listing import MsdRow
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow

SPOTIFY_COLUMNS = (
    *("", "track_id", "artists", "album_name", "track_name", "popularity", "duration_ms", "explicit"),
    *("danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness"),
    *("liveness", "valence", "tempo", "time_signature", "track_genre"),
)
"""The header of the Kaggle table; the first column is its unnamed index."""

NAMELESS_ROW = (
    *("0000000000000000000nam", "", "", "", 0, 0, False),
    *(0.501, 0.583, 7, -9.46, 0, 0.0605, 0.69, 0.00396, 0.0747, 0.734, 138.391, 4, "k-pop"),
)
"""A row without artist, album and title: the published table has one."""

BROKEN_ROW = (
    *("0000000000000000000bro", "The Broken Rows", "Schema", "Allegro", 12, 181000, False),
    *(0.6, 0.7, 2, -7.1, 1, 0.04, 0.1, 0.0, 0.11, 0.5, "fast", 4, "classical"),
)
"""A row whose tempo is not a number."""

BROKEN_LINE = "TRBROKN128F0000000<SEP>a line that was cut off"
"""An MSD line with fewer than four fields."""


def spotify_table(rows: list[SpotifyRow]) -> bytes:
    """Return `dataset.csv` as Kaggle publishes it: sorted by genre and numbered; two rows are invalid."""
    ordered = sorted(rows, key=lambda row: (row.track_genre, row.track_id))
    cells: list[tuple[object, ...]] = [_cells(row) for row in ordered]
    cells[len(cells) // 2 : len(cells) // 2] = [NAMELESS_ROW, BROKEN_ROW]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SPOTIFY_COLUMNS)
    writer.writerows([index, *row] for index, row in enumerate(cells))
    return text.getvalue().encode()


def _cells(row: SpotifyRow) -> tuple[object, ...]:
    values = {**vars(row), **row.features.model_dump(), "artists": ";".join(row.artists)}
    return tuple(values[column] for column in SPOTIFY_COLUMNS[1:])


def msd_names(rows: list[MsdRow]) -> bytes:
    """Return `unique_tracks.txt`: fields separated by `<SEP>`, sorted by track id; one line is invalid."""
    lines = [
        "<SEP>".join((row.track_id, row.song_id, row.artist, row.title))
        for row in sorted(rows, key=lambda row: row.track_id)
    ]
    lines.insert(len(lines) // 2, BROKEN_LINE)
    return "".join(f"{line}\n" for line in lines).encode()


def lakh_path(msd_track_id: str, content: bytes) -> Path:
    """Return the path of a MIDI file below `lmd_matched`: `A/B/C/TR…/<md5 of its bytes>.mid`."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Path(*msd_track_id[2:5], msd_track_id, f"{digest}.mid")
