"""The worker process: holds the models warm and makes one song after the other.

Speaks with the server through one connection, in the messages defined here. It ends as soon as the server is
gone, so that no two workers ever work on the same journal. Which task is next is not decided here.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest
from emo_assets.studio.tasks import Stage

SECONDS_BETWEEN_REPORTS = 0.1
"""Progress is reported at most this often: faster than an eye follows, and no burden."""

POLITENESS = 5
"""By how much the worker stands back for the server, which answers people, when both want the processor."""

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What an engine tells its progress to; it raises `Cancelled` when the song is no longer wanted."""

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """Take note that `done` of `total` units of `stage` are finished."""


class Engine(Protocol):
    """What makes songs. Lives in the worker process only."""

    def prepare(self) -> str:
        """Load the models if they are not loaded, or if newer ones are there; return the champion's version.

        Raises:
            InputError: they are missing or damaged.
        """

    def make(self, request: TrackRequest, listener: Listener) -> str:
        """Make a song and keep it, unless it is there already; return the version of its champion.

        Raises:
            InputError: it cannot be made as asked.
        """

    def record(self, name: str) -> None:
        """Record a song that was made; do nothing when it is recorded already.

        Raises:
            InputError: there is no place to record it.
        """


class Cancelled(Exception):  # noqa: N818 - it is a request to stop, not an error
    """The song that is being made is no longer wanted."""


@dataclass(frozen=True)
class Make:
    """To the worker: make this song."""

    request: TrackRequest


@dataclass(frozen=True)
class Record:
    """To the worker: record this finished song."""

    task_id: str


@dataclass(frozen=True)
class Cancel:
    """To the worker: give up this song if it is in the making."""

    task_id: str


@dataclass(frozen=True)
class Ready:
    """To the server: the models are loaded."""

    champion: str


@dataclass(frozen=True)
class NotReady:
    """To the server: the models cannot be loaded, for this reason."""

    reason: str


@dataclass(frozen=True)
class Advanced:
    """To the server: this much of a stage is done."""

    task_id: str
    stage: Stage
    done: int
    total: int


@dataclass(frozen=True)
class Made:
    """To the server: the song is there, by this champion."""

    task_id: str
    champion: str


@dataclass(frozen=True)
class NotMade:
    """To the server: there will be no song, for this reason; None when it was cancelled."""

    task_id: str
    reason: str | None


@dataclass(frozen=True)
class Recorded:
    """To the server: the song is recorded, or could not be, for this reason."""

    task_id: str
    failure: str | None


Order = Make | Record
Report = Ready | NotReady | Advanced | Made | NotMade | Recorded


def run_worker(connection: Connection, lock: Path, make_engine: Callable[[], Engine]) -> None:
    """Work until the server closes the connection. The worker process's whole life.

    Args:
        connection: to the server.
        lock: the file whose holder is the journal's only worker.
        make_engine: builds the engine; it is called here, in the worker's process.
    """
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the server decides what an interrupt from the keyboard ends
    os.nice(POLITENESS)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    Worker(connection, make_engine).run(lock)


class Worker:
    """Takes orders one after the other and reports what became of them.

    Args:
        connection: to the server.
        make_engine: builds the engine.
    """

    def __init__(self, connection: Connection, make_engine: Callable[[], Engine]) -> None:
        self._connection = connection
        self._make_engine = make_engine
        self._orders: queue.Queue[Order] = queue.Queue()
        self._cancelled: set[str] = set()

    def run(self, lock: Path) -> None:
        """Wait for the worker before this one to be gone, get ready, then work."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        with FileLock(lock):
            self._work()

    def _work(self) -> None:
        engine = self._make_engine()
        self._report(_readiness(engine))
        while True:
            match self._orders.get():
                case Make(request):
                    self._report(self._made(engine, request))
                case Record(task_id):
                    self._report(Recorded(task_id, _failure(engine, task_id)))

    def _listen(self) -> None:
        """Take in what the server sends; end the process when the server is gone."""
        try:
            while True:
                match self._connection.recv():
                    case Cancel(task_id):
                        self._cancelled.add(task_id)
                    case order:
                        self._orders.put(order)
        except (EOFError, OSError):
            os._exit(0)

    def _made(self, engine: Engine, request: TrackRequest) -> Made | NotMade:
        name = request.name
        listener = self._listener(name)
        try:
            listener(Stage.WAKING, 0, 1)
            engine.prepare()
            champion = engine.make(request, listener)
        except Cancelled:
            return NotMade(name, None)
        except InputError as error:
            return NotMade(name, str(error))
        except OSError as error:
            log.exception("the song %s could not be written", name)
            return NotMade(
                name, f"The song could not be written ({error.strerror or error}); is the disk full?"
            )
        except Exception as error:
            log.exception("the song %s could not be made", name)
            return NotMade(
                name,
                f"Something unforeseen went wrong ({type(error).__name__}); the studio's log says more. "
                "Try again, with another seed or a shorter song.",
            )
        finally:
            self._cancelled.clear()  # one song is in the making at a time, so all of them are over
        return Made(name, champion)

    def _listener(self, task_id: str) -> Listener:
        reported: Stage | None = None
        last = 0.0

        def listener(stage: Stage, done: int, total: int) -> None:
            nonlocal reported, last
            if task_id in self._cancelled:
                raise Cancelled
            now = time.monotonic()
            if stage is reported and now - last < SECONDS_BETWEEN_REPORTS:
                return
            reported, last = stage, now
            self._report(Advanced(task_id, stage, done, max(total, 1)))

        return listener

    def _report(self, report: Report) -> None:
        try:
            self._connection.send(report)
        except OSError:
            os._exit(0)


def _readiness(engine: Engine) -> Ready | NotReady:
    """Load the models; tell which champion it is, or why they cannot be loaded."""
    try:
        return Ready(engine.prepare())
    except InputError as error:
        log.warning("the models are not ready: %s", error)
        return NotReady(str(error))


def _failure(engine: Engine, task_id: str) -> str | None:
    """Record a song; return why it could not be recorded, None when it could."""
    try:
        engine.record(task_id)
    except InputError as error:
        log.warning("the song %s is not recorded: %s", task_id, error)
        return str(error)
    except Exception as error:
        log.exception("the song %s could not be recorded", task_id)
        return f"{type(error).__name__}: {error}"
    return None
