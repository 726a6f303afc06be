from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest, validate_name
from emo_assets.studio.task_queue import MAX_ATTEMPTS, TOO_MANY_ATTEMPTS, TaskQueue, TaskState, new_task_id


def requests(*names: str) -> list[TrackRequest]:
    return [TrackRequest(name=name) for name in names]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.sqlite"


@pytest.fixture
def queue(path: Path) -> TaskQueue:
    return TaskQueue(path)


def state_of(queue: TaskQueue, task_id: str) -> TaskState:
    task = queue.task(task_id)
    assert task is not None
    return task.state


def attempts_of(task_id: str, path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as other:
        [attempts] = other.execute("SELECT attempts FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
    return int(attempts)


def test_tasks_are_claimed_in_order(queue: TaskQueue) -> None:
    queue.add(requests("one", "two"), max_queued=9)
    queue.add(requests("three"), max_queued=9)
    claimed = [task.task_id for task in iter(queue.claim, None)]
    assert claimed == ["one", "two", "three"]


def test_a_full_queue_accepts_nothing(queue: TaskQueue) -> None:
    assert queue.add(requests("one", "two", "three"), max_queued=2) == [True, True, False]
    assert queue.task("three") is None
    queue.claim()
    assert queue.add(requests("three", "four"), max_queued=2) == [True, False]


def test_an_accepted_task_is_on_the_disk(queue: TaskQueue, path: Path) -> None:
    queue.add(requests("one"), max_queued=9)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT task_id, state FROM tasks").fetchall() == [("one", "queued")]
    other.close()


def test_a_claim_is_committed_at_once(queue: TaskQueue, path: Path) -> None:
    queue.add(requests("one"), max_queued=9)
    queue.claim()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT state FROM tasks").fetchall() == [("in_progress",)]
    other.close()


def test_a_task_reaches_its_end_once(queue: TaskQueue) -> None:
    queue.add(requests("one"), max_queued=9)
    assert not queue.finish("one")
    queue.claim()
    assert queue.finish("one")
    assert not queue.fail("one", "too late")
    assert not queue.cancel("one")
    task = queue.task("one")
    assert task is not None
    assert (task.state, task.reason) == (TaskState.FINISHED, "")


def test_only_a_queued_task_can_be_cancelled(queue: TaskQueue) -> None:
    queue.add(requests("one", "two"), max_queued=9)
    queue.claim()
    assert not queue.cancel("one")
    assert queue.cancel("two")
    assert state_of(queue, "two") is TaskState.CANCELLED
    assert queue.claim() is None


def test_an_interrupted_task_is_queued_again_in_its_old_position(queue: TaskQueue, path: Path) -> None:
    queue.add(requests("one", "two"), max_queued=9)
    queue.claim()
    queue.close()
    reopened = TaskQueue(path)
    reopened.requeue()
    claimed = reopened.claim()
    assert claimed is not None
    assert claimed.task_id == "one"
    assert attempts_of("one", path) == 2


def test_a_task_that_is_interrupted_too_often_fails_with_a_reason(queue: TaskQueue) -> None:
    queue.add(requests("one"), max_queued=9)
    for _ in range(MAX_ATTEMPTS):
        assert queue.claim() is not None
        queue.requeue()
    task = queue.task("one")
    assert task is not None
    assert (task.state, task.reason) == (TaskState.FAILED, TOO_MANY_ATTEMPTS)
    assert queue.claim() is None


def test_a_task_can_be_queued_again_without_counting_the_attempt(queue: TaskQueue) -> None:
    queue.add(requests("one"), max_queued=9)
    for _ in range(MAX_ATTEMPTS + 2):
        queue.claim()
        queue.requeue(counts_attempt=False)
    assert state_of(queue, "one") is TaskState.QUEUED


def test_a_queued_task_has_a_number_of_tasks_before_it(queue: TaskQueue) -> None:
    queue.add(requests("one", "two", "three"), max_queued=9)
    queue.claim()
    assert queue.count_before("three") == 2
    queue.cancel("two")
    assert queue.count_before("three") == 1


def test_finished_tasks_are_to_be_recorded(queue: TaskQueue) -> None:
    queue.add(requests("one", "two"), max_queued=9)
    queue.claim()
    assert queue.next_unrecorded() is None
    queue.finish("one")
    assert queue.next_unrecorded() == "one"
    queue.set_recorded("one")
    assert queue.next_unrecorded() is None


def test_a_task_that_cannot_be_recorded_does_not_block_others(queue: TaskQueue) -> None:
    queue.add(requests("one", "two"), max_queued=9)
    for task_id in ("one", "two"):
        queue.claim()
        queue.finish(task_id)
    assert queue.set_recording_failed("one") == 1
    assert queue.next_unrecorded() == "two"
    queue.set_recorded("two")
    assert queue.next_unrecorded(include_failed=False) is None
    assert queue.next_unrecorded() == "one"
    queue.set_recorded("one")
    assert queue.next_unrecorded() is None


def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is not SQLite at all, " * 50)
    with pytest.raises(InputError, match=r"journal\.sqlite: the studio's task queue cannot be opened"):
        TaskQueue(path)


@given(st.text(max_size=200))
def test_any_mood_gives_a_name_that_is_safe(mood: str) -> None:
    name = new_task_id(mood)
    assert validate_name(name) == name


def test_a_name_begins_with_the_mood() -> None:
    assert new_task_id("Sunny morning — bright, warm").startswith("sunny-morning-")
    assert new_task_id("Élan vital").startswith("elan-vital-")
    assert new_task_id("../../etc/passwd").startswith("etc-passwd-")
    assert new_task_id("悲しみ").startswith("song-")


def test_names_are_unique() -> None:
    assert len({new_task_id("joy") for _ in range(1000)}) == 1000


def test_a_file_of_an_earlier_version_keeps_its_tasks(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as earlier:
        earlier.execute(
            "CREATE TABLE tasks (number INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE,"
            " request TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',"
            " submitted REAL NOT NULL, ended REAL,"
            " attempts INTEGER NOT NULL DEFAULT 0, champion TEXT NOT NULL DEFAULT '',"
            " recorded INTEGER NOT NULL DEFAULT 0) STRICT"
        )
        request = '{"name": "one", "mood": "Joy", "features": {"tempo": 97.5}, "bars": 2, "seed": 7}'
        earlier.execute(
            "INSERT INTO tasks (task_id, request, state, submitted, attempts) "
            "VALUES ('one', ?, 'in_progress', 1.5, 1)",
            (request,),
        )
    earlier.close()
    queue = TaskQueue(path)
    queue.requeue()
    task = queue.claim()
    assert task is not None
    assert (task.task_id, task.request.mood, task.request.seed) == ("one", "Joy", 7)
    assert task.request.features.tempo == 97.5
    assert attempts_of("one", path) == 2
    assert queue.finish("one")
