"""Processes that do tasks and may die of them.

A task that crashes its process, or takes too long, fails alone: the process is replaced and the other tasks
go on. A task whose process died is done once more, because it need not have been the reason: the system kills
processes when memory is short, and so do people. What the tasks are is up to the module that the processes
run, which calls `serve`.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any, cast

STARTING_SECONDS = 120.0
"""How long a process may take to start, on a machine that is busy."""

MOST_FAILED_STARTS = 3
"""Processes that may fail to start, one after the other, before the pool gives up."""

TASKS_AHEAD = 2
"""Tasks that a process is given at a time, so that it need not wait for the next one."""

OUTCOMES_AHEAD = 64
"""Tasks of each process that may be done before the oldest one is: bounds how many outcomes wait."""

_HEADER = struct.Struct(">Q")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task.

    Attributes:
        result: what it returned, None when it failed.
        failure: why it failed, in words; None when it did not.
    """

    result: Any
    failure: str | None


def serve(do: Callable[[Any], Any]) -> None:
    """Do the tasks that come on standard input until it ends: the whole life of a process of the pool.

    Args:
        do: does one task; tasks and what it returns are pickled.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pool's owner decides when to stop
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed may mix with the answers
    tasks = sys.stdin.buffer
    _write(answers, None)
    while header := tasks.read(_HEADER.size):
        _write(answers, do(pickle.loads(tasks.read(_HEADER.unpack(header)[0]))))  # noqa: S301 (from the pool)


def _write(file: IO[bytes], answer: Any) -> None:
    file.write(_framed(answer))
    file.flush()


def _framed(value: Any) -> bytes:
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return _HEADER.pack(len(content)) + content


def run_tasks(
    module: str, tasks: Iterable[Any], *, workers: int, seconds_per_task: float
) -> Iterator[Outcome]:
    """Let processes do tasks.

    Args:
        module: name of the module that each process runs; it calls `serve`.
        tasks: what is to be done; taken up as processes get free.
        workers: how many processes there are.
        seconds_per_task: after so long a task fails and its process is killed.

    Yields:
        What became of each task, in the order of the tasks.

    Raises:
        RuntimeError: processes cannot be started.
    """
    pool = _Pool(module, iter(tasks), workers, seconds_per_task)
    try:
        yield from pool.outcomes()
    finally:
        pool.close()


class _Worker:
    """One process of a pool.

    Attributes:
        tasks: the tasks it has been given, as (number, pickled); the first is the one it is at.
        deadline: when it must have answered.
        has_started: whether it has said that it is there.
    """

    def __init__(self, module: str, deadline: float) -> None:
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._pipes = (cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout))
        self.input, self.output = (pipe.fileno() for pipe in self._pipes)
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        self.tasks: deque[tuple[int, bytes]] = deque()
        self.deadline = deadline
        self.has_started = False
        self._outgoing = memoryview(b"")
        self._incoming = bytearray()

    @property
    def is_writing(self) -> bool:
        """Whether something is still to be written to the process."""
        return bool(self._outgoing)

    def give(self, number: int, task: bytes) -> None:
        """Give the process one more task."""
        self.tasks.append((number, task))
        self._outgoing = memoryview(bytes(self._outgoing) + task)
        self.write()

    def write(self) -> None:
        """Write what the process will take now."""
        with suppress(BlockingIOError, BrokenPipeError):  # a dead process is noticed when it is read
            self._outgoing = self._outgoing[os.write(self.input, self._outgoing) :]

    def read(self) -> list[Any] | None:
        """Return the answers that have come in, None when the process has ended."""
        try:
            content = os.read(self.output, _CHUNK)
        except BlockingIOError:
            return []
        if not content:
            return None
        self._incoming += content
        answers = []
        while len(self._incoming) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                break
            answers.append(pickle.loads(self._incoming[_HEADER.size : end]))  # noqa: S301 (our own process)
            del self._incoming[:end]
        return answers

    def end(self) -> str:
        """Kill the process if it still lives, and say how it ended."""
        self._process.kill()
        code = self._process.wait()
        for pipe in self._pipes:
            with suppress(BrokenPipeError):
                pipe.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class _Pool:
    """The processes and what they are at."""

    def __init__(self, module: str, tasks: Iterator[Any], workers: int, seconds_per_task: float) -> None:
        self._module = module
        self._tasks = tasks
        self._seconds_per_task = seconds_per_task
        self._window = workers * OUTCOMES_AHEAD
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._failed_starts = 0
        self._again: deque[tuple[int, bytes]] = deque()  # tasks of processes that ended
        self._interrupted: set[int] = set()  # tasks whose process died once
        self._outcomes: dict[int, Outcome] = {}
        self._taken = 0
        self._yielded = 0
        self._has_more = True
        for _ in range(workers):
            self._start()

    def outcomes(self) -> Iterator[Outcome]:
        """Do all tasks; see `run_tasks`."""
        while True:
            self._give_out()
            if self._yielded not in self._outcomes:
                if not self._has_more and self._yielded == self._taken:
                    return
                self._exchange()
            while self._yielded in self._outcomes:
                outcome = self._outcomes.pop(self._yielded)
                self._yielded += 1
                paused = monotonic()
                yield outcome
                self._postpone(monotonic() - paused)

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()

    def _start(self) -> None:
        worker = _Worker(self._module, monotonic() + STARTING_SECONDS)
        self._workers.append(worker)
        self._selector.register(worker.output, selectors.EVENT_READ, worker)

    def _postpone(self, seconds: float) -> None:
        """Give every process the time in which nobody could listen to it."""
        for worker in self._workers:
            worker.deadline += seconds

    def _give_out(self) -> None:
        """Give tasks to the processes that have room for them."""
        for worker in self._workers:
            while worker.has_started and len(worker.tasks) < TASKS_AHEAD:
                task = self._next_task()
                if task is None:
                    break
                if not worker.tasks:
                    worker.deadline = monotonic() + self._seconds_per_task
                worker.give(*task)
                if worker.is_writing:
                    self._listen_for_room(worker)

    def _next_task(self) -> tuple[int, bytes] | None:
        if self._again:
            return self._again.popleft()
        if not self._has_more or self._taken - self._yielded >= self._window:
            return None
        paused = monotonic()
        try:
            task = _framed(next(self._tasks))
        except StopIteration:
            self._has_more = False
            return None
        self._postpone(monotonic() - paused)
        self._taken += 1
        return self._taken - 1, task

    def _listen_for_room(self, worker: _Worker) -> None:
        if worker.input not in self._selector.get_map():
            self._selector.register(worker.input, selectors.EVENT_WRITE, worker)

    def _exchange(self) -> None:
        """Wait for processes, take their answers, and replace those that died or are late."""
        soonest = min((worker.deadline for worker in self._workers if self._is_awaited(worker)), default=None)
        timeout = None if soonest is None else max(soonest - monotonic(), 0)
        for key, events in self._selector.select(timeout):
            worker: _Worker = key.data
            if worker not in self._workers:
                continue  # it was replaced a moment ago
            if events & selectors.EVENT_READ:
                self._take_answers(worker)
            else:
                worker.write()
                if not worker.is_writing:
                    self._selector.unregister(worker.input)
        for worker in list(self._workers):
            if self._is_awaited(worker) and worker.deadline <= monotonic():
                self._replace(worker, f"took longer than {self._seconds_per_task:g} seconds")

    @staticmethod
    def _is_awaited(worker: _Worker) -> bool:
        return bool(worker.tasks) or not worker.has_started

    def _take_answers(self, worker: _Worker) -> None:
        answers = worker.read()
        if answers is None:
            self._replace(worker, None)
            return
        for answer in answers:
            if not worker.has_started:
                worker.has_started = True
                self._failed_starts = 0
                continue
            number, _ = worker.tasks.popleft()
            self._outcomes[number] = Outcome(answer, None)
            worker.deadline = monotonic() + self._seconds_per_task

    def _replace(self, worker: _Worker, reason: str | None) -> None:
        """End a process, say what becomes of the task it was at, and start another process.

        Args:
            worker: the process.
            reason: why the task failed; None when the process died, which a task may survive once.
        """
        self._selector.unregister(worker.output)
        if worker.input in self._selector.get_map():
            self._selector.unregister(worker.input)
        ended = worker.end()
        self._workers.remove(worker)
        if worker.tasks:
            number = worker.tasks[0][0]
            if reason is not None or number in self._interrupted:
                worker.tasks.popleft()
                self._outcomes[number] = Outcome(None, reason or f"ended twice with its process ({ended})")
            self._interrupted.add(number)
            self._again.extendleft(reversed(worker.tasks))
        elif not worker.has_started:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                command = f"{Path(sys.executable).name} -m {self._module}"
                raise RuntimeError(f"processes do not start ({ended}); run `{command}` to see why")
        self._start()
