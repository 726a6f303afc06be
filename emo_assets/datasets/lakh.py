"""Reader of the Lakh MIDI Dataset: the files of a tree with their bytes.

`lmd_matched` files MIDI under Million Song ids (`A/B/C/TRABC…/<md5>.mid`), `lmd_full` without them
(`<first digit of md5>/<md5>.mid`). In both trees a file's name is the MD5 of its bytes.
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
from emo_assets.midi.parser import MAX_FILE_BYTES, is_midi_name
from emo_assets.progress import Progress, no_progress

SOURCE = "lakh"

WHERE_TO_GET = "get {name}.tar.gz from http://hog.ee.columbia.edu/craffel/lmd/ and unpack it"

_BATCH_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Layout:
    """The layout of one of the two trees.

    Attributes:
        name: the published name of the tree's top folder.
        example: the path of a file in words.
        pattern: the path of a file, with the groups `md5` and, in one of the trees, `msd_track_id`.
        columns: the columns of the table of its files.
    """

    name: str
    example: str
    pattern: re.Pattern[str]
    columns: tuple[str, ...]


LMD_MATCHED = Layout(
    "lmd_matched",
    "A/B/C/TRABC…/<md5>.mid",
    re.compile(
        r"(?P<a>[A-Z])/(?P<b>[A-Z])/(?P<c>[A-Z])/"
        r"(?P<msd_track_id>TR(?P=a)(?P=b)(?P=c)[A-Z]{2}[0-9A-F]{11})/(?P<md5>[0-9a-f]{32})\.mid"
    ),
    ("msd_track_id", "md5", "path", "content"),
)
LMD_FULL = Layout(
    "lmd_full",
    "a/<md5>.mid",
    re.compile(r"(?P<a>[0-9a-f])/(?P<md5>(?P=a)[0-9a-f]{31})\.mid"),
    ("md5", "path", "content"),
)


def read_lakh(root: Path | UPath, *, progress: Progress = no_progress) -> TableRead:
    """Read every MIDI file of an `lmd_matched` tree.

    Rejected are files with another path than `A/B/C/TRABC…/<md5>.mid`, unreadable ones, those larger than
    `MAX_FILE_BYTES` or with another MD5 than their name (a broken copy), broken links and links out of the
    tree, links to folders, and folders named like MIDI files. Files without a MIDI suffix are ignored.

    Args:
        root: the folder `lmd_matched`.
        progress: callback(stage, files done, files in total).

    Returns:
        Rows with the columns of `LMD_MATCHED`, sorted by path: id and MD5, the path below `root` separated by
        `/`, and the file's bytes. A file under several ids is held in memory once.

    Raises:
        InputError: the folder does not exist, it is an `lmd_full` tree, or none of its files is acceptable.
    """
    contents: dict[str, bytes] = {}
    rows: list[pd.DataFrame] = []
    rejects: list[pd.DataFrame] = []
    for batch in iterate_lakh(root, progress=progress):
        files = zip(batch.rows["md5"], batch.rows["content"], strict=True)
        shared = [contents.setdefault(md5, content) for md5, content in files]
        rows.append(batch.rows.assign(content=pd.Series(shared, index=batch.rows.index, dtype=object)))
        rejects.append(batch.rejects)
    return TableRead(pd.concat(rows, ignore_index=True), pd.concat(rejects, ignore_index=True))


def additional_midi(
    root: Path | UPath, *, exclude: Collection[str], limit: int, progress: Progress = no_progress
) -> Iterator[bytes]:
    """Yield MIDI files of an `lmd_full` tree in bounded memory.

    Args:
        root: the folder `lmd_full`.
        exclude: MD5 sums of files to leave out.
        limit: maximum number of files. Files come in the order of their MD5 sums, which is as good as random.
        progress: callback(stage, files done, files in total).
    """
    batches = iterate_lakh(root, LMD_FULL, progress=progress)
    files = (pair for batch in batches for pair in zip(batch.rows["md5"], batch.rows["content"], strict=True))
    yield from itertools.islice((content for md5, content in files if md5 not in exclude), limit)


def iterate_lakh(
    root: Path | UPath,
    layout: Layout = LMD_MATCHED,
    *,
    batch_bytes: int = _BATCH_BYTES,
    progress: Progress = no_progress,
) -> Iterator[TableRead]:
    """Read a tree in batches, at least one, of about `batch_bytes` bytes of MIDI each; see `read_lakh`."""
    root = UPath(root)
    paths, rejects = _find(root, layout)
    rows: list[tuple[str | bytes, ...]] = []
    size = accepted = 0
    for done, (path, match) in enumerate(paths.items(), 1):
        content = _content(root, path, match["md5"])
        if isinstance(content, Reject):
            rejects.append(content)
        else:
            values = {**match.groupdict(), "path": path, "content": content}
            rows.append(tuple(values[name] for name in layout.columns))
            size += len(content)
            accepted += 1
        if size >= batch_bytes:
            yield _table(rows, rejects, layout)
            rows, rejects, size = [], [], 0
        progress("reading MIDI files", done, len(paths))
    if not accepted:
        raise InputError(
            f"{root}: none of its {len(paths)} files is acceptable; the first: {rejects[-1].content}"
            f" {rejects[-1].reason}; {WHERE_TO_GET.format(name=layout.name)}"
        )
    if rows or rejects:
        yield _table(rows, rejects, layout)


def _table(rows: list[tuple[str | bytes, ...]], rejects: list[Reject], layout: Layout) -> TableRead:
    table = pd.DataFrame(rows, columns=list(layout.columns), dtype=object)
    texts = {name: "str" for name in layout.columns if name != "content"}
    return TableRead(table.astype(texts), rejects_table(rejects))


def _find(root: UPath, layout: Layout) -> tuple[dict[str, re.Match[str]], list[Reject]]:
    """List the tree's MIDI files by their path below `root`, and the rejected ones, before reading any."""
    where = WHERE_TO_GET.format(name=layout.name)
    if not root.exists():
        raise InputError(f"{root}: does not exist; {where}")
    if not root.is_dir():
        raise InputError(f"{root}: is a file, not the folder {layout.name}; {where}")
    rejects: list[Reject] = []
    paths: dict[str, re.Match[str]] = {}
    misplaced: list[str] = []
    for path in _walk(root, root, rejects):
        if match := layout.pattern.fullmatch(path):
            paths[path] = match
        else:
            misplaced.append(path)
    if not paths:
        raise InputError(f"{root}: {_why_empty(root, layout, misplaced)}; {where}")
    rejects += [Reject(SOURCE, 0, f"its path must be like {layout.example}", path) for path in misplaced]
    return paths, rejects


