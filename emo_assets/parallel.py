"""Worker processes: one core each, ended with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

TASKS_AHEAD = 64
"""Tasks per worker that `run_tasks` takes up before the oldest outcome is consumed: bounds how many wait."""

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
        RuntimeError: they do not start.
    """
    pool = ProcessPool(
        min(workers, os.cpu_count() or 1),
        initializer=_start_worker,
        initargs=(initializer, *arguments),
        context=multiprocessing.get_context("spawn"),
    )
    # Workers inherit the mask: an interrupt from the keyboard reaches this process alone. The resource
    # tracker unblocks the signal when it starts, and so must start first.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        is_running = pool.active  # starts the workers
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if not is_running:
        raise RuntimeError(NOT_STARTED)
    try:
        yield pool
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _start_worker(initializer: Callable[..., None] | None, *arguments: Any) -> None:
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
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
    processes when memory is short.

    Args:
        function: a function of an importable module.
        tasks: its arguments, consumed as workers get free.
        workers: how many processes.
        timeout: seconds that one task may take.

    Yields:
        The outcome of each task, in the order of the tasks.

    Raises:
        RuntimeError: worker processes do not start.
    """
    remaining = iter(tasks)
    with worker_pool(workers) as pool:

        def schedule(task: Task) -> ProcessFuture[Result]:
            return pool.schedule(function, (task,), timeout=timeout)

        pending: deque[tuple[Task, ProcessFuture[Result]]] = deque()
        while True:
            room = workers * TASKS_AHEAD - len(pending)
            pending.extend((task, schedule(task)) for task in islice(remaining, room))
            if not pending:
                return
            task, future = pending.popleft()
            if isinstance(future.exception(), ProcessExpired):
                future = schedule(task)
            yield _outcome(future, timeout)


def _outcome(future: ProcessFuture[Result], timeout: float) -> Outcome[Result]:
    try:
        return Outcome(future.result(), None)
    except TimeoutError:
        return Outcome(None, f"took longer than {timeout:g} seconds")
    except ProcessExpired as error:
        code = error.exitcode
        reason = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Outcome(None, f"ended its process twice ({reason})")
    except BrokenProcessPool as error:
        raise RuntimeError(
            "worker processes do not start, or all were killed; is there enough memory?"
        ) from error
