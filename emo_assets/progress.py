"""How long work tells how far it is, without knowing who listens.

Holds the callback's type and its two plain listeners: silence and a terminal bar. Listeners that belong to
Dagster live in `pipeline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """A listener: called from time to time with what is being done and how much of it is done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` units of `stage` are finished (`0 <= done <= total`)."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Listen to nothing: the default of every function that reports progress."""


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Yield a listener that draws one bar a stage on standard error, with rate and time left."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}  # type: ignore[type-arg]

    def listener(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            bars[stage] = tqdm(total=total, desc=stage, leave=True)
        bar = bars[stage]
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield listener
    finally:
        for bar in bars.values():
            bar.close()
