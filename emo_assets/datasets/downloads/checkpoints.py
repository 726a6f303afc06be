"""Download a model's checkpoint from a URL."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from emo_assets.datasets.downloads.fetch import DEFAULT_RETRY, RemoteFile, RetryPolicy, fetch
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

MAX_BYTES = 2**34
"""Largest file, as in `figaro.released_checkpoint`; FIGARO's have a few hundred megabytes."""

_MAX_NAME_LENGTH = 60


def is_url(location: str) -> bool:
    """Return whether a location is an HTTP URL, and not a path."""
    return location.lower().startswith(("http://", "https://"))


def redact_url(url: str) -> str:
    """Return a URL without the parts that may hold secrets: user, password, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def checkpoint_file(
    url: str,
    folder: Path,
    *,
    sha256: str | None = None,
    retry: RetryPolicy = DEFAULT_RETRY,
    progress: Progress = no_progress,
) -> Path:
    """Return the checkpoint at a URL, downloading it if it is not in `folder` yet.

    Files of the same name from two URLs are kept apart.

    Args:
        url: `http://` or `https://` URL of the file itself.
        folder: its destination, created if missing.
        sha256: the file's checksum in hexadecimal, if known.
        retry: when to give up.
        progress: callback(stage, bytes done, bytes in total).

    Raises:
        InputError: the download failed, or the checksum differs; the message says how to place the file by
            hand.
    """
    try:
        if not urlsplit(url).hostname:
            raise ValueError("it names no server")
    except ValueError as error:
        raise InputError(f"{url}: is not a valid URL ({error})") from error
    remote = RemoteFile(url, _file_name(url), min_bytes=1, max_bytes=MAX_BYTES, sha256=sha256)
    try:
        return fetch(remote, folder, retry=retry, progress=progress)
    except InputError as error:
        raise InputError(f"{error}. By hand: download it elsewhere and give the file's path") from error


def _file_name(url: str) -> str:
    """Return a safe file name: a hash of the URL and the last part of its path."""
    last = PurePosixPath(unquote(urlsplit(url).path)).name
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", last)[-_MAX_NAME_LENGTH:]
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{safe or 'checkpoint'}"
