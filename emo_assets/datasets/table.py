"""The common result of all readers: accepted and rejected rows; and how they open a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pandas as pd
from upath import UPath

from emo_assets.errors import InputError

CONTENT_SHOWN = 200
"""Characters of a rejected row that the rejects table keeps."""

REJECT_COLUMNS = ("source", "row", "reason", "content")

_COMPRESSED = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip file", b"\x89HDF": "an HDF5 file"}


@dataclass(frozen=True)
class TableRead:
    """The rows of a data set that follow its schema, and those that do not.

    Attributes:
        rows: the accepted rows, typed.
        rejects: the others, with the columns `source` (name of the data set), `row` (1-based line in the
            file; 0 for a folder of files), `reason` (one line) and `content` (the row, or the path of the
            file, at most 200 characters).
    """

    rows: pd.DataFrame
    rejects: pd.DataFrame


@dataclass(frozen=True)
class Reject:
    """A row of the rejects table: one row, or one file, that a reader did not accept."""

    source: str
    row: int
    reason: str
    content: str


def rejects_table(rejects: Iterable[Reject]) -> pd.DataFrame:
    """Return a table with the columns of `TableRead.rejects`, sorted by row."""
    ordered = sorted(rejects, key=lambda reject: reject.row)
    table = pd.DataFrame(
        {
            "source": [reject.source for reject in ordered],
            "row": [reject.row for reject in ordered],
            "reason": [reject.reason for reject in ordered],
            "content": [_printable(reject.content)[:CONTENT_SHOWN] for reject in ordered],
        },
        columns=list(REJECT_COLUMNS),
    )
    return table.astype({"source": "str", "row": "int64", "reason": "str", "content": "str"})


def _printable(text: str) -> str:
    """Escape bytes that were not UTF-8 (surrogates after decoding)."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@contextmanager
def open_source(path: Path | UPath, where_to_get: str) -> Iterator[BinaryIO]:
    """Open a table's file for reading bytes.

    Args:
        path: the file.
        where_to_get: where to get the right file, for the error message.

    Raises:
        InputError: the file does not exist, is a folder, cannot be read, is empty or compressed.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file; give the path of the file in it ({where_to_get})")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise InputError(f"{path}: does not exist; {where_to_get}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); {where_to_get}") from error
    with file:
        start = file.read(4)
        if not start:
            raise InputError(f"{path}: is empty; {where_to_get}")
        for magic, kind in _COMPRESSED.items():
            if start.startswith(magic):
                raise InputError(f"{path}: is {kind}, not text; unpack it first ({where_to_get})")
        file.seek(0)
        yield file
