"""Where each data set is published, and how it comes to stand on the disk as its reader wants it.

What can be had nowhere else is fetched once and kept; each error says how to place the files by hand.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from emo_assets.datasets.downloads.fetching import RemoteFile, RetryPolicy, fetch
from emo_assets.datasets.downloads.unpacking import Limits, unpack
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

MSD_NAMES = RemoteFile(
    url="http://millionsongdataset.com/sites/default/files/AdditionalFiles/unique_tracks.txt",
    name="unique_tracks.txt",
    smallest=80_000_000,
    largest=90_000_000,
)
"""The Million Song names: 84 MB; neither its exact size nor a sum is published."""

LAKH_MATCHED = RemoteFile(
    url="http://hog.ee.columbia.edu/craffel/lmd/lmd_matched.tar.gz",
    name="lmd_matched.tar.gz",
    smallest=1_407_072_670,
    largest=1_407_072_670,
    sha256="621ff830aed771f469e5bfa13dc12a33c6ed69090adeda63d0b5c47783af0191",
)
"""The MIDI files that are matched with Million Song tracks."""

LAKH_FULL = RemoteFile(
    url="http://hog.ee.columbia.edu/craffel/lmd/lmd_full.tar.gz",
    name="lmd_full.tar.gz",
    smallest=1_768_163_879,
    largest=1_768_163_879,
    sha256="6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b",
)
"""All MIDI files, without Million Song ids."""

LAKH_LIMITS = Limits(members=500_000, file_bytes=2**28, total_bytes=2**35)
"""Several times what the two archives hold: 178,561 files at most, far below 32 GiB altogether."""


def msd_names(
    folder: Path,
    *,
    remote: RemoteFile = MSD_NAMES,
    retry: RetryPolicy | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Return the Million Song names in `folder`, downloading them where they are not there yet.

    Raises:
        InputError: they cannot be had; the message says how to place them by hand.
    """
    try:
        return fetch(remote, folder, retry=retry, progress=progress)
    except InputError as error:
        raise InputError(
            f"{error}. By hand: place the file at {(folder / remote.name).absolute()}, or name its place "
            "with the source 'local' (raw_data.msd; a folder of lmd_matched_h5 files does as well)"
        ) from error


def lakh_files(
    folder: Path,
    *,
    remote: RemoteFile = LAKH_MATCHED,
    limits: Limits = LAKH_LIMITS,
    retry: RetryPolicy | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Return a folder of Lakh MIDI files below `folder`, downloading and unpacking it where there is none.

    The archive is removed once it is unpacked.

    Args:
        folder: where the archive and its top folder go.
        remote: the archive: `LAKH_MATCHED` or `LAKH_FULL`.
        limits: what the archive may hold.
        retry: how long to go on trying.
        progress: told of the bytes downloaded, then of those unpacked.

    Returns:
        The folder, named after the archive (`lmd_matched`).

    Raises:
        InputError: it cannot be had; the message says how to place it by hand.
    """
    name = remote.name.removesuffix(".tar.gz")
    tree = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{name}.lock"):
        if tree.is_dir():
            return tree
        try:
            archive = fetch(remote, folder, retry=retry, progress=progress)
            unpack(archive, tree, limits=limits, progress=progress)
        except InputError as error:
            raise InputError(
                f"{error}. By hand: place the file at {(folder / remote.name).absolute()}, or unpack it and "
                f"name the folder {name} with the source 'local' (raw_data.{_setting(remote)})"
            ) from error
        archive.unlink()
    return tree


def _setting(remote: RemoteFile) -> str:
    return "lakh_full" if remote.name.startswith("lmd_full") else "lakh"
