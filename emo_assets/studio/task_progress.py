"""How far the songs in the making are, told across threads to whoever watches.

Kept in memory only: after a restart the work begins anew, and so does its progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from emo_assets.studio.tasks import Headway


class HeadwayBoard:
    """The latest headway of the tasks in progress, and those who wait for news of them.

    `put`, `clear` and `announce` may be called from any thread; watching is for the event loop's.
    """

    def __init__(self) -> None:
        self._headway: dict[str, Headway] = {}
        self._watchers: dict[asyncio.Event, tuple[str, asyncio.AbstractEventLoop]] = {}

    def of(self, task_id: str) -> Headway | None:
        """Return how far a task is, None where nothing is known."""
        return self._headway.get(task_id)

    def put(self, task_id: str, headway: Headway) -> None:
        """Note how far a task is, and tell its watchers."""
        self._headway[task_id] = headway
        self.announce(task_id)

    def clear(self, task_id: str) -> None:
        """Forget how far a task was, and tell everybody, since those behind it move up."""
        self._headway.pop(task_id, None)
        self.announce()

    def announce(self, task_id: str | None = None) -> None:
        """Tell the watchers of one task, or of all, that there is news."""
        for event, (watched, loop) in list(self._watchers.items()):
            if task_id in (None, watched):
                loop.call_soon_threadsafe(event.set)

    @contextmanager
    def watch(self, task_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set when there is news of a task; who waits for it clears it again."""
        event = asyncio.Event()
        self._watchers[event] = (task_id, asyncio.get_running_loop())
        try:
            yield event
        finally:
            del self._watchers[event]
