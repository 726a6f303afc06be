"""The process that reads MIDI files for `bulk`: one file a task, within a bound of memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from time import process_time
from typing import NamedTuple

from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import MAX_FILE_BYTES
from emo_assets.tokens.tokenize import MidiTokens, tokenize_midi
from emo_assets.tokens.worker_pool import serve

MEMORY = 1536 * 1024 * 1024
"""Bytes that reading files may take beyond what the process has when it starts."""


class Task(NamedTuple):
    """A file to read: its path, or what it holds."""

    source: Path | bytes
    strict: bool
    events: bool


class Answer(NamedTuple):
    """What came of it: a reading, or a stage and a reason why there is none; and the CPU seconds it took."""

    tokens: MidiTokens | None
    stage: str | None
    reason: str | None
    seconds: float


def answer(task: Task) -> Answer:
    """Read one file."""
    started = process_time()
    tokens, stage, reason = None, None, None
    try:
        content = task.source if isinstance(task.source, bytes) else file_content(task.source)
        tokens = tokenize_midi(content, strict=task.strict, events=task.events)
    except MidiError as error:
        stage, reason = error.stage, str(error)
    except Exception as error:  # one file must not end the reading of all others
        stage, reason = "unexpected", f"{type(error).__name__}: {error}"
    return Answer(tokens, stage, reason, process_time() - started)


def file_content(path: Path) -> bytes:
    """Return what a file holds, if it is one and no larger than any MIDI file.

    Raises:
        MidiError: it cannot be had, or is too large.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MidiError(
                "file", "is a folder" + ("" if os.access(path, os.R_OK | os.X_OK) else " that cannot be read")
            )
        if not stat.S_ISREG(status.st_mode):
            raise MidiError("file", "is no ordinary file")
        if status.st_size > MAX_FILE_BYTES:
            raise MidiError("limits", f"the file has {status.st_size} bytes, more than {MAX_FILE_BYTES}")
        return path.read_bytes()
    except FileNotFoundError as error:
        reason = "is a link to nothing" if path.is_symlink() else "is not there any more"
        raise MidiError("file", reason) from error
    except OSError as error:
        raise MidiError("file", f"cannot be read ({error.strerror or error})") from error


def limit_memory(extra: int) -> None:
    """Let this process have no more than `extra` bytes beyond what it has, where the system can do that."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):
        pass


def main() -> None:
    """Read files until there are no more."""
    limit_memory(MEMORY)
    serve(answer)


if __name__ == "__main__":
    # Answers are pickled: their class must be that of the module that the pool's owner knows.
    from emo_assets.tokens import batch_worker

    batch_worker.main()
