"""The studio: accepts requests, reports their status and serves finished songs."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable

from filelock import FileLock, Timeout

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store
from emo_assets.studio.schemas import Health, History, Status
from emo_assets.studio.supervisor import Supervisor, WorkerState
from emo_assets.studio.task_progress import ProgressBoard
from emo_assets.studio.task_queue import Task, TaskQueue, TaskState
from emo_assets.studio.track_repository import StoredTrack, TrackRepository, local_folder
from emo_assets.studio.worker import Generator

MAX_QUEUED = 100
"""How many tasks may be queued. At a few seconds per song, the last one waits some minutes."""

MAX_UNFINISHED = 1000
"""How many unfinished, failed or cancelled tasks the history lists, the newest first."""

log = logging.getLogger(__name__)


class Studio:
    """A studio over one store. Only one may be open on a store at a time.

    Args:
        store: where songs, requests and the task queue are kept; a local folder.
        make_generator: creates the generator in the worker process; must be picklable.
        max_queued: how many tasks may be queued.

    Raises:
        InputError: the store is not a local folder, or another studio is open on it.
    """

    def __init__(
        self, store: Store, make_generator: Callable[[], Generator], *, max_queued: int = MAX_QUEUED
    ) -> None:
        folder = local_folder(store) / "studio"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "server.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"a studio is already open on {store.base}: use that one, or close it first"
            ) from None
        self.tracks = TrackRepository(store)
        self._max_queued = max_queued
        self._store = store
        self._queue = TaskQueue(folder / "journal.sqlite")
        self._board = ProgressBoard()
        self._supervisor = Supervisor(self._queue, self._board, make_generator, folder / "worker.lock")
        self._incoming: list[tuple[TrackRequest, asyncio.Future[bool]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._is_closing = False

    def open(self) -> None:
        """Start to work, first on tasks that an earlier studio did not finish.

        Raises:
            InputError: the task queue cannot be written.
        """
        try:
            self._supervisor.start()
        except sqlite3.Error as error:
            raise InputError(
                f"the studio's task queue in {self._store.base} cannot be written ({error}): "
                "free some space, or check the folder's permissions"
            ) from error

    def disconnect_watchers(self) -> None:
        """End all `watch` iterators, since the studio is about to close."""
        self._is_closing = True
        self._board.notify()

    def close(self) -> None:
        """Stop working. Unfinished tasks are done after the next start."""
        self._supervisor.stop()
        self._queue.close()
        self._lock.release()

    async def submit(self, request: TrackRequest) -> bool:
        """Queue a request; return whether there was room. When this returns, the task is on the disk."""
        accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._incoming.append((request, accepted))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await accepted

    async def _commit(self) -> None:
        """Write incoming requests to the queue, those that arrive together in one commit."""
        while self._incoming:
            batch, self._incoming = self._incoming, []
            requests = [request for request, _ in batch]
            try:
                accepted = await asyncio.to_thread(self._queue.add, requests, max_queued=self._max_queued)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), is_accepted in zip(batch, accepted, strict=True):
                if not future.done():
                    future.set_result(is_accepted)
            self._supervisor.wake()

    def status(self, task_id: str) -> Status | None:
        """Return the status of a request or of a stored song, or None if there is none with this id."""
        task = self._queue.task(task_id)
        if task is not None:
            return self._status_of(task)
        track = self.tracks.track(task_id)
        return None if track is None else _status_of_track(track)

    def _status_of(self, task: Task) -> Status:
        match task.state:
            case TaskState.QUEUED:
                return Status.of_task(task, ahead=self._queue.count_before(task.task_id))
            case TaskState.IN_PROGRESS:
                return Status.of_task(task, progress=self._board.latest(task.task_id))
            case TaskState.FINISHED:
                track = self.tracks.track(task.task_id)
                return Status.of_task(task, metrics=track.metrics if track else None)
            case _:
                return Status.of_task(task)

    def history(self, *, limit: int, offset: int) -> History:
        """Return a page of all stored songs and all other tasks, the newest first."""
        tasks = {task.task_id: task for task in self._queue.unfinished(limit=MAX_UNFINISHED)}
        tracks = [track for track in self.tracks.tracks() if track.request.name not in tasks]
        entries: list[tuple[float, Task | StoredTrack]] = [
            *((task.submitted, task) for task in tasks.values()),
            *((track.finished, track) for track in tracks),
        ]
        entries.sort(key=lambda entry: entry[0], reverse=True)
        return History(
            total=len(entries),
            tracks=[
                self._status_of(entry) if isinstance(entry, Task) else _status_of_track(entry)
                for _, entry in entries[offset : offset + limit]
            ],
        )

    async def watch(self, task_id: str, *, max_seconds: float) -> AsyncIterator[Status]:
        """Yield the status of a request, at once and on each change, until it is final or the studio closes.

        Args:
            task_id: the request.
            max_seconds: maximum time between two yields, so that clients notice a dead connection.
        """
        with self._board.watch(task_id) as changed:
            while not self._is_closing and (status := self.status(task_id)) is not None:
                yield status
                if status.status.is_final:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), max_seconds)
                except TimeoutError:
                    continue
                changed.clear()

    def cancel(self, task_id: str) -> None:
        """Cancel a task: at once if it is queued, soon if it is in progress. Other tasks stay as they are."""
        if self._queue.cancel(task_id):
            self._board.notify()
            return
        task = self._queue.task(task_id)
        if task is not None and task.state is TaskState.IN_PROGRESS:
            self._supervisor.cancel(task_id)

    def presets(self) -> list[TrackRequest]:
        """Return the store's request files by name, without requests of the studio and invalid files."""
        found = []
        for path in sorted(self._store.requests.glob("*.yaml")):
            if self._queue.task(path.stem) is not None:
                continue
            try:
                found.append(read_request(path))
            except InputError as error:
                log.warning("a preset is left out: %s", error)
        return found

    def health(self) -> Health:
        """Return the state of the studio."""
        supervisor = self._supervisor
        is_up = supervisor.state in (WorkerState.READY, WorkerState.WORKING)
        return Health(
            status="trouble" if supervisor.problem else "ok" if is_up else "starting",
            reason=supervisor.problem,
            worker=supervisor.state,
            champion=supervisor.champion,
            queued=self._queue.count(TaskState.QUEUED),
            in_progress=self._queue.count(TaskState.IN_PROGRESS),
        )


def _status_of_track(track: StoredTrack) -> Status:
    """Return the status of a stored song that may not be from this studio, such as one from a Dagster run."""
    task = Task(track.request, TaskState.FINISHED, "", track.finished)
    return Status.of_task(task, metrics=track.metrics)
