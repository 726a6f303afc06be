from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emo_assets.tokens.worker_pool import OUTCOMES_AHEAD, Outcome, run_tasks

DYING = "emo_assets_tests.tokens.dying_worker"


def outcomes(tasks: list[Any], *, workers: int = 1, seconds: float = 30) -> list[Outcome]:
    return list(run_tasks(DYING, tasks, workers=workers, seconds_per_task=seconds))


def test_outcomes_come_in_the_order_of_the_tasks() -> None:
    tasks = [f"task {number}" for number in range(300)]
    assert [outcome.result[2] for outcome in outcomes(tasks, workers=2)] == tasks


def test_tasks_go_on_after_all_have_waited_for_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emo_assets.tokens.worker_pool.OUTCOMES_AHEAD", 2)
    tasks = ["nap" if number % 10 == 0 else f"task {number}" for number in range(60)]
    assert [outcome.result[2] for outcome in outcomes(tasks, workers=2)] == tasks


def test_a_process_that_dies_fails_its_task_alone() -> None:
    results = outcomes(["one", "die", "two", "leave", "three"])
    assert [outcome.failure is None for outcome in results] == [True, False, True, False, True]
    assert "signal 9" in str(results[1].failure)
    assert "exit code 7" in str(results[3].failure)
    assert len({outcome.result[0] for outcome in results if outcome.result}) == 3


def test_a_process_that_is_killed_once_costs_no_task(tmp_path: Path) -> None:
    tasks = ["one", f"die once {tmp_path / 'died'}", "two"]
    results = outcomes(tasks)
    assert [outcome.failure for outcome in results] == [None] * 3
    assert [outcome.result[2] for outcome in results] == tasks
    assert results[0].result[0] != results[1].result[0]


def test_a_task_that_takes_too_long_is_given_up() -> None:
    results = outcomes(["one", "hang", "two", "stop", "three"], seconds=1.0)
    assert [outcome.failure for outcome in results[::2]] == [None] * 3
    assert [outcome.failure for outcome in results[1::2]] == ["took longer than 1 seconds"] * 2


def test_large_tasks_and_answers_pass() -> None:
    results = outcomes([b"x" * 3_000_000, "flood", b"x" * 3_000_000, "flood"])
    assert results[0].result[1] == 3_000_000
    assert len(results[3].result) == 5_000_000


def test_what_a_process_prints_does_not_mix_with_its_answers() -> None:
    assert [outcome.failure for outcome in outcomes(["print", "one", "print"])] == [None] * 3


def test_time_in_which_nobody_listens_does_not_count() -> None:
    iterator = run_tasks(DYING, ["one", "flood", "two", "flood"], workers=1, seconds_per_task=2.0)
    found = []
    for outcome in iterator:
        found.append(outcome)
        time.sleep(0.8)
    assert [outcome.failure for outcome in found] == [None] * 4


def test_tasks_are_taken_up_only_as_outcomes_are_wanted() -> None:
    taken = 0

    def tasks() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "task"

    iterator = run_tasks(DYING, tasks(), workers=1, seconds_per_task=30)
    next(iterator)
    assert taken <= 2 * OUTCOMES_AHEAD
    iterator.close()  # type: ignore[attr-defined]


def test_no_process_outlives_the_pool() -> None:
    iterator = run_tasks(DYING, ["one", "hang"], workers=2, seconds_per_task=60)
    process = next(iterator).result[0]
    iterator.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_pool_whose_processes_do_not_start_gives_up() -> None:
    with pytest.raises(RuntimeError, match="do not start"):
        list(run_tasks("emo_assets_tests.tokens.stillborn_worker", ["one"], workers=2, seconds_per_task=5))


def test_no_tasks_have_no_outcomes() -> None:
    assert outcomes([]) == []
