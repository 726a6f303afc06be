"""One file from the web to the disk: resumable, checked, whole or not at all.

Knows HTTP and nothing of data sets. A download that was cut off, by the network or by a kill, goes on where
it stopped if the server still has the same file, and starts again if it has another. (pooch, the usual
library, checks sums but starts each download from its first byte; the largest file here has 1.8 GB.)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
import urllib3
from filelock import FileLock

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress

CHUNK = 2**18
"""Bytes that are written at a time."""

WORTHWHILE = 2**20
"""Bytes that a connection must bring for its end not to count as a failure."""


class DownloadError(InputError):
    """A file could not be had from its place, or what is there is not the published file."""


@dataclass(frozen=True)
class RemoteFile:
    """A published file.

    Attributes:
        url: where it is.
        name: what it is called here.
        smallest: bytes that it has at least; anything shorter is a notice page or a broken copy.
        largest: bytes that it has at most; equal to `smallest` where the size is published.
        sha256: its sum in hexadecimal, None where none is published.
    """

    url: str
    name: str
    smallest: int
    largest: int
    sha256: str | None = None


@dataclass(frozen=True)
class RetryPolicy:
    """How long a download goes on trying.

    Attributes:
        failures: connections in a row that may end early without bringing `WORTHWHILE` bytes.
        first_wait: seconds before the second try; doubled before each further one.
        longest_wait: seconds that are waited at most.
        silence: seconds without a byte after which a connection counts as dropped.
    """

    failures: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0
    silence: float = 30.0

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after `failures` in a row."""
        return float(min(self.first_wait * 2 ** max(failures - 1, 0), self.longest_wait))


