"""Reader of the Million Song Dataset's list of names (`unique_tracks.txt`, 1,000,000 lines).

A line is `track<SEP>song<SEP>artist<SEP>title`. The list connects Spotify's names with the track ids under
which Lakh files its MIDI.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from emo_assets.datasets.table import PUBLISHED_ENCODING, Reject, TableRead, read_source, rejects_table
from emo_assets.errors import InputError

SOURCE = "msd"

WHERE_TO_GET = (
    "get unique_tracks.txt from "
    "http://millionsongdataset.com/sites/default/files/AdditionalFiles/unique_tracks.txt"
)

SEPARATOR = "<SEP>"

FIELDS = ("track", "song", "artist", "title")

TRACK_ID_PATTERN = r"TR[A-Z]{5}[0-9A-F]{11}"
SONG_ID_PATTERN = r"SO[A-Z]{5}[0-9A-F]{11}"

COLUMNS: tuple[str, ...] = ("msd_track_id", "artist", "title")
"""The columns that `read_msd` returns, in order."""


def read_msd(path: Path | UPath) -> TableRead:
    """Read the list of names.

    Rejected are lines that are not UTF-8 or do not have four fields, malformed ids, empty names, and repeated
    track ids. Blank lines are ignored. Lines may end like those of any system; encodings: `read_source`.

    Args:
        path: `unique_tracks.txt`.

    Returns:
        Rows with `COLUMNS`, all text.

    Raises:
        InputError: the file cannot be read or has no acceptable line.
    """
    content, encoding = read_source(path, WHERE_TO_GET)
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    rejects: list[Reject] = []
    rows = _valid_rows(_decode_lines(content, rejects), rejects)
    repeated = rows["msd_track_id"].duplicated()
    for index in rows.index[repeated]:
        values = rows.loc[index]
        text = SEPARATOR.join((values["msd_track_id"], "…", values["artist"], values["title"]))
        rejects.append(Reject(SOURCE, int(values["line"]), "repeats an earlier line's track id", text))
    rows = rows[~repeated].reset_index(drop=True)[list(COLUMNS)]
    if rows.empty:
        first = f"; the first: line {rejects[0].row}, {rejects[0].reason}" if rejects else ""
        raise InputError(
            f"{path}: no line has the form {SEPARATOR.join(FIELDS)} with ids like TRAAAAW128F429D538{first};"
            f" {WHERE_TO_GET}"
        )
    return TableRead(rows, rejects_table(rejects), "" if encoding == PUBLISHED_ENCODING else encoding)


def _decode_lines(content: bytes, rejects: list[Reject]) -> pa.Array:
    """Return the lines as UTF-8; other lines become null and are rejected."""
    try:
        text = pa.array([content], pa.binary()).cast(pa.string())
        return pc.utf8_rtrim(pc.list_flatten(pc.split_pattern(text, "\n")), characters="\r")
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            texts.append(line.decode("utf-8").rstrip("\r"))
        except UnicodeDecodeError:
            texts.append(None)
            rejects.append(Reject(SOURCE, number, "is not UTF-8", line.decode("utf-8", "surrogateescape")))
    return pa.array(texts, pa.string())


def _valid_rows(lines: pa.Array, rejects: list[Reject]) -> pd.DataFrame:
    """Split lines into columns; return the valid rows with `COLUMNS` and `line`, their number in the file."""
    parts = pc.split_pattern(lines, SEPARATOR)
    complete = pc.equal(pc.fill_null(pc.list_value_length(parts), 0), len(FIELDS))
    incomplete = pc.and_(pc.invert(complete), pc.greater(pc.fill_null(pc.utf8_length(lines), 0), 0))
    for index in pc.indices_nonzero(incomplete).to_pylist():
        line = lines[index].as_py()
        reason = f"must have the four fields {SEPARATOR.join(FIELDS)}"
        if line.count(SEPARATOR) >= len(FIELDS):
            reason += f"; with {SEPARATOR} in a name, artist and title cannot be told apart"
        rejects.append(Reject(SOURCE, index + 1, reason, line))
    numbers = pc.filter(pa.array(np.arange(1, len(lines) + 1)), complete)
    values = pc.list_flatten(pc.filter(parts, complete))
    track, song, artist, title = (
        pc.utf8_trim_whitespace(pc.take(values, np.arange(offset, len(values), len(FIELDS))))
        for offset in range(len(FIELDS))
    )
    problems = {
        "the track id must be like TRAAAAW128F429D538": _mismatches(track, TRACK_ID_PATTERN),
        "the song id must be like SOMZWCG12A8C13C480": _mismatches(song, SONG_ID_PATTERN),
        "the artist is empty": pc.equal(artist, ""),
        "the title is empty": pc.equal(title, ""),
    }
    valid = pa.array(np.ones(len(numbers), dtype=bool))
    for reason, wrong in problems.items():
        for index in pc.indices_nonzero(pc.and_(valid, wrong)).to_pylist():
            text = SEPARATOR.join(column[index].as_py() for column in (track, song, artist, title))
            rejects.append(Reject(SOURCE, numbers[index].as_py(), reason, text))
        valid = pc.and_not(valid, wrong)
    table = pa.table({"msd_track_id": track, "artist": artist, "title": title, "line": numbers})
    rows: pd.DataFrame = table.filter(valid).to_pandas(types_mapper=_pandas_type)
    return rows


def _pandas_type(arrow_type: Any) -> Any:
    return pd.StringDtype("pyarrow", na_value=float("nan")) if arrow_type == pa.string() else None


def _mismatches(ids: pa.Array, pattern: str) -> pa.Array:
    return pc.invert(pc.match_substring_regex(ids, f"^{pattern}$"))
