"""Worker processes: one core each, ended with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from emo_assets.errors import WorkerError

TASKS_AHEAD = 64
"""Tasks per worker that `run_tasks` takes up before the oldest outcome is consumed: bounds how many wait."""

MAX_BROKEN_POOLS = 3
"""How often all workers may be lost without an outcome in between before `run_tasks` gives up."""

ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""The environment of workers; read by numerical libraries when they load."""

NOT_STARTED = "worker processes do not start; is there enough memory?"

Task = TypeVar("Task")
Result = TypeVar("Result")


@contextmanager
def worker_pool(
    workers: int, initializer: Callable[..., None] | None = None, arguments: Iterable[Any] = ()
) -> Iterator[ProcessPool]:
    """Yield a pool of worker processes, which are stopped at the end of the block, even at work.

    Each worker keeps to one core and ends when this process does, even when this one is killed. Interrupts
    from the keyboard are left to this process.

    Args:
        workers: how many, at most one per core.
        initializer: called in each worker before its first task.
        arguments: of `initializer`.

    Raises:
        WorkerError: they do not start.
    """
    pool = ProcessPool(
        min(workers, os.cpu_count() or 1),
        initializer=_start_worker,
        initargs=(initializer, *arguments),
        context=multiprocessing.get_context("spawn"),
    )
    try:
        try:
            is_running = _start(pool)
        except (BrokenProcessPool, OSError) as error:
            raise WorkerError(NOT_STARTED) from error
        if not is_running:
            raise WorkerError(NOT_STARTED)
        yield pool
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _start(pool: ProcessPool) -> bool:
    """Start the workers of a pool, which inherit the environment and the mask of signals."""
    # An interrupt from the keyboard reaches this process alone. The resource tracker unblocks the signal
    # when it starts, and so must start first.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    environment = {name: os.environ.get(name) for name in ONE_CORE}
    os.environ.update(ONE_CORE)
    try:
        return pool.active
    finally:
        for name, value in environment.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _start_worker(initializer: Callable[..., None] | None, *arguments: Any) -> None:
    os.environ.update(ONE_CORE)  # a worker that replaces another does not inherit it
    end_with_parent()
    if initializer is not None:
        initializer(*arguments)


def end_with_parent() -> None:
    """End this process as soon as the one that started it ends, even when that one is killed."""

    def wait() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """What became of a task.

    Attributes:
        result: what it returned, None when it failed.
        failure: why it failed, in words; None when it did not.
    """

    result: Result | None
    failure: str | None


def run_tasks(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int, timeout: float
) -> Iterator[Outcome[Result]]:
    """Run a function on many tasks in worker processes, where a task that kills its process fails alone.

    A task whose process died is tried once more, because it need not have been the reason: the system kills
    processes when memory is short. What tasks print goes to standard error. Worker processes import the main
    module of this process, so a script that calls this needs `if __name__ == "__main__":`.

    Args:
        function: a function of an importable module.
        tasks: its arguments, consumed as workers get free.
        workers: how many processes.
        timeout: seconds that one task may take.

    Yields:
        The outcome of each task, in the order of the tasks.

    Raises:
        WorkerError: worker processes do not start, or all of them are killed again and again.
    """
    remaining = iter(tasks)
    pending: deque[tuple[Task, ProcessFuture[Result]]] = deque()
    broken = 0
    while broken < MAX_BROKEN_POOLS:
        with worker_pool(workers, _print_to_stderr) as pool:

            def schedule(task: Task, pool: ProcessPool = pool) -> ProcessFuture[Result]:
                try:
                    return pool.schedule(function, (task,), timeout=timeout)
                except RuntimeError as error:  # the pool is broken
                    future: ProcessFuture[Result] = ProcessFuture()
                    future.set_exception(BrokenProcessPool(str(error)))
                    return future

            pending = deque(
                (task, future if _has_ended(future) else schedule(task)) for task, future in pending
            )
            while True:
                room = workers * TASKS_AHEAD - len(pending)
                pending.extend((task, schedule(task)) for task in islice(remaining, room))
                if not pending:
                    return
                task, future = pending[0]
                _wait(future, pool)
                if _has_ended(future) and isinstance(future.exception(), ProcessExpired):
                    future = schedule(task)
                    _wait(future, pool)
                if not _has_ended(future):
                    break
                pending.popleft()
                broken = 0
                yield _outcome(future, timeout)
        broken += 1
    raise WorkerError(
        "worker processes do not start, or all were killed; is there enough memory? "
        "(a script needs `if __name__ == '__main__':`)"
    )


def _print_to_stderr() -> None:
    with suppress(OSError):  # it may be closed
        os.dup2(2, 1)


def _wait(future: ProcessFuture[Any], pool: ProcessPool) -> None:
    """Wait until a task has ended or its pool is broken, which can leave a task without an outcome."""
    while not future.done() and pool.active:
        wait([future], timeout=1)


def _has_ended(future: ProcessFuture[Any]) -> bool:
    """Return whether a task has ended by itself, not with its pool."""
    return future.done() and not isinstance(future.exception(), BrokenProcessPool)


def _outcome(future: ProcessFuture[Result], timeout: float) -> Outcome[Result]:
    try:
        return Outcome(future.result(), None)
    except TimeoutError:
        return Outcome(None, f"took longer than {timeout:g} seconds")
    except ProcessExpired as error:
        code = error.exitcode
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Outcome(None, f"ended its process twice ({reason})")
