"""Reader of the Million Song Dataset's list of names (`unique_tracks.txt`, 1,000,000 lines).

A line is `track<SEP>song<SEP>artist<SEP>title`. The list connects Spotify's names with the track ids under
which Lakh files its MIDI.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from emo_assets.datasets.table import Reject, TableRead, open_source, rejects_table
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

_BLOCK = 16 * 2**20
"""Bytes that are read and split at a time, which bounds the memory of reading."""


def read_msd(path: Path | UPath) -> TableRead:
    """Read the list of names.

    Rejected are lines that are not UTF-8 or do not have four fields, malformed ids, empty names, and repeated
    track ids. Blank lines are ignored.

    Args:
        path: `unique_tracks.txt`.

    Returns:
        Rows with `COLUMNS`, all text.

    Raises:
        InputError: the file cannot be read or has no acceptable line.
    """
    rejects: list[Reject] = []
    blocks: list[pa.Table] = []
    numbers: list[pa.Array] = []
    with open_source(path, WHERE_TO_GET) as file:
        for first_line, lines in _blocks_of_lines(file, path):
            accepted, lines_accepted = _split_block(lines, first_line, rejects)
            blocks.append(accepted)
            numbers.append(lines_accepted)
    rows = pa.concat_tables(blocks).to_pandas(types_mapper=_pandas_type)
    repeated = rows["msd_track_id"].duplicated()
    line_numbers = pa.concat_arrays(numbers).to_numpy()
    for index in rows.index[repeated]:
        values = rows.loc[index]
        content = SEPARATOR.join((values["msd_track_id"], "…", values["artist"], values["title"]))
        rejects.append(
            Reject(SOURCE, int(line_numbers[index]), "repeats an earlier line's track id", content)
        )
    rows = rows[~repeated].reset_index(drop=True)
    if rows.empty:
        first = f"; the first: line {rejects[0].row}, {rejects[0].reason}" if rejects else ""
        raise InputError(
            f"{path}: no line has the form {SEPARATOR.join(FIELDS)} with ids like TRAAAAW128F429D538{first};"
            f" {WHERE_TO_GET}"
        )
    return TableRead(rows, rejects_table(rejects))


def _pandas_type(arrow_type: Any) -> Any:
    return pd.StringDtype("pyarrow", na_value=float("nan")) if arrow_type == pa.string() else None


def _blocks_of_lines(file: BinaryIO, path: Path | UPath) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the number of a block's first line (from 1) and the block's lines without newlines."""
    first_line = 1
    rest = b""
    while True:
        block = file.read(_BLOCK)
        lines = (rest + block).split(b"\n")
        rest = lines.pop() if block else b""
        if len(rest) > _BLOCK:
            raise InputError(f"{path}: line {first_line + len(lines)} has no end; {WHERE_TO_GET}")
        if lines:
            yield first_line, lines
            first_line += len(lines)
        if not block:
            return


def _split_block(lines: list[bytes], first_line: int, rejects: list[Reject]) -> tuple[pa.Table, pa.Array]:
    """Split lines into columns and append to `rejects`; return the accepted rows and their line numbers."""
    texts = _decode(lines, first_line, rejects)
    parts = pc.split_pattern(texts, SEPARATOR)
    complete = pc.equal(pc.fill_null(pc.list_value_length(parts), 0), len(FIELDS))
    numbers = pc.filter(pa.array(np.arange(first_line, first_line + len(lines))), complete)
    values = pc.list_flatten(pc.filter(parts, complete))
    columns = {
        name: pc.utf8_trim_whitespace(pc.take(values, np.arange(offset, len(values), len(FIELDS))))
        for offset, name in enumerate(FIELDS)
    }
    incomplete = pc.and_(pc.invert(complete), pc.greater(pc.fill_null(pc.utf8_length(texts), 0), 0))
    for index in pc.indices_nonzero(incomplete).to_pylist():
        reason = f"must have the four fields {SEPARATOR.join(FIELDS)}"
        rejects.append(Reject(SOURCE, first_line + index, reason, texts[index].as_py()))
    valid = _validate(columns, numbers, rejects)
    table = pa.table(
        {"msd_track_id": columns["track"], "artist": columns["artist"], "title": columns["title"]}
    )
    return table.filter(valid), pc.filter(numbers, valid)


def _validate(columns: dict[str, pa.Array], numbers: pa.Array, rejects: list[Reject]) -> pa.Array:
    """Validate ids and names; return which rows are valid."""
    problems = {
        "the track id must be like TRAAAAW128F429D538": _mismatches(columns["track"], TRACK_ID_PATTERN),
        "the song id must be like SOMZWCG12A8C13C480": _mismatches(columns["song"], SONG_ID_PATTERN),
        "the artist is empty": pc.equal(columns["artist"], ""),
        "the title is empty": pc.equal(columns["title"], ""),
    }
    valid = pa.array(np.ones(len(numbers), dtype=bool))
    for reason, wrong in problems.items():
        for index in pc.indices_nonzero(pc.and_(valid, wrong)).to_pylist():
            content = SEPARATOR.join(columns[name][index].as_py() for name in FIELDS)
            rejects.append(Reject(SOURCE, numbers[index].as_py(), reason, content))
        valid = pc.and_not(valid, wrong)
    return valid


def _mismatches(ids: pa.Array, pattern: str) -> pa.Array:
    return pc.invert(pc.match_substring_regex(ids, f"^{pattern}$"))


def _decode(lines: list[bytes], first_line: int, rejects: list[Reject]) -> pa.Array:
    """Decode lines as UTF-8; other lines become null and are rejected."""
    try:
        text = b"\n".join(lines).decode("utf-8")
        return pc.utf8_rtrim(pa.array(text.split("\n"), pa.string()), characters="\r")
    except UnicodeDecodeError:
        pass
    texts: list[str | None] = []
    for number, line in enumerate(lines, first_line):
        try:
            texts.append(line.decode("utf-8").rstrip("\r"))
        except UnicodeDecodeError:
            texts.append(None)
            rejects.append(Reject(SOURCE, number, "is not UTF-8", line.decode("utf-8", "surrogateescape")))
    return pa.array(texts, pa.string())
