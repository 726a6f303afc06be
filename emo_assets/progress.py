"""The progress callback of long-running functions, and its implementation for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """A callback that reports how much of a stage is done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of `stage` are done (`0 <= done <= total`)."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Do nothing: the default callback."""


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Yield a callback that draws one progress bar per stage on standard error."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}  # type: ignore[type-arg]

    def update(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            bars[stage] = tqdm(total=total, desc=stage, leave=True)
        bar = bars[stage]
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield update
    finally:
        for bar in bars.values():
            bar.close()