def fetch(
    remote: RemoteFile, folder: Path, *, retry: RetryPolicy | None = None, progress: Progress = no_progress
) -> Path:
    """Download a file into a folder, or check the one that lies there.

    Of two processes that fetch the same file the second waits and takes what the first has brought.

    Args:
        remote: the file.
        folder: where it goes, under `remote.name`; made when missing.
        retry: how long to go on trying.
        progress: told of the bytes that are here.

    Returns:
        The path of the file.

    Raises:
        DownloadError: the place cannot be reached, keeps breaking off, or serves another file; or a file of
            that name that lies there already is not the published one.
        InputError: the disk has no room for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / remote.name
    with FileLock(folder / f".{remote.name}.lock"):
        if out.exists():
            fault = _fault(remote, out)
            if fault:
                raise DownloadError(f"{out}: {fault}; delete it, and it is downloaded anew")
            return out
        _Download(remote, _PartialFile(folder, remote.name), retry or RetryPolicy(), progress).run()
    return out


class _DroppedError(Exception):
    """A connection ended before the file did; another try may go on."""


class _PartialFile:
    """What is here of a file so far, and by which mark its server tells that it is still the same file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.final = folder / name
        self.path = folder / f".{name}.part"
        self._note = folder / f".{name}.part.json"

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def mark(self) -> str | None:
        """The entity tag or date under which the bytes were served; None where there was none."""
        try:
            mark = json.loads(self._note.read_bytes())["mark"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return mark if isinstance(mark, str) else None

    def begin(self, mark: str | None) -> None:
        """Forget what is here, and note the mark of what comes now."""
        self.discard()
        self._note.write_text(json.dumps({"mark": mark}))

    def finish(self) -> None:
        """Give the file its name."""
        self.path.replace(self.final)
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget what is here."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


class _Download:
    """One file on its way, over as many connections as it takes."""

    def __init__(
        self, remote: RemoteFile, partial: _PartialFile, retry: RetryPolicy, progress: Progress
    ) -> None:
        self._remote = remote
        self._partial = partial
        self._patience = retry
        self._progress = progress
        self._resumed = partial.size > 0

    def run(self) -> None:
        """Bring the file here, checked and under its name."""
        failures = 0
        with requests.Session() as session:
            while True:
                before = self._partial.size
                try:
                    if not self._is_complete():
                        self._receive(session)
                except _DroppedError as dropped:
                    worthwhile = self._partial.size - before >= WORTHWHILE
                    failures = 0 if worthwhile else failures + 1
                    if failures >= self._patience.failures:
                        raise DownloadError(f"{self._remote.url}: {dropped}") from dropped
                    time.sleep(self._patience.wait(failures))
                    continue
                fault = _fault(self._remote, self._partial.path)
                if fault is None:
                    self._partial.finish()
                    return
                self._partial.discard()
                if not self._resumed:
                    raise DownloadError(f"{self._remote.url}: {fault}")
                self._resumed = False

    def _is_complete(self) -> bool:
        """Tell whether all bytes are here: known only where the size is published."""
        return self._remote.smallest == self._remote.largest == self._partial.size

    def _receive(self, session: requests.Session) -> None:
        """Ask for the bytes that are missing and write them as they come.

        Raises:
            _DroppedError: the connection ended early, or the server is busy.
            DownloadError: the server has no such file, or another one.
        """
        offset = self._partial.size
        headers = {"Accept-Encoding": "identity"}
        if offset:
            # Without a mark or a sum nobody could tell that two halves belong together.
            if self._partial.mark is None and self._remote.sha256 is None:
                self._partial.discard()
                offset = 0
            else:
                headers["Range"] = f"bytes={offset}-"
                if self._partial.mark is not None:
                    headers["If-Range"] = self._partial.mark
        timeout = self._patience.silence
        try:
            with session.get(self._remote.url, headers=headers, stream=True, timeout=timeout) as response:
                self._take(response, offset)
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            raise _DroppedError(_plainly(error)) from error
        except requests.RequestException as error:
            raise DownloadError(f"{self._remote.url}: {_plainly(error)}") from error

    def _take(self, response: requests.Response, offset: int) -> None:
        """Judge an answer by its status, and write its body."""
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            if _total(response) == offset:
                return
            self._partial.discard()
            raise _DroppedError("the server has a shorter file now")
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.status_code >= 500:
            raise _DroppedError(f"the server answers {response.status_code} {response.reason}")
        if response.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise DownloadError(
                f"{self._remote.url}: the server answers {response.status_code} {response.reason}"
            )
        if response.status_code == HTTPStatus.PARTIAL_CONTENT and _start(response) != offset:
            self._partial.discard()
            raise _DroppedError("the server sent another part than was asked for")
        if response.status_code == HTTPStatus.OK:
            # A strong entity tag or a date; a weak tag does not promise the same bytes.
            tag = response.headers.get("ETag")
            strong = tag if tag is not None and not tag.startswith("W/") else None
            self._partial.begin(strong or response.headers.get("Last-Modified"))
            self._resumed = False
        total = _total(response)
        if total is not None and not self._remote.smallest <= total <= self._remote.largest:
            self._partial.discard()
            raise DownloadError(f"{self._remote.url}: {_size_fault(self._remote, total)}")
        self._write(response, total)

    def _write(self, response: requests.Response, total: int | None) -> None:
        here = self._partial.size
        room = shutil.disk_usage(self._partial.path.parent).free
        if total is not None and total - here > room:
            raise InputError(
                f"{self._partial.path.parent}: {self._remote.name} needs {total - here:,} bytes more and "
                f"the disk has {room:,} left; make room, or keep the store elsewhere"
            )
        with self._partial.path.open("ab") as file:
            # Some servers call a .tar.gz "Content-Encoding: gzip": decoding would unpack it on the way.
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                file.write(chunk)
                here += len(chunk)
                if here > self._remote.largest:
                    break
                self._progress(f"downloading {self._remote.name}", here, max(total or 0, here))
        if here > self._remote.largest:
            self._partial.discard()
            raise DownloadError(f"{self._remote.url}: {_size_fault(self._remote, here)} or more")


def _fault(remote: RemoteFile, path: Path) -> str | None:
    """Say in what a file that is here differs from the published one; None where it does not."""
    size = path.stat().st_size if path.exists() else 0
    if not remote.smallest <= size <= remote.largest:
        return _size_fault(remote, size)
    if remote.sha256 is None:
        return None
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == remote.sha256:
        return None
    return f"has the sha256 {sha256}, the published file has {remote.sha256}"


def _size_fault(remote: RemoteFile, size: int) -> str:
    if remote.smallest == remote.largest:
        return f"has {size:,} bytes, the published file has {remote.smallest:,}"
    return f"has {size:,} bytes, the published file has {remote.smallest:,} to {remote.largest:,}"


def _start(response: requests.Response) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total(response: requests.Response) -> int | None:
    """Return the size of the whole file by the answer's headers, None where they do not tell."""
    if response.status_code == HTTPStatus.OK:
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else None
    found = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _plainly(error: Exception) -> str:
    """Say in a few words why a connection failed."""
    inner: Any = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "there is no network, or its server's name is not known"
    if isinstance(reason, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError):
        return "there is no network, or its server is down"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "its server fell silent"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return "the connection broke off"
    return " ".join(str(reason).split())[:120]
