"""Two FIGAROs, each in a process and on a core of its own, that share out the songs to be written.

A song does not depend on which others are written beside it, so a pair writes what one FIGARO would write, in
less time. How a song is written is `sampling`'s business.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import NamedTuple

from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.logit_bias import StyleTargets
from emo_assets.figaro.weights import from_bytes
from emo_assets.progress import Progress, no_progress


class _Part(NamedTuple):
    """Songs to be written."""

    descriptions: Sequence[Sequence[int]]
    tempos: Sequence[float]
    seeds: Sequence[int]
    style_targets: Sequence[StyleTargets]

    def every_other(self, first: int) -> _Part:
        return _Part(
            self.descriptions[first::2],
            self.tempos[first::2],
            self.seeds[first::2],
            self.style_targets[first::2],
        )

    def written(self, figaro: Figaro, progress: Progress) -> list[list[int]]:
        return figaro.compose(
            self.descriptions,
            tempos=self.tempos,
            seeds=self.seeds,
            style_targets=self.style_targets,
            progress=progress,
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
        self._beside = _Beside(weights) if (os.cpu_count() or 1) > 1 else None

    def close(self) -> None:
        """End the process beside; what is composed afterwards is written here alone."""
        if self._beside is not None:
            self._beside.end()
            self._beside = None

    def compose(
        self,
        descriptions: Sequence[Sequence[int]],
        *,
        tempos: Sequence[float],
        seeds: Sequence[int],
        style_targets: Sequence[StyleTargets] | None = None,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Write a song for each description; arguments, result and errors as of `Figaro.compose`."""
        whole = _Part(descriptions, tempos, seeds, style_targets or [StyleTargets()] * len(descriptions))
        if self._beside is None or len(descriptions) < 2:
            return whole.written(self._here, progress)
        return self._written_together(whole, self._beside, progress)

    def _written_together(self, whole: _Part, beside: _Beside, progress: Progress) -> list[list[int]]:
        # every other one: neighbours are candidates for the same request, and equally long
        here, there = whole.every_other(0), whole.every_other(1)
        count, own = len(whole.descriptions), len(here.descriptions)

        def of_both(stage: str, done: int, total: int) -> None:
            progress(stage, done * count // own, total * count // own)

        beside.begin(there)
        try:
            songs = here.written(self._here, of_both)
        except BaseException:
            beside.give_up()
            raise
        others = beside.written()
        if others is None:
            beside.end()
            self._beside = _Beside(self._weights)
            others = there.written(self._here, of_both)
        result: list[list[int]] = [[]] * count
        result[::2], result[1::2] = songs, others
        return result


class _Beside:
    """The process beside, seen from here. It answers each part once, and ends when nobody listens."""

    def __init__(self, weights: bytes) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, end = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_serve, args=(end, weights), daemon=True)
        self._process.start()
        end.close()

    def begin(self, part: _Part) -> None:
        with suppress(OSError):  # a process that is gone gives no answer either
            self._connection.send(part)

    def written(self) -> list[list[int]] | None:
        """Return the songs of the part that was begun, None where they failed or the process is gone."""
        try:
            songs: list[list[int]] | None = self._connection.recv()
        except (EOFError, OSError):
            return None
        return songs

    def give_up(self) -> None:
        """Let the part that was begun be dropped, which is looked after at every bar."""
        with suppress(EOFError, OSError):
            self._connection.send(None)
            self._connection.recv()

    def end(self) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()


class _Unwanted(Exception):  # noqa: N818 - it is a request to stop, not an error
    """Nobody waits for the songs any more."""


def _serve(connection: Connection, weights: bytes) -> None:
    """Write one part after the other until the other end of the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever listens decides what an interrupt ends
    figaro = Figaro(from_bytes(weights))

    def watch(stage: str, done: int, total: int) -> None:
        if connection.poll():
            raise _Unwanted

    try:
        while True:
            part: _Part | None = connection.recv()
            if part is not None:
                connection.send(_answer(part, figaro, watch))
    except (EOFError, OSError):
        return


def _answer(part: _Part, figaro: Figaro, watch: Progress) -> list[list[int]] | None:
    """Write a part; None where that fails: what is wrong comes out where it is written again."""
    try:
        return part.written(figaro, watch)
    except Exception:
        return None
