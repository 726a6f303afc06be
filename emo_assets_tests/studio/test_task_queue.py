from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from emo_assets.errors import InputError
from emo_assets.song_request import TrackRequest
from emo_assets.studio.task_queue import GIVEN_UP, MOST_ATTEMPTS, Journal
from emo_assets.studio.tasks import TaskState


def requests(*names: str) -> list[TrackRequest]:
    return [TrackRequest(name=name) for name in names]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Journal:
    return Journal(path)


def state_of(journal: Journal, task_id: str) -> TaskState:
    task = journal.task(task_id)
    assert task is not None
    return task.state


def test_tasks_are_worked_on_in_the_order_in_which_they_came(journal: Journal) -> None:
    journal.accept(requests("one", "two"), longest_queue=9)
    journal.accept(requests("three"), longest_queue=9)
    claimed = [task.task_id for task in iter(journal.claim, None)]
    assert claimed == ["one", "two", "three"]


def test_a_queue_takes_no_more_than_it_holds(journal: Journal) -> None:
    assert journal.accept(requests("one", "two", "three"), longest_queue=2) == [True, True, False]
    assert journal.task("three") is None
    journal.claim()
    assert journal.accept(requests("three", "four"), longest_queue=2) == [True, False]


def test_what_is_accepted_is_on_the_disk_for_another_process(journal: Journal, path: Path) -> None:
    journal.accept(requests("one"), longest_queue=9)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT task_id, state FROM tasks").fetchall() == [("one", "queued")]
    other.close()


def test_a_claim_is_committed_at_once(journal: Journal, path: Path) -> None:
    journal.accept(requests("one"), longest_queue=9)
    journal.claim()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT state FROM tasks").fetchall() == [("in_progress",)]
    other.close()


def test_a_task_reaches_its_end_once(journal: Journal) -> None:
    journal.accept(requests("one"), longest_queue=9)
    assert not journal.finish("one", "champion")
    journal.claim()
    assert journal.finish("one", "champion")
    assert not journal.fail("one", "too late")
    assert not journal.cancel("one")
    task = journal.task("one")
    assert task is not None
    assert (task.state, task.champion, task.reason) == (TaskState.FINISHED, "champion", "")


def test_only_a_waiting_task_can_be_cancelled(journal: Journal) -> None:
    journal.accept(requests("one", "two"), longest_queue=9)
    journal.claim()
    assert not journal.cancel("one")
    assert journal.cancel("two")
    assert state_of(journal, "two") is TaskState.CANCELLED
    assert journal.claim() is None


def test_work_that_was_cut_off_is_queued_again_in_its_old_place(journal: Journal, path: Path) -> None:
    journal.accept(requests("one", "two"), longest_queue=9)
    journal.claim()
    journal.close()
    reopened = Journal(path)
    reopened.recover()
    claimed = reopened.claim()
    assert claimed is not None
    assert (claimed.task_id, claimed.attempts) == ("one", 2)


def test_work_that_is_cut_off_again_and_again_is_given_up_with_a_reason(journal: Journal) -> None:
    journal.accept(requests("one"), longest_queue=9)
    for _ in range(MOST_ATTEMPTS):
        assert journal.claim() is not None
        journal.recover()
    task = journal.task("one")
    assert task is not None
    assert (task.state, task.reason) == (TaskState.FAILED, GIVEN_UP)
    assert journal.claim() is None


def test_a_task_that_was_put_back_has_lost_no_attempt(journal: Journal) -> None:
    journal.accept(requests("one"), longest_queue=9)
    for _ in range(MOST_ATTEMPTS + 2):
        journal.claim()
        journal.put_back("one")
    assert state_of(journal, "one") is TaskState.QUEUED


def test_a_waiting_task_knows_how_many_come_first(journal: Journal) -> None:
    journal.accept(requests("one", "two", "three"), longest_queue=9)
    journal.claim()
    assert journal.ahead_of("three") == 2
    journal.cancel("two")
    assert journal.ahead_of("three") == 1


def test_finished_tasks_wait_to_be_recorded(journal: Journal) -> None:
    journal.accept(requests("one", "two"), longest_queue=9)
    journal.claim()
    assert journal.unrecorded() is None
    journal.finish("one", "champion")
    assert journal.unrecorded() == "one"
    journal.set_recorded("one")
    assert journal.unrecorded() is None


def test_a_task_that_cannot_be_recorded_does_not_stand_in_the_way_of_others(journal: Journal) -> None:
    journal.accept(requests("one", "two"), longest_queue=9)
    for task_id in ("one", "two"):
        journal.claim()
        journal.finish(task_id, "champion")
    assert journal.set_not_recorded("one") == 1
    assert journal.unrecorded() == "two"
    journal.set_recorded("two")
    assert journal.unrecorded(again=False) is None
    assert journal.unrecorded() == "one"
    journal.set_recorded("one")
    assert journal.unrecorded() is None


def test_a_file_that_is_no_journal_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is not SQLite at all, " * 50)
    with pytest.raises(InputError, match=r"journal\.sqlite: the studio's journal cannot be used"):
        Journal(path)
