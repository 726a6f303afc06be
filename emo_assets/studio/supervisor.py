"""The workshop: keeps one worker process alive and gives it the journal's tasks, one at a time.

Runs in a thread of the server. Whatever happens to the worker (killed, crashed, stalled), the task it had is
queued again or given up, and a new worker takes its place. How songs are made is known in the worker only.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from emo_assets.studio.task_progress import HeadwayBoard
from emo_assets.studio.task_queue import Journal
from emo_assets.studio.tasks import Headway
from emo_assets.studio.worker import (
    Advanced,
    Cancel,
    Engine,
    Made,
    Make,
    NotMade,
    NotReady,
    Ready,
    Record,
    Recorded,
    Report,
    run_worker,
)

STALLED_SECONDS = 600.0
"""A worker that says nothing for so long while it has work is ended; a bar of music takes far less."""

CANCEL_SECONDS = 10.0
"""A worker that does not give up a cancelled song in this time is ended."""

SECONDS_TO_RECORD_AGAIN = 60.0
"""How long to wait before a song that could not be recorded is tried again."""

LONGEST_PAUSE_SECONDS = 10.0
"""The longest pause before a new worker is started, when one after the other ends at once."""

log = logging.getLogger(__name__)


class WorkerState(StrEnum):
    """What the worker process is doing."""

    STARTING = "starting"
    READY = "ready"
    WORKING = "working"
    STOPPED = "stopped"


@dataclass
class _Job:
    """What the worker was told to do and has not answered yet."""

    task_id: str
    is_recording: bool = False
    heard_from: float = 0.0
    cancelled_at: float | None = None


class Workshop:
    """Works off a journal's tasks with one worker process.

    Args:
        journal: where tasks come from and where it is put down what became of them.
        board: told how far they are.
        make_engine: builds the engine in the worker's process; it must be picklable.
        lock: the file that the journal's one worker holds.
        stalled_seconds: how long a worker with work may be silent.
    """

    def __init__(
        self,
        journal: Journal,
        board: HeadwayBoard,
        make_engine: Callable[[], Engine],
        lock: Path,
        *,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        self._journal = journal
        self._board = board
        self._make_engine = make_engine
        self._lock = lock
        self._stalled_seconds = stalled_seconds
        self._thread = threading.Thread(target=self._run, name="workshop", daemon=True)
        self._bell, self._bell_rope = multiprocessing.Pipe(duplex=False)
        self._bell_lock = threading.Lock()
        self._is_rung = False
        self._is_stopping = False
        self._cancel_wishes: set[str] = set()
        self._job: _Job | None = None
        self._record_again = 0.0
        self._has_answered = False
        self.state = WorkerState.STARTING
        self.champion = ""
        self.trouble: str | None = None
        self.process_id: int | None = None

    def start(self) -> None:
        """Deal with what an earlier server left in progress, and begin to work."""
        self._journal.recover()
        self._thread.start()

    def stop(self) -> None:
        """End the worker; a task in progress goes back into the queue for the next start."""
        self._is_stopping = True
        self.wake()
        self._thread.join()
        self._bell.close()
        self._bell_rope.close()

    def wake(self) -> None:
        """Look for new tasks and wishes now."""
        with self._bell_lock:
            if not self._is_rung:
                self._is_rung = True
                self._bell_rope.send_bytes(b"!")

    def cancel(self, task_id: str) -> None:
        """Give up a task in progress, soon."""
        self._cancel_wishes.add(task_id)
        self.wake()

    def _run(self) -> None:
        pause = 0.0
        while not self._is_stopping:
            self._has_answered = False
            try:
                self._employ()
                self._settle()
            except sqlite3.Error:  # a full disk, say: nothing is lost, and it is tried again
                log.exception("the journal could not be written")
            pause = 0.0 if self._has_answered else min(max(2 * pause, 0.25), LONGEST_PAUSE_SECONDS)
            self._wait_for_bell([], pause)

    def _employ(self) -> None:
        """Start a worker and give it tasks until it is gone or the workshop stops."""
        self.state = WorkerState.STARTING
        context = multiprocessing.get_context("spawn")
        connection, end = context.Pipe()
        # no daemon, for it has a process beside; it ends as soon as the connection does
        process = context.Process(
            target=run_worker,
            args=(end, self._lock, self._make_engine),
            name="emo-studio-worker",
        )
        process.start()
        end.close()
        self.process_id = process.pid
        try:
            while not self._is_stopping and self._turn(connection):
                pass
        except (EOFError, OSError):
            log.warning("the worker process ended unexpectedly; another one takes its place")
        finally:
            self.state = WorkerState.STOPPED
            self.process_id = None
            connection.close()
            _end(process)

    def _turn(self, connection: Connection) -> bool:
        """Give the worker something to do if it is free, and take in one report; False ends the worker."""
        if self._job is None:
            self._give_order(connection)
        else:
            self._pass_on_cancelling(connection, self._job)
        if connection in self._wait_for_bell([connection], self._patience()):
            self._take_in(connection.recv())
        return self._job is None or not self._is_overdue(self._job)

    def _give_order(self, connection: Connection) -> None:
        if unrecorded := self._journal.unrecorded(again=time.monotonic() >= self._record_again):
            self._job = _Job(unrecorded, is_recording=True)
            connection.send(Record(unrecorded))
        elif task := self._journal.claim():
            self._job = _Job(task.task_id)
            connection.send(Make(task.request))
            self._board.announce()
        else:
            return
        self._job.heard_from = time.monotonic()
        if self.state is WorkerState.READY:
            self.state = WorkerState.WORKING

    def _pass_on_cancelling(self, connection: Connection, job: _Job) -> None:
        if job.task_id in self._cancel_wishes and job.cancelled_at is None and not job.is_recording:
            job.cancelled_at = time.monotonic()
            connection.send(Cancel(job.task_id))

    def _patience(self) -> float | None:
        """Return how many seconds to wait for a report before it is time to look after something."""
        now = time.monotonic()
        if self._job is None:
            return None if self._record_again <= now else self._record_again - now
        return 1.0

    def _is_overdue(self, job: _Job) -> bool:
        now = time.monotonic()
        if job.cancelled_at is not None and now - job.cancelled_at > CANCEL_SECONDS:
            log.warning("the worker does not give up %s and is ended", job.task_id)
            return True
        if now - job.heard_from > self._stalled_seconds:
            log.warning("the worker has said nothing for %.0f s and is ended", self._stalled_seconds)
            return True
        return False

    def _wait_for_bell(self, connections: list[Connection], seconds: float | None) -> list[object]:
        """Wait until there is a report or somebody rings; return the connections that have a report."""
        ready = multiprocessing.connection.wait([*connections, self._bell], seconds)
        if self._bell in ready:
            with self._bell_lock:
                self._bell.recv_bytes()
                self._is_rung = False
        return list(ready)

    def _take_in(self, report: Report) -> None:
        self._has_answered = True
        if self._job is not None:
            self._job.heard_from = time.monotonic()
        match report:
            case Ready(champion):
                self.champion, self.trouble = champion, None
                self.state = WorkerState.READY if self._job is None else WorkerState.WORKING
            case NotReady(reason):
                self.trouble = reason
            case Advanced(task_id, stage, done, total):
                self._board.put(task_id, Headway(stage, done, total))
            case Made(task_id, champion):
                self.champion, self.trouble = champion, None
                self._journal.finish(task_id, champion)
                self._is_free(task_id)
            case NotMade(task_id, reason):
                if reason is None:
                    self._journal.stop(task_id)
                else:
                    self._journal.fail(task_id, reason)
                self._is_free(task_id)
            case Recorded(task_id, failure):
                if failure is None:
                    self._journal.set_recorded(task_id)
                else:
                    self._journal.set_not_recorded(task_id)
                    self._record_again = time.monotonic() + SECONDS_TO_RECORD_AGAIN
                self._is_free(task_id)

    def _is_free(self, task_id: str) -> None:
        self._job = None
        self._cancel_wishes.discard(task_id)
        self.state = WorkerState.READY
        self._board.clear(task_id)

    def _settle(self) -> None:
        """Deal with what the worker that is gone had in hand."""
        job = self._job
        if job is None:
            return
        if job.task_id in self._cancel_wishes:
            self._journal.stop(job.task_id)
        elif self._is_stopping:
            self._journal.put_back(job.task_id)
        elif job.is_recording:
            # once may be chance; what ends every worker must not keep other songs from being made
            if self._journal.set_not_recorded(job.task_id) > 1:
                self._record_again = time.monotonic() + SECONDS_TO_RECORD_AGAIN
        else:
            self._journal.recover()
        self._job = None
        self._cancel_wishes.discard(job.task_id)
        self._board.clear(job.task_id)


def _end(process: BaseProcess) -> None:
    """End a process for good; the journal makes that harmless at any moment."""
    process.kill()
    process.join()
    process.close()
