"""The worker process: keeps the models loaded and works on one task at a time.

The supervisor sends orders through a connection and receives messages. The process ends with the server, so
that two workers never work for one queue.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from emo_assets.errors import InputError
from emo_assets.parallel import end_with_parent
from emo_assets.song_request import TrackRequest
from emo_assets.studio.task_progress import Stage, TaskProgress

SECONDS_BETWEEN_UPDATES = 0.1
"""Minimum time between two progress messages, and checks for a cancellation, within a stage."""

NICENESS = 5
"""Added to the worker's niceness, so that the server answers quickly while a song is generated."""

log = logging.getLogger(__name__)


class StageProgress(Protocol):
    """Progress callback of a generator. Raises `Cancelled` when the task was cancelled."""

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """Report that `done` of `total` units of `stage` are finished."""


class Generator(Protocol):
    """Generates songs in the worker process."""

    def load(self) -> str:
        """Load the models if they are not loaded or have changed; return the champion's version.

        Raises:
            InputError: a model is missing or damaged.
        """

    def generate(self, request: TrackRequest, progress: StageProgress) -> str:
        """Generate and store a song unless it exists; return the version of its champion.

        Raises:
            InputError: the song cannot be generated as requested.
        """

    def record(self, name: str) -> None:
        """Record a stored song in Dagster unless it is recorded.

        Raises:
            InputError: there is no Dagster instance.
        """


class Cancelled(Exception):  # noqa: N818 - not an error
    """The task in progress was cancelled."""


@dataclass(frozen=True)
class Generate:
    """Order: generate the song of a request."""

    request: TrackRequest


@dataclass(frozen=True)
class Record:
    """Order: record a finished song in Dagster."""

    task_id: str


@dataclass(frozen=True)
class Cancel:
    """Order: cancel the task in progress."""


@dataclass(frozen=True)
class Loaded:
    """Message: the models are loaded, or cannot be loaded for a reason."""

    champion: str
    problem: str | None = None


@dataclass(frozen=True)
class Finished:
    """Message: the song is stored."""

    champion: str


@dataclass(frozen=True)
class Failed:
    """Message: the song was not generated; no reason means that it was cancelled."""

    reason: str | None


@dataclass(frozen=True)
class Recorded:
    """Message: the song is recorded, or recording failed."""

    is_recorded: bool


Order = Generate | Record | Cancel
Message = Loaded | TaskProgress | Finished | Failed | Recorded


def run_worker(connection: Connection, lock: Path, make_generator: Callable[[], Generator]) -> None:
    """Work until the server ends. This is the main function of the worker process.

    Args:
        connection: to the supervisor.
        lock: file that only one worker holds at a time.
        make_generator: creates the generator in this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the server, which ends its worker
    os.nice(NICENESS)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    end_with_parent()
    with FileLock(lock):  # waits until the worker of an earlier server has ended
        Worker(connection, make_generator()).run()


class Worker:
    """Carries out orders one at a time.

    Args:
        connection: to the supervisor.
        generator: generates the songs.
    """

    def __init__(self, connection: Connection, generator: Generator) -> None:
        self._connection = connection
        self._generator = generator

    def run(self) -> None:
        """Load the models, then carry out orders until the connection is closed."""
        self._send(self._load())
        while True:
            match self._receive():
                case Generate(request):
                    self._send(self._generate(request))
                case Record(task_id):
                    self._send(Recorded(self._record(task_id)))
                case Cancel():
                    pass  # the task ended before it could be cancelled

    def _load(self) -> Loaded:
        try:
            return Loaded(self._generator.load())
        except InputError as error:
            log.warning("the models cannot be loaded: %s", error)
            return Loaded("", str(error))

    def _generate(self, request: TrackRequest) -> Finished | Failed:
        progress = self._progress_callback()
        try:
            progress(Stage.LOADING, 0, 1)
            self._generator.load()
            return Finished(self._generator.generate(request, progress))
        except Cancelled:
            return Failed(None)
        except InputError as error:
            return Failed(str(error))
        except OSError as error:
            log.exception("the song %s could not be written", request.name)
            return Failed(f"The song could not be written ({error.strerror or error}). Is the disk full?")
        except Exception as error:
            log.exception("the song %s could not be generated", request.name)
            return Failed(
                f"An unexpected error occurred ({type(error).__name__}); see the studio's log. "
                "Try again with another seed or a shorter song."
            )

    def _record(self, task_id: str) -> bool:
        try:
            self._generator.record(task_id)
        except InputError as error:
            log.warning("the song %s is not recorded: %s", task_id, error)
        except Exception:
            log.exception("the song %s could not be recorded", task_id)
        else:
            return True
        return False

    def _progress_callback(self) -> StageProgress:
        last_stage: Stage | None = None
        last_sent = 0.0

        def progress(stage: Stage, done: int, total: int) -> None:
            nonlocal last_stage, last_sent
            now = time.monotonic()
            if stage is last_stage and now - last_sent < SECONDS_BETWEEN_UPDATES:
                return
            if self._connection.poll():  # while a task is in progress, only `Cancel` is sent
                self._receive()
                raise Cancelled
            last_stage, last_sent = stage, now
            self._send(TaskProgress(stage, done, max(total, 1)))

        return progress

    def _receive(self) -> Order:
        try:
            order: Order = self._connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        return order

    def _send(self, message: Message) -> None:
        try:
            self._connection.send(message)
        except OSError:
            os._exit(0)
