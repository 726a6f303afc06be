"""Reader of the Million Song Dataset's own song files (HDF5), for where its list of names is not at hand.

Lakh publishes those of its matched tracks (`lmd_matched_h5`, 31,034 files). Of the many measurements in such
a file only the track's id and its names are read.
"""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import pandas as pd

from emo_assets.datasets.msd import COLUMNS, SOURCE, TRACK_ID_PATTERN
from emo_assets.datasets.table import Reject, TableRead, rejects_table
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

WHERE_TO_GET = "get lmd_matched_h5.tar.gz from http://hog.ee.columbia.edu/craffel/lmd/ and unpack it"

MAX_FILE_BYTES = 64 * 2**20
"""Bytes. The longest songs' files have a few million; a larger file is something else and stays unread."""


def read_msd_h5(root: Path, *, progress: Progress = no_progress) -> TableRead:
    """Read the names out of every song file below a folder.

    Rejected are files that are no HDF5, lack the names, or repeat a track's id; links out of the folder are
    not followed.

    Args:
        root: the folder `lmd_matched_h5`, or any other with `.h5` files below it.
        progress: told of the files read.

    Returns:
        Rows with the columns of `read_msd`, sorted by the files' paths.

    Raises:
        InputError: there is no such folder, or no file in it is acceptable.
    """
    if not root.is_dir():
        raise InputError(f"{root}: there is no such folder; {WHERE_TO_GET}")
    paths = sorted(path for path in root.rglob("*.h5") if path.is_file() and not path.is_symlink())
    rows: dict[str, tuple[str, str]] = {}
    rejects: list[Reject] = []
    for done, path in enumerate(paths, 1):
        try:
            track_id, artist, title = _names(path)
            if track_id in rows:
                raise InputError("the same track id stands in an earlier file")
            rows[track_id] = (artist, title)
        except InputError as error:
            rejects.append(Reject(SOURCE, 0, str(error), path.relative_to(root).as_posix()))
        progress("reading Million Song files", done, len(paths))
    if not rows:
        first = f"; the first: {rejects[0].content}, {rejects[0].reason}" if rejects else ""
        raise InputError(f"{root}: holds no Million Song file (.h5){first}; {WHERE_TO_GET}")
    names = [(track_id, *of_track) for track_id, of_track in rows.items()]
    return TableRead(pd.DataFrame(names, columns=list(COLUMNS), dtype="str"), rejects_table(rejects))


def _names(path: Path) -> tuple[str, str, str]:
    """Return a file's track id, artist and title.

    Raises:
        InputError: they are not there; the message is the reason for people.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
    try:
        with h5py.File(path, "r") as file:
            artist = _text(file, "metadata", "artist_name")
            title = _text(file, "metadata", "title")
            track_id = _text(file, "analysis", "track_id")
    except OSError as error:
        raise InputError("is no HDF5 file, or a damaged one") from error
    if not re.fullmatch(TRACK_ID_PATTERN, track_id):
        raise InputError("the track id must be like TRAAAAW128F429D538")
    for name, text in (("artist", artist), ("title", title)):
        if not text:
            raise InputError(f"the {name} is empty")
    return track_id, artist, title


def _text(file: h5py.File, group: str, field: str) -> str:
    """Read one text field of the one song in `group`, following no link to another file."""
    if group in file and isinstance(file.get(group, getlink=True), h5py.HardLink):
        songs = file[group]
        if "songs" in songs and isinstance(songs.get("songs", getlink=True), h5py.HardLink):
            table = songs["songs"]
            if isinstance(table, h5py.Dataset) and table.shape == (1,) and field in (table.dtype.names or ()):
                value = table.fields(field)[0]
                if isinstance(value, bytes):
                    return value.decode("utf-8", "replace").strip()
    raise InputError(f"has no text {group}/songs/{field} of one song")
