"""Extraction of many MIDI files in worker processes; a file that fails does not stop the others."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sized
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from emo_assets.errors import InputError
from emo_assets.midi.errors import MidiError
from emo_assets.midi.parser import MAX_FILE_BYTES, is_midi_name
from emo_assets.parallel import run_tasks
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.tokenize import MidiTokens, tokenize_midi

SECONDS_PER_FILE = 20.0
"""A real file takes some hundredths."""

MEMORY = 1536 * 1024 * 1024
"""Bytes that reading may take beyond what a worker process has when it starts."""

STAGE = "describing MIDI files"


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """The result of one file: its tokens or an error, never both.

    Attributes:
        name: which file it is.
        tokens: its description and events.
        error: why it was rejected, and at which stage.
    """

    name: str
    tokens: MidiTokens | None = None
    error: MidiError | None = None

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was repaired in the file, even if it was rejected."""
        return (self.tokens or self.error or MidiTokens([], [])).repairs

    def as_document(self) -> dict[str, Any]:
        """Return it as a JSON object.

        It has `file`, `repairs` if something was repaired, and `description` and `events`, or `stage` and
        `error`.
        """
        document: dict[str, Any] = {"file": self.name}
        if self.repairs:
            document["repairs"] = list(self.repairs)
        if self.error is not None:
            document |= {"stage": self.error.stage, "error": str(self.error)}
        if self.tokens is not None:
            document["description"] = self.tokens.description_text()
            if self.tokens.events:
                document["events"] = self.tokens.events_text()
        return document


def extract_files(
    files: Iterable[tuple[str, Path | bytes]],
    *,
    workers: int | None = None,
    strict: bool = False,
    events: bool = False,
    seconds_per_file: float = SECONDS_PER_FILE,
    progress: Progress = no_progress,
) -> Iterator[ExtractionResult]:
    """Extract the descriptions and events of MIDI files.

    Worker processes import the main module of this process, so a script that calls this needs
    `if __name__ == "__main__":`.

    Args:
        files: the name of each file and its path or content; consumed as workers get free.
        workers: processes; one per core by default.
        strict: reject damaged files and those without a time signature, as FIGARO's own code does.
        events: extract the events too, not only the description.
        seconds_per_file: how long one file may take.
        progress: called with the number of files done; the total grows with those consumed if `files` has no
            length.

    Yields:
        The result of each file, in their order.

    Raises:
        WorkerError: worker processes do not start, or all of them are killed again and again.
    """
    names: list[str] = []

    def tasks() -> Iterator[_Task]:
        for name, source in files:
            names.append(name)
            yield _Task(source, strict, events)

    total = len(files) if isinstance(files, Sized) else None
    most = workers or _cores()
    outcomes = run_tasks(
        _extract_within_limits,
        tasks(),
        workers=most if total is None else max(min(most, total), 1),
        timeout=seconds_per_file,
    )
    for index, outcome in enumerate(outcomes):
        progress(STAGE, index + 1, len(names) if total is None else total)
        result = outcome.result or MidiError("limits", f"reading it {outcome.failure}")
        if isinstance(result, MidiError):
            yield ExtractionResult(names[index], error=result)
        else:
            yield ExtractionResult(names[index], tokens=result)


class _Task(NamedTuple):
    """A file to read: its path, or what it holds."""

    source: Path | bytes
    strict: bool
    events: bool


def _extract_within_limits(task: _Task) -> MidiTokens | MidiError:
    _limit_memory(MEMORY)
    return _extract(task)


def _extract(task: _Task) -> MidiTokens | MidiError:
    """Read one file; return why when it cannot be read, be it for a bug."""
    try:
        content = task.source if isinstance(task.source, bytes) else _file_content(task.source)
        return tokenize_midi(content, strict=task.strict, events=task.events)
    except MidiError as error:
        return error
    except Exception as error:
        return MidiError("unexpected", f"{type(error).__name__}: {error}")


def _file_content(path: Path) -> bytes:
    """Return the content of a regular file no larger than any MIDI file.

    Raises:
        MidiError: it cannot be read, or is too large.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MidiError(
                "file", "is a folder" + ("" if os.access(path, os.R_OK | os.X_OK) else " that cannot be read")
            )
        if not stat.S_ISREG(status.st_mode):
            raise MidiError("file", "is not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise MidiError("limits", f"the file has {status.st_size} bytes, more than {MAX_FILE_BYTES}")
        return path.read_bytes()
    except FileNotFoundError as error:
        reason = "is a link to nothing" if path.is_symlink() else "does not exist any more"
        raise MidiError("file", reason) from error
    except OSError as error:
        raise MidiError("file", f"cannot be read ({error.strerror or error})") from error


@cache
def _limit_memory(extra: int) -> None:
    """Let this process take at most `extra` more bytes from the first call on, where the system can."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + extra
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):
        pass


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def find_midi_files(paths: Iterable[Path], *, done: Collection[str] = frozenset()) -> list[tuple[str, Path]]:
    """Find MIDI files: those given, and all below the folders given.

    Args:
        paths: files and folders; below a folder all names count that `is_midi_name` tells, even those
            of folders and broken links, so that they are reported.
        done: names to leave out, because they have been read before (see `extracted_names`).

    Returns:
        The name of each file (its path as valid text) and its path, in the order of paths and names.

    Raises:
        InputError: one of `paths` does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if not os.path.lexists(path):
            raise InputError(f"{path}: no such file or folder")
        files += _below(path) if path.is_dir() else [path]
    named = [(os.fsencode(file).decode("utf-8", "backslashreplace"), file) for file in files]
    return [(name, file) for name, file in named if name not in done]


def _below(folder: Path) -> list[Path]:
    """Return what looks like a MIDI file below a folder, and the folders that cannot be read, in order."""
    found: set[Path] = set()

    def note_unreadable(error: OSError) -> None:
        found.add(Path(error.filename))

    for parent, folders, names in os.walk(folder, onerror=note_unreadable):
        found.update(Path(parent, name) for name in folders + names if is_midi_name(name))
    return sorted(found)


def extracted_names(path: Path) -> frozenset[str]:
    """Return the names of the files whose results a file of JSON lines holds, so that extraction can resume.

    A last line without its end is cut off the file.

    Args:
        path: a file with a line for each `ExtractionResult.as_document`.

    Raises:
        InputError: it holds something else.
    """
    names = []
    finished = 0
    with path.open("r+b") as file:
        for number, line in enumerate(file, 1):
            is_cut_off = not line.endswith(b"\n")
            if is_cut_off and _LINE_START.encode().startswith(line[: len(_LINE_START)]):
                break
            name = _name_in(line)
            if not name:
                raise InputError(
                    f"{path}, line {number}: not written by `emo describe`; choose another file for --out"
                )
            names.append(name)
            finished += len(line)
        file.truncate(finished)
    return frozenset(names)


_LINE_START = '{"file": '


def _name_in(line: bytes) -> str | None:
    """Return the name with which a line of results starts, without reading the rest; None for other lines."""
    try:
        text = line.decode()
        name, _ = json.JSONDecoder().raw_decode(text.removeprefix(_LINE_START))
    except ValueError:
        return None
    return name if text.startswith(_LINE_START) and isinstance(name, str) else None
