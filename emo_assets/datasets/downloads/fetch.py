"""Download one file over HTTP: resumable, checked, written whole or not at all.

A download that was cut off, by the network or by a kill, continues where it stopped if the server still has
the same file, and starts again if it has another. (pooch checks sums too, but restarts each download from its
first byte; the largest file here has 1.8 GB.)
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from filelock import FileLock
from urllib3 import exceptions as urllib3_errors

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

CHUNK_BYTES = 2**18

MIN_PROGRESS_BYTES = 2**20
"""Bytes that a connection must deliver for its end not to count as a failure."""

MAX_BACKOFF = 30.0
"""Seconds between two attempts at most."""


class DownloadError(InputError):
    """A file could not be downloaded, or is not the published one."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Attributes:
        url: its address.
        name: its name on disk.
        min_bytes: anything shorter is an error page or a broken copy.
        max_bytes: equal to `min_bytes` if the exact size is published.
        sha256: its checksum in hexadecimal, None if none is published.
    """

    url: str
    name: str
    min_bytes: int
    max_bytes: int
    sha256: str | None = None


@dataclass(frozen=True)
class RetryPolicy:
    """When a download gives up.

    Attributes:
        attempts: connections in a row that may fail without delivering `MIN_PROGRESS_BYTES`.
        backoff: seconds before the second attempt; doubled before each of the next, up to `MAX_BACKOFF`.
        timeout: seconds without a byte after which a connection counts as dropped.
    """

    attempts: int = 5
    backoff: float = 0.5
    timeout: float = 30.0

    def sleep(self, failures: int) -> None:
        """Wait before the next attempt, after `failures` in a row."""
        time.sleep(min(self.backoff * 2 ** max(failures - 1, 0), MAX_BACKOFF))


DEFAULT_RETRY = RetryPolicy()


class _DroppedError(Exception):
    """A connection ended before the file did, or the server is busy: trying again may help."""


def fetch(
    remote: RemoteFile,
    folder: Path,
    *,
    retry: RetryPolicy = DEFAULT_RETRY,
    progress: Progress = no_progress,
) -> Path:
    """Download a file into a folder, or verify the copy that is already there.

    Of two processes that fetch the same file, the second waits and uses what the first has downloaded.

    Args:
        remote: the file.
        folder: its destination, created if missing; the file is called `remote.name` there.
        retry: when to give up.
        progress: callback(stage, bytes done, bytes in total).

    Returns:
        The path of the file.

    Raises:
        DownloadError: the server cannot be reached, keeps dropping the connection, or serves another file; or
            a file of that name is already there and is not the published one.
        InputError: the disk has no room for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / remote.name
    with FileLock(folder / f".{remote.name}.lock"):
        if out.exists():
            if problem := _problem(remote, out):
                raise DownloadError(f"{out}: {problem}; delete it to download it again")
            return out
        _Download(remote, out, retry, progress).run()
    return out


def _problem(remote: RemoteFile, path: Path) -> str | None:
    """Return in what a file differs from the published one, None if it does not."""
    size = path.stat().st_size if path.exists() else 0
    if not remote.min_bytes <= size <= remote.max_bytes:
        return _size_problem(remote, size)
    if remote.sha256 is None:
        return None
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == remote.sha256:
        return None
    return f"has the sha256 {sha256}, the published file has {remote.sha256}"


def _size_problem(remote: RemoteFile, size: int) -> str:
    expected = f"{remote.min_bytes:,}"
    if remote.max_bytes != remote.min_bytes:
        expected += f" to {remote.max_bytes:,}"
    return f"has {size:,} bytes, the published file has {expected}"


