"""Two FIGAROs, each in a process and on a core of its own, that share out the songs to be written.

A song does not depend on which others are written beside it, so a pair writes what one FIGARO would write, in
less time. How a song is written is `sampling`'s business.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import NamedTuple

from emo_assets.beside import processes_beside
from emo_assets.figaro.leaning import Wish
from emo_assets.figaro.sampling import Figaro
from emo_assets.figaro.weights import from_bytes
from emo_assets.progress import Progress, silent


class _Part(NamedTuple):
    """The songs that one of the two writes."""

    descriptions: list[Sequence[int]]
    tempos: list[float]
    seeds: list[int]
    wishes: list[Wish]

    def written(self, figaro: Figaro, progress: Progress) -> list[list[int]]:
        return figaro.compose(
            self.descriptions, tempos=self.tempos, seeds=self.seeds, wishes=self.wishes, progress=progress
        )


class FigaroPair:
    """Writes songs as a `Figaro` does, half of them in a process beside, until it is closed.

    Where there is one core only, or that process ends before its time, all is written here.

    Args:
        weights: bytes of the network, as `figaro.weights` writes them.
    """

    def __init__(self, weights: bytes) -> None:
        self._weights = weights
        self._here = Figaro(from_bytes(weights))
        self._unwanted = multiprocessing.get_context("spawn").Event()
        self._beside = self._started()

    def close(self) -> None:
        """End the process beside; what is composed afterwards is written here alone."""
        if self._beside is not None:
            self._beside.shutdown(wait=False, cancel_futures=True)
            self._beside = None

    def compose(
        self,
        descriptions: Sequence[Sequence[int]],
        *,
        tempos: Sequence[float],
        seeds: Sequence[int],
        wishes: Sequence[Wish] | None = None,
        progress: Progress = silent,
    ) -> list[list[int]]:
        """Write a song for each description; arguments, result and errors as of `Figaro.compose`."""
        leanings = wishes or [Wish()] * len(descriptions)
        # every other one: neighbours are candidates for the same request, and equally long
        here, there = (
            _Part(
                list(descriptions[first::2]),
                list(tempos[first::2]),
                list(seeds[first::2]),
                list(leanings[first::2]),
            )
            for first in (0, 1)
        )
        if self._beside is None or not there.descriptions:
            whole = _Part(list(descriptions), list(tempos), list(seeds), list(leanings))
            return whole.written(self._here, progress)
        return self._written_together(here, there, self._beside, progress)

    def _written_together(
        self, here: _Part, there: _Part, beside: ProcessPoolExecutor, progress: Progress
    ) -> list[list[int]]:
        share = len(here.descriptions) + len(there.descriptions), len(here.descriptions)

        def of_both(stage: str, done: int, total: int) -> None:
            whole, own = share
            progress(stage, done * whole // own, total * whole // own)

        half = self._submitted(there, beside)
        try:
            songs = here.written(self._here, of_both)
            others = half.result() if half is not None else None
        except BrokenProcessPool:
            others = None
        except BaseException:
            self._give_up(half)
            raise
        if others is None:
            self._beside = self._started()
            others = there.written(self._here, of_both)
        result: list[list[int]] = [[]] * share[0]
        result[::2], result[1::2] = songs, others
        return result

    def _submitted(self, part: _Part, beside: ProcessPoolExecutor) -> Future[list[list[int]]] | None:
        try:
            return beside.submit(_write, part)
        except BrokenProcessPool:
            return None

    def _give_up(self, half: Future[list[list[int]]] | None) -> None:
        """Wait for the other half to be dropped; it is looked after at every bar."""
        if half is not None:
            self._unwanted.set()
            wait([half])
            self._unwanted.clear()

    def _started(self) -> ProcessPoolExecutor | None:
        if (os.cpu_count() or 1) < 2:
            return None
        beside = processes_beside(1, _take_up, self._weights, self._unwanted)
        beside.submit(_ready)
        return beside


class _Unwanted(Exception):  # noqa: N818 - it is a request to stop, not an error
    """Nobody waits for the songs any more."""


_figaro: Figaro
_unwanted: Event


def _take_up(weights: bytes, unwanted: Event) -> None:
    """Load the network, in the process beside."""
    global _figaro, _unwanted
    _figaro, _unwanted = Figaro(from_bytes(weights)), unwanted


def _ready() -> None:
    """Do nothing: a pool starts its processes when it is first given something to do."""


def _write(part: _Part) -> list[list[int]]:
    def watch(stage: str, done: int, total: int) -> None:
        if _unwanted.is_set():
            raise _Unwanted

    return part.written(_figaro, watch)
