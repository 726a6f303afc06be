"""The task queue: every accepted request with its result, in one SQLite file.

A request is in the file before its client gets an answer, so that a crash of the server, the worker or the
machine loses no task. One process opens the file at a time; its threads share it.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest, validate_name

MAX_ATTEMPTS = 3
"""A task that was interrupted this often fails: it may be what crashes the worker."""

TOO_MANY_ATTEMPTS = (
    f"The work on this song was interrupted {MAX_ATTEMPTS} times. Try a shorter song, or restart the studio."
)

# files of earlier versions have two more columns
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    submitted REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    recorded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_by_state ON tasks (state, recorded, number);
"""


class TaskState(StrEnum):
    """The state of a task."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the task stays in this state."""
        return self not in (TaskState.QUEUED, TaskState.IN_PROGRESS)


@dataclass(frozen=True)
class Task:
    """An accepted request.

    Attributes:
        request: the request; its name is the task's id.
        state: the current state.
        reason: why the task failed, in one line; empty otherwise.
        submitted: when it was accepted, in seconds since 1970.
    """

    request: TrackRequest
    state: TaskState
    reason: str
    submitted: float

    @property
    def task_id(self) -> str:
        """The name of the request, which is the song's partition and folder, too."""
        return self.request.name


class TaskQueue:
    """The accepted tasks of one studio.

    Args:
        path: the SQLite file; created with its folder when missing.

    Raises:
        InputError: the file is not a task queue, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode = WAL")
            # FULL: an accepted task is on the disk before the answer, and survives a power failure
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
        except (OSError, sqlite3.DatabaseError) as error:
            raise InputError(
                f"{path}: the studio's task queue cannot be opened ({error}); "
                "check the folder's permissions, or move the file away"
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def add(self, requests: Sequence[TrackRequest], *, max_queued: int) -> list[bool]:
        """Add requests as queued tasks, in one commit.

        Args:
            requests: the requests; their names must be new.
            max_queued: how many tasks may be queued. Requests beyond are not accepted.

        Returns:
            Whether each request was accepted. Accepted ones are on the disk.
        """
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            [queued] = self._database.execute("SELECT count(*) FROM tasks WHERE state = 'queued'").fetchone()
            room = max(max_queued - queued, 0)
            self._database.executemany(
                "INSERT INTO tasks (task_id, request, state, submitted) VALUES (?, ?, 'queued', ?)",
                [(request.name, request.model_dump_json(), time.time()) for request in requests[:room]],
            )
        return [index < room for index in range(len(requests))]

    def claim(self) -> Task | None:
        """Move the oldest queued task to in progress and return it, or None if the queue is empty."""
        return _first_task(
            self._rows(
                "UPDATE tasks SET state = 'in_progress', attempts = attempts + 1 WHERE number = "
                "(SELECT min(number) FROM tasks WHERE state = 'queued') RETURNING *"
            )
        )

    def finish(self, task_id: str) -> bool:
        """Mark a task in progress as finished; return whether it was in progress."""
        return self._end(task_id, TaskState.IN_PROGRESS, TaskState.FINISHED)

    def fail(self, task_id: str, reason: str) -> bool:
        """Mark a task in progress as failed; return whether it was in progress."""
        return self._end(task_id, TaskState.IN_PROGRESS, TaskState.FAILED, reason)

    def cancel(self, task_id: str, state: TaskState = TaskState.QUEUED) -> bool:
        """Cancel a task that is in `state`; return whether it was."""
        return self._end(task_id, state, TaskState.CANCELLED)

    def requeue(self, *, counts_attempt: bool = True) -> None:
        """Queue interrupted tasks again in their old position, or fail them after `MAX_ATTEMPTS`.

        Args:
            counts_attempt: whether the interrupted attempt counts.
        """
        if counts_attempt:
            self._rows(
                "UPDATE tasks SET state = 'failed', reason = ? WHERE state = 'in_progress' AND attempts >= ?",
                TOO_MANY_ATTEMPTS,
                MAX_ATTEMPTS,
            )
        self._rows(
            "UPDATE tasks SET state = 'queued', attempts = attempts - ? WHERE state = 'in_progress'",
            int(not counts_attempt),
        )

    def task(self, task_id: str) -> Task | None:
        """Return the task with this id, or None."""
        return _first_task(self._rows("SELECT * FROM tasks WHERE task_id = ?", task_id))

    def unfinished(self, *, limit: int) -> list[Task]:
        """Return the newest tasks that are not finished, the newest first."""
        rows = self._rows("SELECT * FROM tasks WHERE state != 'finished' ORDER BY number DESC LIMIT ?", limit)
        return [_task(row) for row in rows]

    def count_before(self, task_id: str) -> int:
        """Return how many tasks come before a queued one, including the one in progress."""
        return self._count(
            "state IN ('queued', 'in_progress') AND number < (SELECT number FROM tasks WHERE task_id = ?)",
            task_id,
        )

    def count(self, state: TaskState) -> int:
        """Return how many tasks are in `state`."""
        return self._count("state = ?", state)

    def next_unrecorded(self, *, include_failed: bool = True) -> str | None:
        """Return the id of the next finished task to record in Dagster, or None.

        The oldest comes first; those that could not be recorded come after all others.

        Args:
            include_failed: whether to include those that could not be recorded.
        """
        rows = self._rows(
            "SELECT task_id FROM tasks WHERE state = 'finished' AND recorded <= 0 AND (? OR recorded = 0) "
            "ORDER BY recorded DESC, number LIMIT 1",
            include_failed,
        )
        return str(rows[0]["task_id"]) if rows else None

    def set_recorded(self, task_id: str) -> None:
        """Mark a finished task as recorded."""
        self._rows("UPDATE tasks SET recorded = 1 WHERE task_id = ?", task_id)

    def set_recording_failed(self, task_id: str) -> int:
        """Count a failed attempt to record a finished task; return the number of failed attempts."""
        [row] = self._rows(
            "UPDATE tasks SET recorded = recorded - 1 WHERE task_id = ? RETURNING -recorded", task_id
        )
        return int(row[0])

    def _end(self, task_id: str, before: TaskState, after: TaskState, reason: str = "") -> bool:
        changed = self._rows(
            "UPDATE tasks SET state = ?, reason = ? WHERE task_id = ? AND state = ? RETURNING 1",
            *(after, reason, task_id, before),
        )
        return bool(changed)

    def _count(self, condition: str, value: str) -> int:
        [row] = self._rows(f"SELECT count(*) FROM tasks WHERE {condition}", value)  # noqa: S608 - own text
        return int(row[0])

    def _rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        # all rows are fetched: a statement with RETURNING commits when its last row is read
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def _first_task(rows: list[sqlite3.Row]) -> Task | None:
    return _task(rows[0]) if rows else None


def _task(row: sqlite3.Row) -> Task:
    return Task(
        request=TrackRequest.model_validate_json(row["request"]),
        state=TaskState(row["state"]),
        reason=row["reason"],
        submitted=row["submitted"],
    )


def new_task_id(mood: str) -> str:
    """Return a new unique request name: the first words of the mood and 40 random bits.

    Args:
        mood: the mood in any language; only its letters and digits are used.
    """
    title = re.split(r"[—–;(]|[:,.]\s", mood, maxsplit=1)[0]
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_title)[:40].strip("-") or "song"
    return validate_name(f"{slug}-{secrets.token_hex(5)}")