def _why_empty(root: UPath, layout: Layout, misplaced: list[str]) -> str:
    if (root / layout.name).is_dir():
        return f"is the parent folder; give {root / layout.name}"
    other = LMD_FULL if layout is LMD_MATCHED else LMD_MATCHED
    if any(other.pattern.fullmatch(path) for path in misplaced):
        return f"is a tree of {other.name} ({other.example}), not of {layout.name} ({layout.example})"
    return f"holds no file {layout.example}"


def _walk(folder: UPath, root: UPath, rejects: list[Reject]) -> Iterator[str]:
    """Yield the path below `root` of every file in `folder` with a MIDI suffix, sorted."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        path = "/".join(folder.parts[len(root.parts) :]) or "."
        rejects.append(Reject(SOURCE, 0, f"the folder cannot be read ({error.strerror or error})", path))
        return
    for entry in entries:
        path = "/".join(entry.parts[len(root.parts) :])
        is_midi = is_midi_name(entry.name)
        if not entry.is_dir():
            if is_midi:
                yield path
        elif entry.is_symlink():
            rejects.append(Reject(SOURCE, 0, "is a link to a folder, which is not followed", path))
        elif is_midi:
            rejects.append(Reject(SOURCE, 0, "is a folder named like a MIDI file", path))
        else:
            yield from _walk(entry, root, rejects)


def _content(root: UPath, place: str, md5: str) -> bytes | Reject:
    """Read a file, or return why it is rejected."""
    path = root / place
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        return Reject(SOURCE, 0, "is a link out of the tree", place)
    if not path.exists():
        return Reject(SOURCE, 0, "is a broken link", place)
    if not path.is_file():
        return Reject(SOURCE, 0, "is not a regular file", place)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return Reject(SOURCE, 0, f"cannot be read ({error.strerror or error})", place)
    if len(content) > MAX_FILE_BYTES:
        return Reject(SOURCE, 0, f"is larger than {MAX_FILE_BYTES // 2**20} MiB", place)
    actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if actual != md5:
        return Reject(SOURCE, 0, f"is a broken copy: the MD5 of its bytes is {actual}, not its name", place)
    return content
