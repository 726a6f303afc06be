"""Reader of the Kaggle Spotify Tracks table (`dataset.csv`, 114,000 rows)."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from upath import UPath

from emo_assets.datasets.table import Reject, TableRead, open_source, rejects_table
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES

SOURCE = "spotify"

WHERE_TO_GET = "get dataset.csv from https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset"

TRACK_ID_PATTERN = r"[0-9A-Za-z]{22}"

COLUMNS: tuple[str, ...] = (
    *("track_id", "artists", "album_name", "track_name", "popularity", "duration_ms", "explicit"),
    *(*FEATURE_NAMES, "speechiness", "liveness", "track_genre"),
)
"""The columns that `read_spotify` returns, in order."""

REQUIRED_TEXTS = ("track_id", "artists", "track_name", "track_genre")

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    "popularity": (0, 100),
    "duration_ms": (0, 2**31 - 1),
    "key": (-1, 11),
    "mode": (0, 1),
    "time_signature": (0, 7),
}
"""Key -1 and time signature 0 mean that Spotify detected none."""

_SHARES = ("danceability", "energy", "acousticness", "instrumentalness", "valence", "speechiness", "liveness")
NUMBER_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(_SHARES, (0, 1)),
    "loudness": (-60, 5),
    "tempo": (0, 400),
}
"""Tempo 0 means that Spotify detected no beat."""

_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def read_spotify(path: Path | UPath) -> TableRead:
    """Read the Kaggle table.

    Columns that are not in `COLUMNS` are dropped. A track has one row per genre; a repeated row is rejected.

    Args:
        path: the CSV file, UTF-8.

    Returns:
        Rows with `COLUMNS`: texts, `explicit` as bool, popularity (0 to 100), duration (ms), key (-1 to 11),
        mode and time signature (0 to 7) as int64, the other features as float64 in Spotify's units.

    Raises:
        InputError: the file cannot be read, lacks columns, or has no acceptable row.
    """
    with (
        open_source(path, WHERE_TO_GET) as file,
        io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        lines, table, rejects = _read_texts(text, path)
    reasons = _Reasons(len(table))
    rows = _typed(table, reasons)
    repeated = rows.duplicated(["track_id", "track_genre"]).to_numpy() & ~reasons.any
    reasons.add(repeated, "repeats an earlier line's track and genre")
    for index, reason in reasons.items():
        rejects.append(Reject(SOURCE, int(table.index[index]), reason, ",".join(lines[index])))
    accepted = rows[~reasons.any].reset_index(drop=True)
    rejected = rejects_table(rejects)
    if accepted.empty:
        first = f"; the first: line {rejected['row'][0]}, {rejected['reason'][0]}" if len(rejected) else ""
        raise InputError(f"{path}: holds no acceptable track{first}; {WHERE_TO_GET}")
    return TableRead(accepted, rejected)


class _Reasons:
    """The problems of every row, collected check by check over whole columns."""

    def __init__(self, rows: int) -> None:
        self.any: NDArray[np.bool_] = np.zeros(rows, dtype=bool)
        self._reasons: defaultdict[int, list[str]] = defaultdict(list)

    def add(self, wrong: NDArray[np.bool_], reason: str, values: pd.Series[Any] | None = None) -> None:
        """Add `reason` to the rows where `wrong` is true, with the row's value if `values` are given."""
        self.any |= wrong
        for index in np.flatnonzero(wrong):
            got = "" if values is None else f", got {values.iloc[index][:40]!r}"
            self._reasons[int(index)].append(reason + got)

    def items(self) -> Iterator[tuple[int, str]]:
        """Yield the index and all problems of each row that has any."""
        for index in sorted(self._reasons):
            yield index, "; ".join(self._reasons[index])