class _Download:
    """A download in progress: the bytes so far, and the entity tag of the file that they are from."""

    def __init__(self, remote: RemoteFile, out: Path, retry: RetryPolicy, progress: Progress) -> None:
        self._remote, self._out, self._retry, self._progress = remote, out, retry, progress
        self._part = out.with_name(f".{out.name}.part")
        self._etag = out.with_name(f".{out.name}.part.etag")

    def run(self) -> None:
        """Download over as many connections as it takes, verify the file and give it its name."""
        failures, furthest, is_retry = 0, self._size(), False
        while True:
            try:
                resumed = self._receive()
            except _DroppedError as dropped:
                size = self._size()
                # Bytes that only replace discarded ones are no progress: they could repeat forever.
                failures = 0 if size - furthest >= MIN_PROGRESS_BYTES else failures + 1
                furthest = max(furthest, size)
                if failures >= self._retry.attempts:
                    raise DownloadError(f"{self._remote.url}: {dropped}") from dropped
                self._retry.sleep(failures)
                continue
            problem = _problem(self._remote, self._part)
            if problem is None:
                self._part.replace(self._out)
                self._etag.unlink(missing_ok=True)
                return
            self._discard()
            # Parts of two versions of the file may have been joined: download it in full once more.
            if is_retry or not resumed:
                raise DownloadError(f"{self._remote.url}: {problem}")
            furthest, is_retry = 0, True

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _discard(self) -> None:
        self._part.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)

    def _receive(self) -> bool:
        """Download the missing bytes; return whether they continue those of an earlier connection.

        Raises:
            _DroppedError: the connection ended early, or the server is busy.
            DownloadError: the server has no such file, or another one.
        """
        offset = self._size()
        if offset == self._remote.min_bytes == self._remote.max_bytes:
            return True
        etag = self._etag.read_text("latin-1") if self._etag.exists() else ""
        if not (etag.isascii() and etag.isprintable()):
            etag = ""  # a damaged file
        headers = {"Accept-Encoding": "identity"}
        # Only a tag or a checksum can show that two halves are of one file.
        if offset and (etag or self._remote.sha256):
            headers["Range"] = f"bytes={offset}-"
            if etag:
                headers["If-Range"] = etag
        timeout = self._retry.timeout
        try:
            with requests.get(self._remote.url, headers=headers, stream=True, timeout=timeout) as response:
                return self._handle(response, offset)
        except (requests.ConnectionError, requests.Timeout, urllib3_errors.HTTPError) as error:
            raise _DroppedError(_reason(error)) from error
        except requests.RequestException as error:
            raise DownloadError(f"{self._remote.url}: {_reason(error)}") from error

    def _handle(self, response: requests.Response, offset: int) -> bool:
        """Write a response's body; return whether it continues from `offset`."""
        status, answer = response.status_code, f"the server answers {response.status_code} {response.reason}"
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
            raise _DroppedError(answer)
        if status == HTTPStatus.OK:
            self._discard()
            tag = response.headers.get("ETag", "")
            is_strong = tag and not tag.startswith("W/")  # a weak tag does not promise the same bytes
            self._etag.write_text(tag if is_strong else response.headers.get("Last-Modified", ""), "latin-1")
            length = response.headers.get("Content-Length", "")
            self._write(response, int(length) if length.isdecimal() else None)
            return False
        if status not in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise DownloadError(f"{self._remote.url}: {answer}")
        content_range = response.headers.get("Content-Range", "")
        total = int(found[1]) if (found := re.search(r"/(\d+)$", content_range)) else None
        if status == HTTPStatus.PARTIAL_CONTENT and content_range.startswith(f"bytes {offset}-"):
            self._write(response, total)
        elif total != offset or status == HTTPStatus.PARTIAL_CONTENT:
            self._discard()
            raise _DroppedError("the server sent another range than was requested")
        return True

    def _write(self, response: requests.Response, total: int | None) -> None:
        """Append a response's body to the part; `total` is the size of the whole file, if known."""
        size, limit = self._size(), self._remote.max_bytes
        if total is not None and not self._remote.min_bytes <= total <= limit:
            self._discard()
            raise DownloadError(f"{self._remote.url}: {_size_problem(self._remote, total)}")
        folder = self._part.parent
        room = shutil.disk_usage(folder).free
        if total is not None and total - size > room:
            raise InputError(
                f"{folder}: {self._remote.name} needs {total - size:,} bytes more and the disk has {room:,} "
                "left; make room, or keep the store elsewhere"
            )
        with self._part.open("ab") as file:
            # Some servers send a .tar.gz with "Content-Encoding: gzip": decoding would decompress it.
            for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                file.write(chunk)
                size += len(chunk)
                if size > limit:
                    self._discard()
                    raise DownloadError(f"{self._remote.url}: {_size_problem(self._remote, size)} or more")
                self._progress(f"downloading {self._remote.name}", size, max(total or 0, size))


def _reason(error: Exception) -> str:
    """Return in a few words why a connection failed."""
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(cause, urllib3_errors.NameResolutionError):
        return "no network, or the server's name is unknown"
    if isinstance(cause, urllib3_errors.ConnectTimeoutError | urllib3_errors.NewConnectionError):
        return "no network, or the server is down"
    if isinstance(error, requests.Timeout | urllib3_errors.TimeoutError):
        return "the server stopped responding"
    if isinstance(error, requests.ConnectionError | urllib3_errors.ProtocolError):
        return "the connection was dropped"
    return " ".join(str(error).split())[:120]
