"""A model's checkpoint from the web: which file here stands for which address, and how large one may be.

What is in the file is not known here.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from emo_assets.datasets.downloads.fetching import RemoteFile, RetryPolicy, fetch
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

MAX_BYTES = 2**34
"""Bytes. FIGARO's released checkpoints have a few hundred megabytes."""

_LONGEST_NAME = 60


def is_url(place: str) -> bool:
    """Say whether a place is an HTTP address, and not a path."""
    return place.lower().startswith(("http://", "https://"))


def redact_url(address: str) -> str:
    """Return an address without what may be a secret in it: user, password, query and fragment."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def checkpoint_file(
    address: str,
    folder: Path,
    *,
    sha256: str | None = None,
    retry: RetryPolicy | None = None,
    progress: Progress = no_progress,
) -> Path:
    """Return the checkpoint that lies at a web address, downloading it where it is not in `folder` yet.

    A download that was cut off goes on where it stopped. Files of one name from two addresses do not meet.

    Args:
        address: `http://` or `https://`, of the file itself.
        folder: where it goes; made when missing.
        sha256: the file's sum in hexadecimal, if it is known.
        retry: how long to go on trying.
        progress: told of the bytes that are here.

    Raises:
        InputError: it cannot be had, or is another file than the sum says; the message says how to place it
            by hand.
    """
    try:
        if not urlsplit(address).hostname:
            raise ValueError("it names no server")
    except ValueError as error:
        raise InputError(f"{address}: is no web address ({error})") from error
    remote = RemoteFile(address, _name(address), smallest=1, largest=MAX_BYTES, sha256=sha256)
    try:
        return fetch(remote, folder, retry=retry, progress=progress)
    except InputError as error:
        raise InputError(f"{error}. By hand: download it elsewhere and give the file's path") from error


def _name(address: str) -> str:
    """Return a name for the file: the address's own last part, made harmless, behind a hash of the whole."""
    last = PurePosixPath(unquote(urlsplit(address).path)).name
    harmless = re.sub(r"[^A-Za-z0-9._-]+", "_", last)[-_LONGEST_NAME:]
    return f"{hashlib.sha256(address.encode()).hexdigest()[:12]}-{harmless or 'checkpoint'}"