def _read_texts(text: TextIO, path: Path | UPath) -> tuple[list[list[str]], pd.DataFrame, list[Reject]]:
    """Return the rows' fields, the wanted columns as text by line number, and the malformed lines."""
    reader = csv.reader(text)
    indices, fields = _header(reader, path)
    rejects: list[Reject] = []
    numbers: list[int] = []
    kept: list[list[str]] = []
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            rejects.append(Reject(SOURCE, line, f"is not CSV ({error}); there may be an unclosed quote", ""))
            continue
        if len(row) != fields:
            if row:
                reason = f"must have {fields} fields, has {len(row)}"
                rejects.append(Reject(SOURCE, line, reason, ",".join(row)))
            continue
        numbers.append(line)
        kept.append(row)
    columns = {name: [row[index] for row in kept] for name, index in zip(COLUMNS, indices, strict=True)}
    return kept, pd.DataFrame(columns, index=numbers, dtype=object), rejects


def _header(reader: Iterator[list[str]], path: Path | UPath) -> tuple[list[int], int]:
    """Return the index of each of `COLUMNS`, and the number of fields of a row."""
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"{path}: is not CSV ({error}); {WHERE_TO_GET}") from error
    missing = [name for name in COLUMNS if name not in names]
    if len(missing) == len(COLUMNS):
        raise InputError(f"{path}: the first line must name the columns {', '.join(COLUMNS)}; {WHERE_TO_GET}")
    if missing:
        raise InputError(f"{path}: the first line lacks the columns {', '.join(missing)}; {WHERE_TO_GET}")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise InputError(f"{path}: the first line names the column {twice[0]} twice; keep one of them")
    return [names.index(name) for name in COLUMNS], len(names)


def _typed(table: pd.DataFrame, reasons: _Reasons) -> pd.DataFrame:
    """Convert the texts of `table` to typed columns; invalid ones and those out of range go to `reasons`."""
    typed: dict[str, pd.Series[Any]] = {}
    for name in COLUMNS:
        texts = table[name]
        if name in INTEGER_RANGES:
            typed[name] = _numbers(name, texts, INTEGER_RANGES[name], reasons, integer=True).astype("int64")
        elif name in NUMBER_RANGES:
            typed[name] = _numbers(name, texts, NUMBER_RANGES[name], reasons)
        elif name == "explicit":
            truths = texts.str.strip().str.lower().map(_TRUTHS)
            reasons.add(truths.isna().to_numpy(), "explicit must be True or False", texts)
            typed[name] = truths.eq(True)
        else:
            typed[name] = _texts(name, texts, reasons)
    return pd.DataFrame(typed)


def _texts(name: str, texts: pd.Series[Any], reasons: _Reasons) -> pd.Series[Any]:
    undecodable = texts.str.contains("[\ud800-\udfff]", regex=True).to_numpy(dtype=bool)
    reasons.add(undecodable, f"{name} is not UTF-8")
    values = texts.mask(pd.Series(undecodable, index=texts.index), "").astype("str").str.strip()
    if name in REQUIRED_TEXTS:
        reasons.add((values == "").to_numpy(dtype=bool) & ~undecodable, f"{name} is empty")
    if name == "track_id":
        wrong = ~values.str.fullmatch(TRACK_ID_PATTERN).to_numpy(dtype=bool)
        wrong &= (values != "").to_numpy(dtype=bool)
        reasons.add(wrong, "track_id must be 22 letters and digits", texts)
    return values


def _numbers(
    name: str, texts: pd.Series[Any], bounds: tuple[float, float], reasons: _Reasons, *, integer: bool = False
) -> pd.Series[float]:
    """Parse numbers; invalid values and those out of range go to `reasons` and become the lower bound."""
    lowest, highest = bounds
    values = pd.to_numeric(texts, errors="coerce").astype("float64")
    wrong = ~values.between(lowest, highest)
    if integer:
        wrong |= values != values.round()
    kind = "a whole number" if integer else "a number"
    reasons.add(wrong.to_numpy(), f"{name} must be {kind} from {lowest:g} to {highest:g}", texts)
    return values.mask(wrong, lowest)
