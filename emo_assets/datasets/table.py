"""The common result of all readers: accepted and rejected rows; and how they read a file's text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from upath import UPath

from emo_assets.errors import InputError

CONTENT_SHOWN = 200
"""Characters of a rejected row that the rejects table keeps."""

REJECT_COLUMNS = ("source", "row", "reason", "content")

MAX_FILE_BYTES = 2**30
"""The largest published table has 84 MB; larger files are rejected before they fill the memory."""

PUBLISHED_ENCODING = "UTF-8"
DAMAGED_UTF8 = "UTF-8 although some bytes are not: save the file as UTF-8 to keep the rejected lines"
"""How `read_source` calls the encoding of a file that is neither UTF-8 nor Western European text."""

REASONS_SHOWN = 5
LINES_SHOWN = 3

_OTHER_KINDS = {
    b"PK\x03\x04": "is a zip archive, not text; unpack it first",
    b"\x1f\x8b": "is a gzip file, not text; unpack it first",
    b"\x89HDF": "is an HDF5 file, not text",
    b"PAR1": "is a Parquet file, not text",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook, not text; save it as CSV",
}
_WORKBOOKS = (".xlsx", ".xlsm", ".ods")

_CHUNK = 2**15
"""Bytes that are decoded at a time; freeing larger texts would fragment the heap and raise the peak."""

_WINDOWS_1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}
"""The characters of Windows-1252 that Latin-1 does not have, by their bytes."""

_SIGNS = "‘’‚“”„«»‹›–—…·•¡¿§°²½×÷©®™´¨£€\xa0"
_NOT_WESTERN = re.compile(
    "[^\x00-\x7f]{4}|["
    + "".join(
        char
        for char in (_WINDOWS_1252.get(byte, chr(byte)) for byte in range(0x80, 0x100))
        if not (char.isalpha() or char in _SIGNS)
    )
    + "]"
)
"""What names in Western European languages do not have: signs that are letters in the encodings of Central
Europe, and the long runs above ASCII of other alphabets."""

_MIN_WESTERN = 0.8
"""Share of the lines above ASCII that look like Windows-1252 in a file that is read as such."""


@dataclass(frozen=True)
class TableRead:
    """The rows of a data set that follow its schema, and those that do not.

    Attributes:
        rows: the accepted rows, typed.
        rejects: the others, with the columns `source` (name of the data set), `row` (1-based line in the
            file; 0 for a folder of files), `reason` (one line) and `content` (the row, or the path of the
            file, at most 200 characters).
        dialect: how the file differs from the published one: encoding, separator, decimal mark. Empty if it
            does not.
    """

    rows: pd.DataFrame
    rejects: pd.DataFrame
    dialect: str = ""

    def notes(self) -> list[str]:
        """Return lines for the terminal: the dialect, and the most frequent reasons with their lines."""
        notes = [f"read as {self.dialect}"] if self.dialect else []
        reasons = self.rejects["reason"].str.split(", got ").str[0]
        counts = reasons.value_counts()
        for reason, count in counts.head(REASONS_SHOWN).items():
            lines = self.rejects["row"][reasons == reason].head(LINES_SHOWN)
            more = ", …" if count > LINES_SHOWN else ""
            which = f"line{'s' if count > 1 else ''} {', '.join(map(str, lines))}{more}"
            notes.append(f"{count:,} rejected: {reason} ({which})")
        if len(counts) > REASONS_SHOWN:
            others = counts.iloc[REASONS_SHOWN:]
            notes.append(f"{others.sum():,} rejected for {len(others):,} other reasons")
        return notes


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


def read_source(path: Path | UPath, where_to_get: str) -> tuple[bytes, str]:
    """Return the text of a table's file as UTF-8, and its encoding.

    A file with a byte order mark is read as UTF-8 or UTF-16, one without as UTF-8. A file that is not UTF-8
    is read as Windows-1252, which includes Latin-1's letters, if it looks like Western European text.
    Otherwise the bytes that are not UTF-8 stay as they are, so that readers reject their lines.

    Args:
        path: the file, a device or a pipe.
        where_to_get: where to get the right file, for the error message.

    Raises:
        InputError: the file does not exist, is a folder, cannot be read, is empty, too large or of another
            kind.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file; give the path of the file in it ({where_to_get})")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: does not exist; {where_to_get}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); {where_to_get}") from error
    if not content:
        raise InputError(f"{path}: is empty; {where_to_get}")
    if len(content) > MAX_FILE_BYTES:
        raise InputError(f"{path}: is larger than {MAX_FILE_BYTES // 2**20} MiB; {where_to_get}")
    if path.suffix.lower() in _WORKBOOKS:
        raise InputError(f"{path}: is an Excel workbook, not text; save it as CSV ({where_to_get})")
    for magic, kind in _OTHER_KINDS.items():
        if content.startswith(magic):
            raise InputError(f"{path}: {kind} ({where_to_get})")
    return _as_utf8(content)


def _as_utf8(content: bytes) -> tuple[bytes, str]:
    if content.startswith(codecs.BOM_UTF8):
        return content.removeprefix(codecs.BOM_UTF8), PUBLISHED_ENCODING
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode(), "UTF-16"
    if _is_utf8(content):
        return content, PUBLISHED_ENCODING
    western = _from_western(content)
    return (content, DAMAGED_UTF8) if western is None else (western, "Windows-1252")


def _is_utf8(content: bytes) -> bool:
    """Return whether all bytes are UTF-8, in bounded memory."""
    if content.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for first in range(0, len(content), _CHUNK):
            decoder.decode(content[first : first + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _from_western(content: bytes) -> bytes | None:
    """Transcode the lines that look like Windows-1252 to UTF-8; None if too few of those above ASCII do.

    Other lines stay as they are. UTF-8 with some damaged lines has many more intact ones.
    """
    lines = content.split(b"\n")
    above_ascii = [index for index, line in enumerate(lines) if not line.isascii()]
    western = 0
    for index in above_ascii:
        text = lines[index].decode("latin-1").translate(_WINDOWS_1252)
        if not (_NOT_WESTERN.search(text) or _is_utf8(lines[index])):
            lines[index] = text.encode()
            western += 1
    return b"\n".join(lines) if western >= _MIN_WESTERN * len(above_ascii) else None
