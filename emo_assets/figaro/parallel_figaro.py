"""Generation on two cores: half of the songs in a worker process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from multiprocessing.sharedctypes import RawValue
from typing import Any, NamedTuple

from pebble import ProcessFuture

from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.logit_bias import StyleTargets
from emo_assets.figaro.weights import from_bytes
from emo_assets.parallel import worker_pool
from emo_assets.progress import Progress, no_progress


class _Songs(NamedTuple):
    """The arguments of `Figaro.generate`, in its order."""

    descriptions: Sequence[Sequence[int]]
    tempos: Sequence[float]
    seeds: Sequence[int]
    style_targets: Sequence[StyleTargets]

    def every_other(self, first: int) -> _Songs:
        half = slice(first, None, 2)
        return _Songs(self.descriptions[half], self.tempos[half], self.seeds[half], self.style_targets[half])


class ParallelFigaro:
    """Generates the same songs as a `Figaro`, every other one in a worker process, until it is closed.

    With one core, after `close`, or when the worker dies, this process generates all of them.

    Args:
        weights: the content of a weight file of FIGARO.
    """

    def __init__(self, weights: bytes) -> None:
        self._weights = weights
        self._figaro = Figaro(from_bytes(weights))
        self._workers = ExitStack()
        self._jobs = 0
        self._last_cancelled = RawValue(ctypes.c_int64, 0)
        self._has_worker = (os.cpu_count() or 1) > 1
        if self._has_worker:
            self._start_worker()

    def close(self) -> None:
        """End the worker process."""
        self._has_worker = False
        self._workers.close()

    def generate(
        self,
        descriptions: Sequence[Sequence[int]],
        tempos: Sequence[float],
        seeds: Sequence[int],
        style_targets: Sequence[StyleTargets] | None = None,
        *,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Generate a song for each description; see `Figaro.generate`."""
        count = len(descriptions)
        songs = _Songs(descriptions, tempos, seeds, style_targets or [StyleTargets()] * count)
        if not self._has_worker or count < 2:
            return self._figaro.generate(*songs, progress=progress)
        # every other one: neighbours are candidates for one request, and equally long
        here, there = songs.every_other(0), songs.every_other(1)
        own = len(here.descriptions)

        def of_all(stage: str, done: int, total: int) -> None:
            progress(stage, done * count // own, total * count // own)

        future = self._schedule(there)
        result: list[list[int]] = [[]] * count
        try:
            result[::2] = self._figaro.generate(*here, progress=of_all)
            others = _result(future)
            if others is None:
                others = self._figaro.generate(*there, progress=of_all)
                with suppress(RuntimeError):  # without a worker, the next songs are generated here, too
                    self._start_worker()
        except BaseException:
            self._last_cancelled.value = self._jobs
            raise
        result[1::2] = others
        return result

    def _start_worker(self) -> None:
        self._workers.close()
        arguments = (self._weights, self._last_cancelled)
        self._pool = self._workers.enter_context(worker_pool(1, _load, arguments))

    def _schedule(self, songs: _Songs) -> ProcessFuture[list[list[int]]] | None:
        self._jobs += 1
        try:
            return self._pool.schedule(_generate, (self._jobs, songs))
        except RuntimeError:  # the pool noticed that its worker is dead
            return None


def _result(future: ProcessFuture[list[list[int]]] | None) -> list[list[int]] | None:
    """Return a worker's songs; None if it failed or died. An error in the songs is raised by this process."""
    try:
        return None if future is None else future.result()
    except Exception:
        return None


class _CancelledError(Exception):
    """The songs are not needed any more."""


_worker: tuple[Figaro, Any]
"""In a worker: its FIGARO, and the number of the last job that was cancelled, shared by both processes."""


def _load(weights: bytes, last_cancelled: Any) -> None:
    global _worker
    _worker = Figaro(from_bytes(weights)), last_cancelled


def _generate(job: int, songs: _Songs) -> list[list[int]]:
    figaro, last_cancelled = _worker

    def check(stage: str, done: int, total: int) -> None:
        if last_cancelled.value >= job:
            raise _CancelledError

    return figaro.generate(*songs, progress=check)
