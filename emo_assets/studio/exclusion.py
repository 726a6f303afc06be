"""One process at a time: a lock that its holder's death opens, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from emo_assets.errors import InputError


class Exclusion:
    """A lock file that at most one process holds.

    The operating system opens the lock when its holder ends, even when that was killed.

    Args:
        path: the lock file; it and its folder are made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def wait(self) -> None:
        """Take the lock, when need be after its holder has ended."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def take(self, refusal: str) -> None:
        """Take the lock at once.

        Raises:
            InputError: another process holds it; the message is `refusal`.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(refusal) from None

    def release(self) -> None:
        """Open the lock."""
        os.close(self._descriptor)
