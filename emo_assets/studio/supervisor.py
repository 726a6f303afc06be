"""Runs the worker process and gives it the queue's tasks, one at a time.

The supervisor is a thread of the server. When the worker crashes, is killed or hangs, its task is queued
again or fails after `task_queue.MAX_ATTEMPTS`, and a new worker starts.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path

from emo_assets.studio.task_progress import ProgressBoard, TaskProgress
from emo_assets.studio.task_queue import TaskQueue, TaskState
from emo_assets.studio.worker import (
    Cancel,
    Failed,
    Finished,
    Generate,
    Generator,
    Loaded,
    Message,
    Record,
    Recorded,
    run_worker,
)

HANG_SECONDS = 600.0
"""A worker with a task that sends nothing for this long is killed. One bar takes far less."""

CANCEL_SECONDS = 10.0
"""A worker that does not stop a cancelled task within this time is killed."""

RETRY_RECORDING_SECONDS = 60.0
"""Time until recording a song is tried again after it failed."""

MAX_RESTART_DELAY = 10.0
"""Longest delay, in seconds, before a worker starts after others that ended at once."""

log = logging.getLogger(__name__)


class WorkerState(StrEnum):
    """The state of the worker process."""

    STARTING = "starting"
    READY = "ready"
    WORKING = "working"
    STOPPED = "stopped"


@dataclass
class _Job:
    """The order that the worker has not answered yet."""

    order: Generate | Record
    task_id: str
    last_message: float = field(default_factory=time.monotonic)
    cancelled: float | None = None


class Supervisor:
    """Works through a task queue with one worker process.

    Args:
        queue: the tasks.
        board: receives the progress of the task in progress.
        make_generator: creates the generator in the worker process; must be picklable.
        lock: file that only one worker holds at a time.
        hang_seconds: how long a worker with a task may be silent before it is killed.
    """

    def __init__(
        self,
        queue: TaskQueue,
        board: ProgressBoard,
        make_generator: Callable[[], Generator],
        lock: Path,
        *,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self._queue = queue
        self._board = board
        self._make_generator = make_generator
        self._lock = lock
        self._hang_seconds = hang_seconds
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._wakeup_reader, self._wakeup_writer = socket.socketpair()
        self._wakeup_reader.setblocking(False)
        self._wakeup_writer.setblocking(False)
        self._is_stopping = False
        self._cancelled: set[str] = set()
        self._job: _Job | None = None
        self._retry_recording_at = 0.0
        self._is_running = False
        self._has_answered = False
        self.champion = ""
        self.problem: str | None = None

    @property
    def state(self) -> WorkerState:
        """The state of the worker process."""
        if not self._is_running:
            return WorkerState.STOPPED if self._is_stopping else WorkerState.STARTING
        if not self._has_answered or (self.problem and not self._job):
            return WorkerState.STARTING
        return WorkerState.WORKING if self._job else WorkerState.READY

    def start(self) -> None:
        """Queue tasks that an earlier server left in progress again, and start the worker."""
        self._queue.requeue()
        self._thread.start()

    def stop(self) -> None:
        """Stop the worker. Its task is queued again for the next start."""
        self._is_stopping = True
        self.wake()
        self._thread.join()
        self._wakeup_reader.close()
        self._wakeup_writer.close()

    def wake(self) -> None:
        """Look for new tasks and cancellations now."""
        with suppress(OSError):  # a full buffer wakes the thread, too; a closed one has no thread
            self._wakeup_writer.send(b"\0")

    def cancel(self, task_id: str) -> None:
        """Cancel a task in progress soon."""
        self._cancelled.add(task_id)
        self.wake()

    def _run(self) -> None:
        delay = 0.0
        while not self._is_stopping:
            self._has_answered = False
            try:
                self._release_job()  # if the queue could not be written when the last worker ended
                self._run_worker()
                self._release_job()
            except sqlite3.Error:  # such as a full disk; nothing is lost, and it is tried again
                log.exception("the task queue could not be written")
            delay = 0.0 if self._has_answered else min(max(2 * delay, 0.25), MAX_RESTART_DELAY)
            self._wait([], delay)

    def _run_worker(self) -> None:
        """Start a worker and send it orders until it ends, hangs or the supervisor stops."""
        context = multiprocessing.get_context("spawn")
        connection, worker_end = context.Pipe()
        # not a daemon: the generator starts a process of its own
        process = context.Process(
            target=run_worker, args=(worker_end, self._lock, self._make_generator), name="emo-studio-worker"
        )
        process.start()
        worker_end.close()
        self._is_running = True
        try:
            while not (self._is_stopping or self._is_hanging()):
                self._send_order(connection)
                if connection in self._wait([connection], self._wait_seconds()):
                    self._on_message(connection.recv())
        except (EOFError, OSError):
            log.warning("the worker process ended unexpectedly; starting another one")
        finally:
            self._is_running = False
            process.kill()
            process.join()
            process.close()
            connection.close()

    def _send_order(self, connection: Connection) -> None:
        """Send the next order to an idle worker, or a cancellation to a busy one."""
        job = self._job
        if job is None:
            job = self._job = self._next_job()
            if job is not None:
                connection.send(job.order)
                self._board.notify()
        elif job.task_id in self._cancelled and job.cancelled is None and isinstance(job.order, Generate):
            job.cancelled = time.monotonic()
            connection.send(Cancel())

    def _next_job(self) -> _Job | None:
        include_failed = time.monotonic() >= self._retry_recording_at
        if unrecorded := self._queue.next_unrecorded(include_failed=include_failed):
            return _Job(Record(unrecorded), unrecorded)
        if task := self._queue.claim():
            return _Job(Generate(task.request), task.task_id)
        return None

    def _wait_seconds(self) -> float | None:
        """Return the time until the worker must be checked or recording retried; None if there is none."""
        if self._job is not None:
            return 1.0
        seconds = self._retry_recording_at - time.monotonic()
        return seconds if seconds > 0 else None

    def _is_hanging(self) -> bool:
        now, job = time.monotonic(), self._job
        if job is None:
            return False
        if job.cancelled is not None and now - job.cancelled > CANCEL_SECONDS:
            log.warning("the worker does not stop the cancelled task %s; killing it", job.task_id)
            return True
        if now - job.last_message > self._hang_seconds:
            log.warning("the worker has sent nothing for %.0f s; killing it", self._hang_seconds)
            return True
        return False

    def _wait(self, connections: list[Connection], seconds: float | None) -> Sequence[object]:
        """Wait for a message or a call of `wake`; return what is readable."""
        ready = list(multiprocessing.connection.wait([*connections, self._wakeup_reader], seconds))
        if self._wakeup_reader in ready:
            self._wakeup_reader.recv(4096)
        return ready

    def _on_message(self, message: Message) -> None:
        self._has_answered = True
        job = self._job
        if job is not None:
            job.last_message = time.monotonic()
        match message:
            case Loaded(champion, problem):
                self.champion, self.problem = champion, problem
            case TaskProgress() if job:
                self._board.update(job.task_id, message)
            case Finished(champion) if job:
                self.champion, self.problem = champion, None
                self._queue.finish(job.task_id)
                self._end_job(job)
            case Failed(reason) if job:
                if reason is None:
                    self._queue.cancel(job.task_id, TaskState.IN_PROGRESS)
                else:
                    self._queue.fail(job.task_id, reason)
                self._end_job(job)
            case Recorded(is_recorded) if job:
                if is_recorded:
                    self._queue.set_recorded(job.task_id)
                else:
                    self._queue.set_recording_failed(job.task_id)
                    self._retry_recording_at = time.monotonic() + RETRY_RECORDING_SECONDS
                self._end_job(job)

    def _end_job(self, job: _Job) -> None:
        self._job = None
        self._cancelled.discard(job.task_id)
        self._board.clear(job.task_id)

    def _release_job(self) -> None:
        """Decide what becomes of the task of a worker that has ended."""
        job = self._job
        if job is None:
            return
        if job.task_id in self._cancelled and isinstance(job.order, Generate):
            self._queue.cancel(job.task_id, TaskState.IN_PROGRESS)
        elif isinstance(job.order, Record) and not self._is_stopping:
            # try again at once after the first failure; later ones must not delay other songs
            if self._queue.set_recording_failed(job.task_id) > 1:
                self._retry_recording_at = time.monotonic() + RETRY_RECORDING_SECONDS
        else:
            self._queue.requeue(counts_attempt=not self._is_stopping)
        self._end_job(job)
