"""Reader of the Kaggle Spotify Tracks table (`dataset.csv`, 114,000 rows)."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from upath import UPath

from emo_assets.datasets.table import PUBLISHED_ENCODING, Reject, TableRead, read_source, rejects_table
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

_TRUTHS = {
    **dict.fromkeys(("true", "1", "wahr", "vrai", "verdadero", "vero"), True),
    **dict.fromkeys(("false", "0", "falsch", "faux", "falso"), False),
}
"""Truth values, also as spreadsheets in German, French, Spanish and Italian write them."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)
"""A first line with which Excel marks the separator."""

_DECIMAL_COMMA = r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*"
_ROWS_SAMPLED = 1000
"""First rows that tell whether a file has decimal commas."""


def read_spotify(path: Path | UPath) -> TableRead:
    """Read the Kaggle table.

    Columns that are not in `COLUMNS` are dropped. A track has one row per genre; a repeated row is rejected.
    Files that a spreadsheet has saved are read, too: with semicolons or tabs between the fields, another
    order or capitalization of the columns, decimal commas, and the encodings of `read_source`.

    Args:
        path: the CSV file.

    Returns:
        Rows with `COLUMNS`: texts, `explicit` as bool, popularity (0 to 100), duration (ms), key (-1 to 11),
        mode and time signature (0 to 7) as int64, the other features as float64 in Spotify's units.

    Raises:
        InputError: the file cannot be read, lacks columns, or has no acceptable row.
    """
    content, encoding = read_source(path, WHERE_TO_GET)
    fields = _read_fields(content, path)
    table, rejects = fields.table, fields.rejects
    del content
    decimal_commas = _has_decimal_commas(table)
    reasons = _Reasons(len(table))
    rows = _typed(table, reasons, decimal_commas=decimal_commas)
    repeated = rows.duplicated(["track_id", "track_genre"]).to_numpy() & ~reasons.any
    reasons.add(repeated, "repeats an earlier line's track and genre")
    for index, reason in reasons.items():
        rejects.append(Reject(SOURCE, int(table.index[index]), reason, ",".join(fields.lines[index])))
    accepted = rows[~reasons.any].reset_index(drop=True)
    rejected = rejects_table(rejects)
    if accepted.empty:
        first = f"; the first: line {rejected['row'][0]}, {rejected['reason'][0]}" if len(rejected) else ""
        raise InputError(f"{path}: holds no acceptable track{first}; {WHERE_TO_GET}")
    differences = [encoding] if encoding != PUBLISHED_ENCODING else []
    if fields.separator != ",":
        differences.append(f"{_SEPARATORS[fields.separator]} between fields")
    if decimal_commas:
        differences.append("decimal commas")
    return TableRead(accepted, rejected, ", ".join(differences))


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


@dataclass(frozen=True)
class _Fields:
    """The fields of a file as texts.

    Attributes:
        separator: the character between fields.
        lines: all fields of each well-formed row.
        table: the same rows' wanted columns, by line number.
        rejects: the malformed rows.
    """

    separator: str
    lines: list[list[str]]
    table: pd.DataFrame
    rejects: list[Reject]


def _read_fields(content: bytes, path: Path | UPath) -> _Fields:
    separator = _separator(content)
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=separator)
    indices, width = _header(reader, path)
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
        if len(row) == 1 and separator in row[0]:  # a spreadsheet has quoted the whole line
            row = next(csv.reader(io.StringIO(row[0], newline=""), delimiter=separator), row)
        if len(row) != width:
            if row:
                reason = f"must have {width} fields, has {len(row)}"
                rejects.append(Reject(SOURCE, line, reason, separator.join(row)))
            continue
        numbers.append(line)
        kept.append(row)
    columns = {name: [row[index] for row in kept] for name, index in zip(COLUMNS, indices, strict=True)}
    return _Fields(separator, kept, pd.DataFrame(columns, index=numbers, dtype=object), rejects)


def _separator(content: bytes) -> str:
    """Return the separator with which the first line names the most columns."""
    header = next(iter(content[: 2**16].decode("utf-8", "replace").splitlines()), "")
    if marked := _SEPARATOR_LINE.fullmatch(header):
        return marked[1]

    def columns_named(separator: str) -> int:
        return len({_column_name(field) for field in header.split(separator)} & set(COLUMNS))

    return max(_SEPARATORS, key=columns_named)


def _column_name(field: str) -> str:
    return re.sub(r"[\s-]+", "_", field.strip('" \t').lower())


def _header(reader: Iterator[list[str]], path: Path | UPath) -> tuple[list[int], int]:
    """Return the index of each of `COLUMNS`, and the number of fields of a row."""
    try:
        row = next(reader, [])
        if "".join(row).strip().lower() == "sep=":
            row = next(reader, [])
    except csv.Error as error:
        raise InputError(f"{path}: is not CSV ({error}); {WHERE_TO_GET}") from error
    names = [_column_name(field) for field in row]
    missing = [name for name in COLUMNS if name not in names]
    if len(missing) == len(COLUMNS):
        raise InputError(f"{path}: the first line must name the columns {', '.join(COLUMNS)}; {WHERE_TO_GET}")
    if missing:
        raise InputError(f"{path}: the first line lacks the columns {', '.join(missing)}; {WHERE_TO_GET}")
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise InputError(f"{path}: the first line names the column {twice[0]} twice; keep one of them")
    return [names.index(name) for name in COLUMNS], len(names)


def _has_decimal_commas(table: pd.DataFrame) -> bool:
    """Return whether most fractions in the first rows have a decimal comma instead of a point."""
    texts = table[list(NUMBER_RANGES)].head(_ROWS_SAMPLED).stack()
    commas = texts.str.fullmatch(_DECIMAL_COMMA).sum()
    return bool(commas > texts.str.contains(".", regex=False).sum())


def _typed(table: pd.DataFrame, reasons: _Reasons, *, decimal_commas: bool) -> pd.DataFrame:
    """Convert the texts of `table` to typed columns; invalid ones and those out of range go to `reasons`."""
    typed: dict[str, pd.Series[Any]] = {}
    for name in COLUMNS:
        texts = table[name]
        if name in INTEGER_RANGES:
            values = _parse_numbers(texts, decimal_commas=decimal_commas)
            whole = values.where(values == values.round())
            typed[name] = _in_range(name, whole, texts, INTEGER_RANGES[name], reasons).astype("int64")
        elif name in NUMBER_RANGES:
            values = _parse_numbers(texts, decimal_commas=decimal_commas)
            typed[name] = _in_range(name, values, texts, NUMBER_RANGES[name], reasons)
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


def _parse_numbers(texts: pd.Series[Any], *, decimal_commas: bool) -> pd.Series[float]:
    """Return the values of texts; NaN for those that are no numbers.

    Where commas are decimal, a point may separate thousands or decimals, so its text counts as no number.
    """
    if decimal_commas:
        texts = texts.str.replace(".", "?", regex=False).str.replace(",", ".", regex=False)
    return pd.to_numeric(texts, errors="coerce").astype("float64")


def _in_range(
    name: str,
    values: pd.Series[float],
    texts: pd.Series[Any],
    bounds: tuple[float, float],
    reasons: _Reasons,
) -> pd.Series[float]:
    """Give the texts of values out of range or NaN to `reasons`, and replace them by the lower bound."""
    lowest, highest = bounds
    wrong = ~values.between(lowest, highest)
    kind = "a whole number" if name in INTEGER_RANGES else "a number"
    reasons.add(wrong.to_numpy(), f"{name} must be {kind} from {lowest:g} to {highest:g}", texts)
    return values.mask(wrong, lowest)
