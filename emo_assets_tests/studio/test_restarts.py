from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from emo_assets.song_request import TrackRequest
from emo_assets.studio.supervisor import Supervisor
from emo_assets.studio.task_progress import ProgressBoard
from emo_assets.studio.task_queue import TOO_MANY_ATTEMPTS, TaskQueue, TaskState
from emo_assets_tests.studio.quick_generator import QuickGenerator
from emo_assets_tests.studio.studio_process import StudioProcess, wait_until

FINAL = ("finished", "failed", "cancelled")


def submit(client: httpx.Client, **values: Any) -> str:
    return str(client.post("/submit", json={"bars": 1, **values}).json()["task_id"])


def statuses(client: httpx.Client, accepted: list[str]) -> list[dict[str, Any]]:
    return [client.get("/status", params={"task_id": task_id}).json() for task_id in accepted]


def wait_for_all(client: httpx.Client, accepted: list[str], seconds: float = 120) -> list[dict[str, Any]]:
    wait_until(lambda: all(each["status"] in FINAL for each in statuses(client, accepted)), seconds=seconds)
    return statuses(client, accepted)


def assert_each_done_once(studio: StudioProcess, outcome: list[dict[str, Any]]) -> None:
    """Every task is finished or failed with a reason; every finished one is recorded, and only once."""
    assert all(each["status"] == "finished" or each["reason"] for each in outcome), outcome
    finished = sorted(each["task_id"] for each in outcome if each["status"] == "finished")
    wait_until(lambda: len(studio.lines("recorded.txt")) >= len(finished))
    assert sorted(studio.lines("recorded.txt")) == finished
    tracks = [path.stem for path in (studio.base / "assets" / "generated_track").glob("*.json")]
    assert set(finished) <= set(tracks)


def test_a_killed_server_loses_no_accepted_task(own_studio: StudioProcess) -> None:
    own_studio.start()
    with own_studio.client() as client:
        accepted = [submit(client) for _ in range(12)]
    worker = own_studio.worker()
    own_studio.kill()
    wait_until(lambda: not Path(f"/proc/{worker}").exists(), seconds=5)
    own_studio.start()
    with own_studio.client() as client:
        outcome = wait_for_all(client, accepted)
    assert {each["status"] for each in outcome} == {"finished"}
    assert_each_done_once(own_studio, outcome)


def test_a_worker_killed_twenty_times_loses_nothing_and_does_nothing_twice(
    own_studio: StudioProcess,
) -> None:
    rng = random.Random(7)
    own_studio.start()
    with own_studio.client() as client:
        accepted = [submit(client) for _ in range(40)]
        kills = 0
        while kills < 20:
            # a worker needs a moment to be up: killing only those that never began would prove little
            time.sleep(rng.uniform(0.0, 1.0))
            kills += own_studio.kill_worker()
        outcome = wait_for_all(client, accepted)
    assert sum(each["status"] == "finished" for each in outcome) >= 30
    assert_each_done_once(own_studio, outcome)


def test_servers_killed_at_any_moment_lose_nothing(own_studio: StudioProcess) -> None:
    rng = random.Random(11)
    accepted = []
    for _ in range(4):
        own_studio.start()
        with own_studio.client() as client:
            accepted += [submit(client) for _ in range(5)]
        time.sleep(rng.uniform(0.0, 1.5))
        own_studio.kill()
    own_studio.start()
    with own_studio.client() as client:
        outcome = wait_for_all(client, accepted)
    assert_each_done_once(own_studio, outcome)


def test_a_request_that_kills_its_worker_fails_and_does_not_block_others(own_studio: StudioProcess) -> None:
    own_studio.start()
    with own_studio.client() as client:
        deadly, harmless = submit(client, mood="please crash"), submit(client)
        outcome = wait_for_all(client, [deadly, harmless])
    assert (outcome[0]["status"], outcome[0]["reason"]) == ("failed", TOO_MANY_ATTEMPTS)
    assert outcome[1]["status"] == "finished"
    assert own_studio.lines("begun.txt").count(deadly) == 3


def test_a_song_whose_recording_kills_the_worker_does_not_block_others(own_studio: StudioProcess) -> None:
    own_studio.start()
    with own_studio.client() as client:
        deadly = submit(client, mood="please crash afterwards")
        wait_until(lambda: len(own_studio.lines("crashed.txt")) == 2)
        harmless = submit(client)
        outcome = wait_for_all(client, [deadly, harmless])
    assert [each["status"] for each in outcome] == ["finished", "finished"]
    wait_until(lambda: own_studio.lines("recorded.txt") == [harmless])
    assert own_studio.lines("crashed.txt") == [deadly, deadly], "it is retried later"


def test_a_task_in_progress_is_queued_again_after_an_orderly_restart(own_studio: StudioProcess) -> None:
    own_studio.start()
    with own_studio.client() as client:
        slow = submit(client, mood="please be slow")
        wait_until(lambda: statuses(client, [slow])[0]["stage"] == "composing")
        with client.stream("GET", "/events", params={"task_id": slow}) as watched:
            lines = watched.iter_lines()
            next(lines)
            own_studio.stop()
            assert not list(lines)[-1], "watchers are disconnected in an orderly way"
    assert (own_studio.base / "log.txt").read_text() == ""
    own_studio.start()
    with own_studio.client() as client:
        assert statuses(client, [slow])[0]["status"] in ("queued", "in_progress")
        client.post("/cancel", params={"task_id": slow})
        wait_for_all(client, [slow])


def test_a_song_whose_end_was_not_stored_is_not_generated_again(own_studio: StudioProcess) -> None:
    own_studio.start()
    with own_studio.client() as client:
        task_id = submit(client)
        wait_for_all(client, [task_id])
    own_studio.kill()
    queue = TaskQueue(own_studio.base / "studio" / "journal.sqlite")
    queue._database.execute("UPDATE tasks SET state = 'in_progress', recorded = 0")
    queue.close()
    own_studio.start()
    with own_studio.client() as client:
        outcome = wait_for_all(client, [task_id])
    assert own_studio.lines("begun.txt") == [task_id]
    assert_each_done_once(own_studio, outcome)


def test_two_studios_on_one_store_are_refused(own_studio: StudioProcess) -> None:
    own_studio.start()
    other = StudioProcess(own_studio.base)
    with pytest.raises(AssertionError, match="a studio is already open"):
        other.start()
    other.kill()


def test_a_worker_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2])  # the worker process imports the quick generator
    (tmp_path / "champion.txt").write_text("first")
    queue = TaskQueue(tmp_path / "journal.sqlite")
    board = ProgressBoard()
    supervisor = Supervisor(
        queue, board, partial(QuickGenerator, str(tmp_path)), tmp_path / "lock", hang_seconds=4
    )
    hanging = TrackRequest(name="hanging", mood="please hang", bars=1)
    queue.add([hanging, TrackRequest(name="fine", bars=1)], max_queued=9)
    supervisor.start()

    def is_over(name: str) -> bool:
        task = queue.task(name)
        return task is not None and task.state.is_final

    wait_until(lambda: is_over("hanging") and is_over("fine"))
    assert queue.count(TaskState.FAILED) == queue.count(TaskState.FINISHED) == 1
    supervisor.stop()
    queue.close()
