"""Reader of the Lakh MIDI Dataset's trees: finds the files, checks where they stand, and reads their bytes.

`lmd_matched` files MIDI under Million Song ids (`A/B/C/TRABC…/<md5>.mid`), `lmd_full` without them
(`<first digit of md5>/<md5>.mid`). A file's name is the MD5 of its bytes, in all of both trees; what the
bytes mean as music is not looked at here.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from upath import UPath

from emo_assets.datasets.table import Reject, TableRead, rejects_table
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

SOURCE = "lakh"

WHERE_TO_GET = "get {name}.tar.gz from http://hog.ee.columbia.edu/craffel/lmd/ and unpack it"

MAX_FILE_BYTES = 8 * 2**20
"""Bytes. MIDI of an hour of music is far below one; a larger file is something else and stays unread."""

COLUMNS: tuple[str, ...] = ("msd_track_id", "md5", "path", "content")
"""The columns that `read_lakh` returns, in order."""

COLUMNS_WITHOUT_IDS: tuple[str, ...] = ("md5", "path", "content")
"""The columns that `read_lakh_full` returns, in order."""

_MIDI_ENDINGS = (".mid", ".midi")
_BATCH_BYTES = 64 * 2**20


@dataclass(frozen=True)
class _Layout:
    """How one of the two trees is laid out.

    Attributes:
        name: the name of the tree's top folder, as published.
        place: where a file stands, as people would write it.
        pattern: the same for the machine, with the groups `md5` and, in one of them, `msd_track_id`.
        columns: the columns of the table that is read from it.
    """

    name: str
    place: str
    pattern: re.Pattern[str]
    columns: tuple[str, ...]


_MATCHED = _Layout(
    "lmd_matched",
    "A/B/C/TRABC…/<md5>.mid",
    re.compile(
        r"(?P<a>[A-Z])/(?P<b>[A-Z])/(?P<c>[A-Z])/"
        r"(?P<msd_track_id>TR(?P=a)(?P=b)(?P=c)[A-Z]{2}[0-9A-F]{11})/(?P<md5>[0-9a-f]{32})\.mid"
    ),
    COLUMNS,
)
_FULL = _Layout(
    "lmd_full",
    "a/<md5>.mid",
    re.compile(r"(?P<a>[0-9a-f])/(?P<md5>(?P=a)[0-9a-f]{31})\.mid"),
    COLUMNS_WITHOUT_IDS,
)


def read_lakh(root: Path | UPath, *, progress: Progress = no_progress) -> TableRead:
    """Read every MIDI file of an `lmd_matched` tree.

    Rejected are files that stand elsewhere than `A/B/C/TRABC…/<md5>.mid`, cannot be read, are larger than
    `MAX_FILE_BYTES`, whose bytes are not those that the name promises (a broken copy), links that lead
    nowhere or out of the tree, links to folders, and folders called like MIDI files. Files of other kinds
    are passed over. The table holds all files' bytes; `iterate_lakh` reads the same in bounded memory.

    Args:
        root: the folder `lmd_matched`.
        progress: told of the files read.

    Returns:
        Rows with `COLUMNS`, sorted by path: the id and the MD5 from the file's place and name, the path
        below `root` with `/` between its parts, and the file's bytes.

    Raises:
        InputError: there is no such folder, it is an `lmd_full` tree, or no file in it is acceptable.
    """
    return _joined(iterate_lakh(root, progress=progress))


def iterate_lakh(
    root: Path | UPath, *, batch_bytes: int = _BATCH_BYTES, progress: Progress = no_progress
) -> Iterator[TableRead]:
    """Read what `read_lakh` reads in parts, at least one, of about `batch_bytes` bytes of MIDI each."""
    return _read_batches(UPath(root), _find(UPath(root), _MATCHED), _MATCHED, batch_bytes, progress)


def iterate_lakh_full(
    root: Path | UPath, *, batch_bytes: int = _BATCH_BYTES, progress: Progress = no_progress
) -> Iterator[TableRead]:
    """Read what `read_lakh_full` reads in parts, at least one, of about `batch_bytes` bytes of MIDI each."""
    return _read_batches(UPath(root), _find(UPath(root), _FULL), _FULL, batch_bytes, progress)


def read_lakh_full(root: Path | UPath, *, progress: Progress = no_progress) -> TableRead:
    """Read every MIDI file of an `lmd_full` tree, whose files have no Million Song id.

    Args:
        root: the folder `lmd_full`.
        progress: told of the files read.

    Returns:
        Rows with `COLUMNS_WITHOUT_IDS`, sorted by path; rejects as in `read_lakh`.

    Raises:
        InputError: there is no such folder, it is an `lmd_matched` tree, or no file in it is acceptable.
    """
    return _joined(iterate_lakh_full(root, progress=progress))


def further_midi(
    root: Path | UPath, *, known: Collection[str], most: int, progress: Progress = no_progress
) -> Iterator[bytes]:
    """Yield MIDI files of an `lmd_full` tree that are not at hand yet, without holding all of them.

    Args:
        root: the folder `lmd_full`.
        known: the MD5 sums of the files that are at hand.
        most: how many files to yield at most; the first in the order of their names, which are sums and so
            as good as drawn by lot.
        progress: told of the files read.
    """
    batches = iterate_lakh_full(root, progress=progress)
    files = (pair for batch in batches for pair in zip(batch.rows["md5"], batch.rows["content"], strict=True))
    yield from itertools.islice((content for md5, content in files if md5 not in known), most)


@dataclass(frozen=True)
class _Found:
    """Files of a tree by their path below its root, and what was found that cannot be read."""

    files: dict[str, re.Match[str]]
    rejects: list[Reject]


def _find(root: UPath, layout: _Layout) -> _Found:
    """List the tree and check each MIDI file's place, before anything is read."""
    where = WHERE_TO_GET.format(name=layout.name)
    if not root.exists():
        raise InputError(f"{root}: there is no such folder; {where}")
    if not root.is_dir():
        raise InputError(f"{root}: is a file, not the folder {layout.name}; {where}")
    found = _Found({}, [])
    elsewhere: list[str] = []
    for path in _walk(root, root, found.rejects):
        place = layout.pattern.fullmatch(path)
        if place:
            found.files[path] = place
        else:
            elsewhere.append(path)
    if not found.files:
        raise InputError(f"{root}: {_why_nothing(root, layout, elsewhere)}; {where}")
    reason = f"must stand and be called like {layout.place}"
    found.rejects.extend(Reject(SOURCE, 0, reason, path) for path in elsewhere)
    return found


