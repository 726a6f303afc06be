"""The journal: every accepted task, written down in SQLite before anybody is told that it is accepted.

Knows which state may follow which, and what happens to tasks whose work was cut off. Who does the work is not
known here. One process holds a journal at a time; its threads may share it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest
from emo_assets.studio.tasks import Task, TaskState

MOST_ATTEMPTS = 3
"""A task whose work was cut off this often is given up: it may be what kills the worker."""

GIVEN_UP = (
    f"The work on this song was cut off {MOST_ATTEMPTS} times. Try a shorter one, or start the studio again."
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY,
    task_id TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    submitted REAL NOT NULL,
    ended REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    champion TEXT NOT NULL DEFAULT '',
    recorded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_by_state ON tasks (state, recorded, number);
"""


class Journal:
    """The accepted tasks of one studio.

    Args:
        path: the SQLite file; it and its folder are made when missing.

    Raises:
        InputError: the file is no journal, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode = WAL")
            # FULL: what was accepted is on the disk before the answer, and outlives a power cut too
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(_SCHEMA)
        except (OSError, sqlite3.DatabaseError) as error:
            raise InputError(
                f"{path}: the studio's journal cannot be used ({error}); repair its place, or move it away"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def accept(self, requests: Sequence[TrackRequest], *, longest_queue: int) -> list[bool]:
        """Write requests down as queued tasks, all in one commit.

        Args:
            requests: what is asked for; no name may have been accepted before.
            longest_queue: how many tasks may wait; the requests beyond are not accepted.

        Returns:
            For each request whether it was accepted. When this returns, accepted ones are on the disk.
        """
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            places = max(longest_queue - self._count(TaskState.QUEUED), 0)
            self._database.executemany(
                "INSERT INTO tasks (task_id, request, state, submitted) VALUES (?, ?, ?, ?)",
                [
                    (request.name, request.model_dump_json(), TaskState.QUEUED, time.time())
                    for request in requests[:places]
                ],
            )
        return [position < places for position in range(len(requests))]

    def claim(self) -> Task | None:
        """Take the task that has waited longest into work, and return it; None when none waits."""
        return self._one(
            "UPDATE tasks SET state = 'in_progress', attempts = attempts + 1 WHERE number = "
            "(SELECT min(number) FROM tasks WHERE state = 'queued') RETURNING *"
        )

    def finish(self, task_id: str, champion: str) -> bool:
        """Put down that the song is there; return False when the task was not in progress."""
        return self._end(task_id, TaskState.FINISHED, champion=champion)

    def fail(self, task_id: str, reason: str) -> bool:
        """Put down that there will be no song, and why; return False when the task was not in progress."""
        return self._end(task_id, TaskState.FAILED, reason=reason)

    def stop(self, task_id: str) -> bool:
        """Put down that work in progress was given up on demand; return False when there was none."""
        return self._end(task_id, TaskState.CANCELLED)

    def cancel(self, task_id: str) -> bool:
        """Take a task out of the queue; return False when it does not wait there (any more)."""
        return self._end(task_id, TaskState.CANCELLED, was=TaskState.QUEUED)

    def put_back(self, task_id: str) -> None:
        """Queue a task in progress again that was cut off through no fault of its own."""
        self._change(
            "UPDATE tasks SET state = 'queued', attempts = attempts - 1 "
            "WHERE task_id = ? AND state = 'in_progress'",
            (task_id,),
        )

    def recover(self) -> None:
        """Deal with tasks whose work was cut off: queue them again, or give them up after too many times."""
        self._change(
            "UPDATE tasks SET state = 'failed', ended = ?, reason = ? "
            "WHERE state = 'in_progress' AND attempts >= ?",
            (time.time(), GIVEN_UP, MOST_ATTEMPTS),
        )
        self._change("UPDATE tasks SET state = 'queued' WHERE state = 'in_progress'", ())

    def task(self, task_id: str) -> Task | None:
        """Return a task, None when none has this id."""
        return self._one("SELECT * FROM tasks WHERE task_id = ?", (task_id,))

    def tasks(self, states: Iterable[TaskState], *, limit: int) -> list[Task]:
        """Return the latest tasks that are in one of `states`, the newest first."""
        wanted = list(states)
        places = ", ".join("?" * len(wanted))
        query = f"SELECT * FROM tasks WHERE state IN ({places}) ORDER BY number DESC LIMIT ?"  # noqa: S608
        with self._lock:
            rows = self._database.execute(query, (*wanted, limit)).fetchall()
        return [_task(row) for row in rows]

    def ahead_of(self, task_id: str) -> int:
        """Return how many tasks will be worked on before a queued one, the one in progress included."""
        row = self._row(
            "SELECT count(*) FROM tasks WHERE state IN ('queued', 'in_progress') "
            "AND number < (SELECT number FROM tasks WHERE task_id = ?)",
            (task_id,),
        )
        return int(row[0]) if row else 0

    def count(self, state: TaskState) -> int:
        """Return how many tasks are in `state`."""
        with self._lock:
            return self._count(state)

    def is_known(self, name: str) -> bool:
        """Tell whether a task of this id was ever accepted."""
        return self._row("SELECT 1 FROM tasks WHERE task_id = ?", (name,)) is not None

    def unrecorded(self, *, again: bool = True) -> str | None:
        """Return the id of the next finished task that is to be recorded elsewhere, if there is one.

        The oldest comes first, but those of which it failed come after all others.

        Args:
            again: whether those of which it failed come at all.
        """
        row = self._row(
            "SELECT task_id FROM tasks WHERE state = 'finished' AND recorded <= 0 AND (? OR recorded = 0) "
            "ORDER BY recorded DESC, number LIMIT 1",
            (again,),
        )
        return None if row is None else str(row[0])

    def set_recorded(self, task_id: str) -> None:
        """Put down that a finished task is recorded."""
        self._change("UPDATE tasks SET recorded = 1 WHERE task_id = ?", (task_id,))

    def set_not_recorded(self, task_id: str) -> int:
        """Put down that a finished task could not be recorded, once more; return how often it was so."""
        row = self._row(
            "UPDATE tasks SET recorded = recorded - 1 WHERE task_id = ? RETURNING -recorded", (task_id,)
        )
        return 0 if row is None else int(row[0])

    def _end(
        self,
        task_id: str,
        state: TaskState,
        *,
        was: TaskState = TaskState.IN_PROGRESS,
        reason: str = "",
        champion: str = "",
    ) -> bool:
        changed = self._change(
            "UPDATE tasks SET state = ?, ended = ?, reason = ?, champion = ? WHERE task_id = ? AND state = ?",
            (state, time.time(), reason, champion, task_id, was),
        )
        return changed == 1

    def _change(self, statement: str, values: Sequence[object]) -> int:
        with self._lock:
            return self._database.execute(statement, tuple(values)).rowcount

    def _row(self, query: str, values: Sequence[object]) -> sqlite3.Row | None:
        with self._lock:
            # all rows are fetched, since a statement that returns what it changed commits only at its end
            rows: list[sqlite3.Row] = self._database.execute(query, tuple(values)).fetchall()
        return rows[0] if rows else None

    def _one(self, query: str, values: Sequence[object] = ()) -> Task | None:
        row = self._row(query, values)
        return None if row is None else _task(row)

    def _count(self, state: TaskState) -> int:
        return int(
            self._database.execute("SELECT count(*) FROM tasks WHERE state = ?", (state,)).fetchone()[0]
        )


def _task(row: sqlite3.Row) -> Task:
    return Task(
        request=TrackRequest.model_validate_json(row["request"]),
        state=TaskState(row["state"]),
        reason=row["reason"],
        submitted=row["submitted"],
        ended=row["ended"],
        attempts=row["attempts"],
        champion=row["champion"],
    )
