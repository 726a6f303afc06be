"""The studio itself: takes requests, answers what has become of them, and hands out songs.

Ties journal, workshop and library together. Knows nothing of HTTP; that is `api`'s business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store
from emo_assets.studio.supervisor import Workshop
from emo_assets.studio.task_progress import HeadwayBoard
from emo_assets.studio.task_queue import Journal
from emo_assets.studio.tasks import Headway, Task, TaskState
from emo_assets.studio.track_repository import Library, Song, check_is_folder
from emo_assets.studio.worker import Engine

LONGEST_QUEUE = 100
"""How many tasks may wait. At a few seconds a song, the last one waits some minutes."""

SECONDS_A_SONG = 5.0
"""What a song takes, roughly: for telling when to ask again."""

LONGEST_LIST = 1000
"""How many unfinished or failed tasks are listed beside the songs, the newest first."""


class QueueFullError(Exception):
    """So many tasks wait that no more are accepted.

    Args:
        seconds: when to ask again.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__("The studio has its hands full.")
        self.seconds = seconds


@dataclass(frozen=True)
class Standing:
    """All that there is to say about a request.

    Attributes:
        task: what has become of it; for songs that runs have made, a finished task without attempts.
        headway: how far the work is, when it is in progress.
        ahead: how many songs come before it, when it waits.
        song: the song, when it is finished.
    """

    task: Task
    headway: Headway | None = None
    ahead: int = 0
    song: Song | None = None


class Studio:
    """A studio over one store. Only one may be open on a store at a time.

    Args:
        store: where songs, requests and the journal are kept: a folder of this machine.
        make_engine: builds what makes the songs, in the worker's process; it must be picklable.
        longest_queue: how many tasks may wait.

    Raises:
        InputError: the store is no folder of this machine, or another studio is open on it.
    """

    def __init__(
        self, store: Store, make_engine: Callable[[], Engine], *, longest_queue: int = LONGEST_QUEUE
    ) -> None:
        self.store = store
        self.library = Library(store)
        self._longest_queue = longest_queue
        folder = Path(str(store.base)) / "studio"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "server.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"a studio is already open on {store.base}: use that one, or end it first"
            ) from None
        self.journal = Journal(folder / "journal.sqlite")
        self._board = HeadwayBoard()
        self.workshop = Workshop(self.journal, self._board, make_engine, folder / "worker.lock")
        self._incoming: list[tuple[TrackRequest, asyncio.Future[bool]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._is_closing = False

    def open(self) -> None:
        """Begin to work, first on what an earlier studio was cut off from."""
        self.workshop.start()

    def say_goodbye(self) -> None:
        """Let those go who watch, since the studio is about to close."""
        self._is_closing = True
        self._board.announce()

    def close(self) -> None:
        """Stop working; what is not finished is done after the next start."""
        self.workshop.stop()
        self.journal.close()
        self._lock.release()

    async def submit(self, request: TrackRequest) -> None:
        """Accept a request. When this returns it is written down and will be worked on.

        Raises:
            QueueFullError: too many tasks wait.
        """
        accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._incoming.append((request, accepted))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        if not await accepted:
            raise QueueFullError(seconds=round(SECONDS_A_SONG * max(self._longest_queue // 10, 1)))

    async def _commit(self) -> None:
        """Write down all that has come in, with one wait for the disk for those that came together."""
        while self._incoming:
            batch, self._incoming = self._incoming, []
            try:
                accepted = await asyncio.to_thread(
                    self.journal.accept,
                    [request for request, _ in batch],
                    longest_queue=self._longest_queue,
                )
            except Exception as error:
                for _, future in batch:
                    future.set_exception(error)
                continue
            for (_, future), is_accepted in zip(batch, accepted, strict=True):
                if not future.done():
                    future.set_result(is_accepted)
            self.workshop.wake()

    def standing(self, task_id: str) -> Standing | None:
        """Return what there is to say about a request; None when nobody has heard of it."""
        task = self.journal.task(task_id)
        if task is not None:
            return self._standing_of(task)
        song = self.library.song(task_id)
        return None if song is None else _made_by_run(song)

    def _standing_of(self, task: Task) -> Standing:
        match task.state:
            case TaskState.QUEUED:
                return Standing(task, ahead=self.journal.ahead_of(task.task_id))
            case TaskState.IN_PROGRESS:
                return Standing(task, headway=self._board.of(task.task_id))
            case TaskState.FINISHED:
                return Standing(task, song=self.library.song(task.task_id))
            case _:
                return Standing(task)

    def history(self) -> list[Standing]:
        """Return all songs of the store and all tasks that are not finished, the newest first."""
        others = [state for state in TaskState if state is not TaskState.FINISHED]
        listed = {
            task.task_id: self._standing_of(task) for task in self.journal.tasks(others, limit=LONGEST_LIST)
        }
        finished = [song for song in self.library.songs() if song.request.name not in listed]
        found = [*listed.values(), *map(_made_by_run, finished)]
        return sorted(found, key=lambda standing: standing.task.submitted, reverse=True)

    async def watch(self, task_id: str, *, seconds_between: float) -> AsyncIterator[Standing]:
        """Yield what there is to say about a request, at once and whenever that changes.

        Ends when it is final, or when the studio closes.

        Args:
            task_id: the request.
            seconds_between: yield at least this often, so that who listens knows that we are here.
        """
        with self._board.watch(task_id) as news:
            while not self._is_closing and (standing := self.standing(task_id)) is not None:
                yield standing
                if standing.task.state.is_final:
                    return
                try:
                    await asyncio.wait_for(news.wait(), seconds_between)
                except TimeoutError:
                    continue
                news.clear()

    def cancel(self, task_id: str) -> None:
        """Give up a task: at once when it waits, soon when it is in progress, not when it is final."""
        if self.journal.cancel(task_id):
            self._board.announce()
            return
        task = self.journal.task(task_id)
        if task is not None and task.state is TaskState.IN_PROGRESS:
            self.workshop.cancel(task_id)


def _made_by_run(song: Song) -> Standing:
    """Return the standing of a finished song that the journal is not asked about."""
    task = Task(
        request=song.request,
        state=TaskState.FINISHED,
        reason="",
        submitted=song.made,
        ended=song.made,
        attempts=0,
        champion="",
    )
    return Standing(task, song=song)


def check_models(store: Store) -> None:
    """Refuse a store from which no songs can be served, or in which nothing can make them yet.

    Raises:
        InputError: it is no folder of this machine, or the champion or FIGARO is missing.
    """
    check_is_folder(store)
    for path in store.model_files:
        if not path.exists():
            raise InputError(
                f"{path} is missing, so no songs can be made yet: run `make demo` first, "
                "or materialize the asset of that name"
            )