def _why_nothing(root: UPath, layout: _Layout, elsewhere: list[str]) -> str:
    if (root / layout.name).is_dir():
        return f"is the folder above; name {root / layout.name}"
    other = _FULL if layout is _MATCHED else _MATCHED
    if any(other.pattern.fullmatch(path) for path in elsewhere):
        return f"is a tree of {other.name} ({other.place}), not of {layout.name} ({layout.place})"
    return f"holds no file {layout.place}"


def _walk(folder: UPath, root: UPath, rejects: list[Reject]) -> Iterator[str]:
    """Yield the path below `root` of everything in `folder` that is called like a MIDI file, sorted."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        place = "/".join(folder.parts[len(root.parts) :]) or "."
        rejects.append(Reject(SOURCE, 0, f"the folder cannot be read ({error.strerror or error})", place))
        return
    for entry in entries:
        place = "/".join(entry.parts[len(root.parts) :])
        is_midi = entry.name.lower().endswith(_MIDI_ENDINGS)
        if entry.is_dir():
            if entry.is_symlink():
                rejects.append(Reject(SOURCE, 0, "is a link to a folder, which is not followed", place))
            elif is_midi:
                rejects.append(Reject(SOURCE, 0, "is a folder called like a MIDI file", place))
            else:
                yield from _walk(entry, root, rejects)
        elif is_midi:
            yield place


def _read_batches(
    root: UPath, found: _Found, layout: _Layout, batch_bytes: int, progress: Progress
) -> Iterator[TableRead]:
    """Read the files found, batch by batch; an error if not one of them can be accepted."""
    rows: list[tuple[str | bytes, ...]] = []
    rejects = found.rejects
    size = 0
    accepted = 0
    for done, (path, place) in enumerate(found.files.items(), 1):
        content = _content(root, path, place["md5"])
        if isinstance(content, Reject):
            rejects.append(content)
        else:
            known = {**place.groupdict(), "path": path, "content": content}
            rows.append(tuple(known[name] for name in layout.columns))
            size += len(content)
            accepted += 1
        if size >= batch_bytes:
            yield _table(rows, rejects, layout)
            rows, rejects, size = [], [], 0
        progress("reading MIDI files", done, len(found.files))
    if not accepted:
        raise InputError(
            f"{root}: none of its {len(found.files)} files is acceptable; the first: {rejects[-1].content}"
            f" {rejects[-1].reason}; {WHERE_TO_GET.format(name=layout.name)}"
        )
    if rows or rejects:
        yield _table(rows, rejects, layout)


def _content(root: UPath, place: str, md5: str) -> bytes | Reject:
    """Read one file, or say why not."""
    path = root / place
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        return Reject(SOURCE, 0, "is a link that leads out of the tree", place)
    if not path.exists():
        return Reject(SOURCE, 0, "is a link that leads nowhere", place)
    if not path.is_file():
        return Reject(SOURCE, 0, "is no regular file", place)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return Reject(SOURCE, 0, f"cannot be read ({error.strerror or error})", place)
    if len(content) > MAX_FILE_BYTES:
        return Reject(SOURCE, 0, f"is larger than {MAX_FILE_BYTES // 2**20} MiB", place)
    actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if actual != md5:
        return Reject(SOURCE, 0, f"is a broken copy: its bytes have the MD5 {actual}, not its name", place)
    return content


def _table(rows: list[tuple[str | bytes, ...]], rejects: list[Reject], layout: _Layout) -> TableRead:
    table = pd.DataFrame(rows, columns=list(layout.columns), dtype=object)
    texts = {name: "str" for name in layout.columns if name != "content"}
    return TableRead(table.astype(texts), rejects_table(rejects))


def _joined(batches: Iterator[TableRead]) -> TableRead:
    """Put batches into one table, in which a file that stands under several ids is held once."""
    held: dict[str, bytes] = {}
    rows: list[pd.DataFrame] = []
    rejects: list[pd.DataFrame] = []
    for batch in batches:
        files = zip(batch.rows["md5"], batch.rows["content"], strict=True)
        contents = [held.setdefault(md5, content) for md5, content in files]
        rows.append(batch.rows.assign(content=pd.Series(contents, index=batch.rows.index, dtype=object)))
        rejects.append(batch.rejects)
    return TableRead(pd.concat(rows, ignore_index=True), pd.concat(rejects, ignore_index=True))
