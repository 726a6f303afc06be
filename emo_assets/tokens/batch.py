"""Many MIDI files at once: all cores, and no file that can stop the others.

Every file is accounted for: with a reading, or with the stage at which there was none and the reason. How one
file is read is `reading`'s business, how processes are kept alive `worker_pool`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.batch_worker import Answer, Task
from emo_assets.tokens.tokenize import MidiTokens
from emo_assets.tokens.worker_pool import Outcome, run_tasks

MIDI_ENDINGS = (".mid", ".midi")
SECONDS_PER_FILE = 20.0
"""How long reading one file may take; a real one takes some hundredths."""

STAGE = "describing MIDI files"
WORKER_MODULE = "emo_assets.tokens.batch_worker"


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """What came of one file.

    Attributes:
        name: which file it is.
        tokens: its description and events; None when it was refused.
        stage: the stage at which it was refused (see `MidiError.stage`), None when it was not.
        reason: why it was refused, in one line; None when it was not.
        seconds: CPU time that it took.
    """

    name: str
    tokens: MidiTokens | None
    stage: str | None
    reason: str | None
    seconds: float

    def as_document(self) -> dict[str, Any]:
        """Return it as a JSON object: `file`, and `description` and `events`, or `stage` and `error`."""
        if self.tokens is None:
            return {"file": self.name, "stage": self.stage, "error": self.reason}
        document: dict[str, Any] = {"file": self.name, "description": self.tokens.description_text()}
        if self.tokens.events:
            document["events"] = self.tokens.events_text()
        return document


def extract_contents(
    items: Iterable[tuple[str, bytes]],
    *,
    workers: int | None = None,
    strict: bool = False,
    events: bool = False,
    seconds_per_file: float = SECONDS_PER_FILE,
    progress: Progress = no_progress,
) -> Iterator[ExtractionResult]:
    """Read the contents of MIDI files.

    Args:
        items: names and contents; taken up as processes get free.
        workers: processes; one a core by default.
        strict: refuse files without a time signature, as the reference does.
        events: read the events too, not only the description.
        seconds_per_file: how long reading one file may take.
        progress: told how many files are done; the total grows with those taken up if `items` has no length.

    Yields:
        What came of each file, in their order.
    """
    names: list[str] = []

    def tasks() -> Iterator[Task]:
        for name, content in items:
            names.append(name)
            yield Task(content, strict, events)

    total = len(items) if isinstance(items, Sized) else None
    outcomes = run_tasks(
        WORKER_MODULE, tasks(), workers=_workers(workers, total), seconds_per_task=seconds_per_file
    )
    for number, outcome in enumerate(outcomes):
        progress(STAGE, number + 1, len(names) if total is None else total)
        yield _described(names[number], outcome, seconds_per_file)


def extract_paths(
    paths: Iterable[Path],
    *,
    workers: int | None = None,
    strict: bool = False,
    events: bool = False,
    seconds_per_file: float = SECONDS_PER_FILE,
    done: Collection[str] = frozenset(),
    progress: Progress = no_progress,
) -> Iterator[ExtractionResult]:
    """Read MIDI files, and all MIDI files below folders.

    Args:
        paths: files and folders; below a folder whatever ends in .mid or .midi counts, be it a folder itself
            or a link that leads nowhere.
        workers: processes; one a core by default.
        strict: refuse files without a time signature, as the reference does.
        events: read the events too, not only the description.
        seconds_per_file: how long reading one file may take.
        done: names of files that are left out, because they have been read before (see `extracted_names`).
        progress: told how many files are done.

    Yields:
        What came of each file, in the order of paths and names; named by its path.

    Raises:
        InputError: one of `paths` does not exist.
    """
    files = [file for file in _midi_files(paths) if _printable(file) not in done]
    tasks = (Task(file, strict, events) for file in files)
    outcomes = run_tasks(
        WORKER_MODULE, tasks, workers=_workers(workers, len(files)), seconds_per_task=seconds_per_file
    )
    for number, (file, outcome) in enumerate(zip(files, outcomes, strict=True), 1):
        progress(STAGE, number, len(files))
        yield _described(_printable(file), outcome, seconds_per_file)


def extracted_names(path: Path) -> frozenset[str]:
    """Return the names of the files that have been read into a file of JSON lines, so that reading can go on.

    A last line that was not finished is cut off the file.

    Args:
        path: a file with a line for each `ExtractionResult.as_document`.

    Raises:
        InputError: it holds something else.
    """
    names = []
    finished = 0
    decoder = json.JSONDecoder()
    with path.open("r+b") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                text = line.decode()
                name, _ = (
                    decoder.raw_decode(text.removeprefix(_LINE_START)) if _LINE_START in text else ("", 0)
                )
            except ValueError:
                name = ""
            if not (isinstance(name, str) and name):
                raise InputError(
                    f"{path}, line {number}: is no line of described files; write to another file"
                )
            names.append(name)
            finished += len(line)
        file.truncate(finished)
    return frozenset(names)


_LINE_START = '{"file": '


def _described(name: str, outcome: Outcome, seconds_per_file: float) -> ExtractionResult:
    if outcome.failure is not None:
        return ExtractionResult(name, None, "limits", f"reading it {outcome.failure}", seconds_per_file)
    answer: Answer = outcome.result
    return ExtractionResult(name, *answer)


def _workers(wanted: int | None, files: int | None) -> int:
    """Return how many processes to start: one a core if it is not said, no more than there are files."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = wanted or cores
    return most if files is None else max(min(most, files), 1)


def _printable(path: Path) -> str:
    """Return a path as valid text: bytes of names that are none are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _midi_files(paths: Iterable[Path]) -> list[Path]:
    """Return files, and everything below folders that looks like a MIDI file by its name.

    Raises:
        InputError: one of `paths` does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if not os.path.lexists(path):
            raise InputError(f"{path}: there is no such file or folder")
        if not path.is_dir():
            files.append(path)
            continue
        found: set[Path] = set()

        def note_unreadable(error: OSError, found: set[Path] = found) -> None:
            found.add(Path(error.filename))

        for folder, folders, names in os.walk(path, onerror=note_unreadable):
            found.update(
                Path(folder, name) for name in folders + names if name.lower().endswith(MIDI_ENDINGS)
            )
        files += sorted(found)
    return files
