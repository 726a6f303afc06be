"""Reader of the Million Song Dataset's song files (HDF5), as an alternative to its list of names.

Lakh publishes those of its matched tracks (`lmd_matched_h5`, 31,034 files). Only the track ids and names are
read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from emo_assets.datasets.msd import COLUMNS, SOURCE, TRACK_ID_PATTERN
from emo_assets.datasets.table import Reject, TableRead, rejects_table
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

if TYPE_CHECKING:
    import h5py

WHERE_TO_GET = "get lmd_matched_h5.tar.gz from http://hog.ee.columbia.edu/craffel/lmd/ and unpack it"

MAX_FILE_BYTES = 64 * 2**20
"""The files of the longest songs have a few million bytes; larger files are rejected unread."""


def read_msd_h5(root: Path, *, progress: Progress = no_progress) -> TableRead:
    """Read the names from every song file below a folder.

    Rejected are files that are not HDF5, lack the names, or repeat a track id; links are not followed.

    Args:
        root: the folder `lmd_matched_h5`, or any other with `.h5` files below it.
        progress: callback(stage, files done, files in total).

    Returns:
        Rows with the columns of `read_msd`, sorted by the files' paths.

    Raises:
        InputError: h5py is not installed, the folder does not exist, or none of its files is acceptable.
    """
    try:
        import h5py  # noqa: F401  # an optional dependency
    except ImportError:
        raise InputError(
            f"{root}: reading Million Song files (.h5) needs h5py; pip install 'emo-assets[msd-h5]', "
            "or use the list of names, unique_tracks.txt"
        ) from None
    if not root.is_dir():
        raise InputError(f"{root}: does not exist; {WHERE_TO_GET}")
    paths = sorted(path for path in root.rglob("*.h5") if path.is_file() and not path.is_symlink())
    rows: dict[str, tuple[str, str]] = {}
    rejects: list[Reject] = []
    for done, path in enumerate(paths, 1):
        try:
            track_id, artist, title = _names(path)
            if track_id in rows:
                raise InputError("repeats an earlier file's track id")
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
        InputError: they cannot be read; the message is the reason of the reject.
    """
    import h5py

    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
    try:
        with h5py.File(path, "r") as file:
            artist = _text(file, "metadata", "artist_name")
            title = _text(file, "metadata", "title")
            track_id = _text(file, "analysis", "track_id")
    except OSError as error:
        raise InputError("is not an HDF5 file, or is damaged") from error
    if not re.fullmatch(TRACK_ID_PATTERN, track_id):
        raise InputError("the track id must be like TRAAAAW128F429D538")
    for name, text in (("artist", artist), ("title", title)):
        if not text:
            raise InputError(f"the {name} is empty")
    return track_id, artist, title


def _text(file: h5py.File, group: str, field: str) -> str:
    """Return a text field of the only song in `group`, without following links to other files."""
    import h5py

    if group in file and isinstance(file.get(group, getlink=True), h5py.HardLink):
        songs = file[group]
        if "songs" in songs and isinstance(songs.get("songs", getlink=True), h5py.HardLink):
            table = songs["songs"]
            if isinstance(table, h5py.Dataset) and table.shape == (1,) and field in (table.dtype.names or ()):
                value = table.fields(field)[0]
                if isinstance(value, bytes):
                    return value.decode("utf-8", "replace").strip()
    raise InputError(f"has no text {group}/songs/{field} of one song")
