"""Where the Million Song and Lakh data are published, and how they are downloaded.

Each file is downloaded once and kept; every error says how to place it by hand.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from emo_assets.datasets.downloads.fetch import DEFAULT_RETRY, RemoteFile, RetryPolicy, fetch
from emo_assets.datasets.downloads.unpack import Limits, unpack
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

MSD_NAMES = RemoteFile(
    url="http://millionsongdataset.com/sites/default/files/AdditionalFiles/unique_tracks.txt",
    name="unique_tracks.txt",
    min_bytes=80_000_000,
    max_bytes=90_000_000,
)
"""The Million Song names: 84 MB; neither the exact size nor a checksum is published."""

LAKH_MATCHED = RemoteFile(
    url="http://hog.ee.columbia.edu/craffel/lmd/lmd_matched.tar.gz",
    name="lmd_matched.tar.gz",
    min_bytes=1_407_072_670,
    max_bytes=1_407_072_670,
    sha256="621ff830aed771f469e5bfa13dc12a33c6ed69090adeda63d0b5c47783af0191",
)
"""The MIDI files that are matched to Million Song tracks."""

LAKH_FULL = RemoteFile(
    url="http://hog.ee.columbia.edu/craffel/lmd/lmd_full.tar.gz",
    name="lmd_full.tar.gz",
    min_bytes=1_768_163_879,
    max_bytes=1_768_163_879,
    sha256="6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b",
)
"""All MIDI files, without Million Song ids."""

LAKH_LIMITS = Limits(members=500_000, file_bytes=2**28, total_bytes=2**35)
"""Several times the contents of the two archives (178,561 files, far below 32 GiB)."""


def msd_names(
    folder: Path,
    *,
    remote: RemoteFile = MSD_NAMES,
    retry: RetryPolicy = DEFAULT_RETRY,
    progress: Progress = no_progress,
) -> Path:
    """Return the Million Song names in `folder`, downloading them if they are not there.

    Raises:
        InputError: the download failed; the message says how to place the file by hand.
    """
    try:
        return fetch(remote, folder, retry=retry, progress=progress)
    except InputError as error:
        raise InputError(
            f"{error}. By hand: place the file at {(folder / remote.name).absolute()}, or give its path "
            "with the source 'local' (raw_data.msd; a folder of lmd_matched_h5 files works as well)"
        ) from error


def lakh_files(
    folder: Path,
    *,
    remote: RemoteFile = LAKH_MATCHED,
    limits: Limits = LAKH_LIMITS,
    retry: RetryPolicy = DEFAULT_RETRY,
    progress: Progress = no_progress,
) -> Path:
    """Return a folder of Lakh MIDI files in `folder`, downloading and unpacking it if it is not there.

    Args:
        folder: the destination of the archive, which is removed after unpacking, and of its top folder.
        remote: the archive, `LAKH_MATCHED` or `LAKH_FULL`.
        limits: limits on the archive.
        retry: when the download gives up.
        progress: callback(stage, bytes done, bytes in total), first of the download, then of the unpacking.

    Returns:
        The folder, named after the archive (`lmd_matched`).

    Raises:
        InputError: the download failed; the message says how to place the files by hand.
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
            setting = "lakh_full" if name == "lmd_full" else "lakh"
            raise InputError(
                f"{error}. By hand: place the file at {(folder / remote.name).absolute()}, or unpack it and "
                f"give the path of the folder {name} with the source 'local' (raw_data.{setting})"
            ) from error
        archive.unlink()
    return tree
