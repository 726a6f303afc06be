"""Progress of the task in progress: its stage, its share of the work, and notifications for watchers.

Progress is kept in memory only; an interrupted task starts from the beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The stages of a task in progress, in this order."""

    LOADING = "waking"  # the name of this stage in the REST API
    DESCRIBING = "describing"
    COMPOSING = "composing"
    RENDERING = "rendering"


STAGE_BOUNDS = {
    Stage.LOADING: (0.0, 0.02),
    Stage.DESCRIBING: (0.02, 0.05),
    Stage.COMPOSING: (0.05, 0.86),
    Stage.RENDERING: (0.86, 1.0),
}
"""Share of a task's work that is done at the start and at the end of each stage, measured with 16 bars."""


@dataclass(frozen=True)
class TaskProgress:
    """Progress of a task.

    Attributes:
        stage: the current stage.
        done: finished units of the stage.
        total: all units of the stage, at least 1.
    """

    stage: Stage
    done: int
    total: int

    @property
    def stage_share(self) -> float:
        """Share of the stage that is done, from 0 to 1."""
        return min(max(self.done / self.total, 0.0), 1.0)

    @property
    def share(self) -> float:
        """Share of the whole work that is done, from 0 to 1."""
        start, end = STAGE_BOUNDS[self.stage]
        return start + (end - start) * self.stage_share


class ProgressBoard:
    """The latest progress of tasks, and those who watch it.

    `update`, `clear` and `notify` may be called from any thread, `watch` from the event loop's thread.
    """

    def __init__(self) -> None:
        self._progress: dict[str, TaskProgress] = {}
        self._watchers: dict[asyncio.Event, tuple[str, asyncio.AbstractEventLoop]] = {}

    def latest(self, task_id: str) -> TaskProgress | None:
        """Return the latest progress of a task, or None if there is none."""
        return self._progress.get(task_id)

    def update(self, task_id: str, progress: TaskProgress) -> None:
        """Store the progress of a task and notify its watchers."""
        self._progress[task_id] = progress
        self.notify(task_id)

    def clear(self, task_id: str) -> None:
        """Remove the progress of a task and notify all watchers, since queued tasks move up."""
        self._progress.pop(task_id, None)
        self.notify()

    def notify(self, task_id: str | None = None) -> None:
        """Notify the watchers of one task, or of all tasks."""
        for event, (watched, loop) in list(self._watchers.items()):
            if task_id in (None, watched):
                loop.call_soon_threadsafe(event.set)

    @contextmanager
    def watch(self, task_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set on each change of a task; the watcher clears it after each wait."""
        event = asyncio.Event()
        self._watchers[event] = (task_id, asyncio.get_running_loop())
        try:
            yield event
        finally:
            del self._watchers[event]
