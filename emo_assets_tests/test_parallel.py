from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emo_assets import parallel
from emo_assets.parallel import TASKS_AHEAD, run_tasks, worker_pool
from emo_assets_tests.unreliable_tasks import do, keep, kept

STARTS_ONE = """
import os, signal, time
from emo_assets.parallel import worker_pool

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background start with it ignored
    with worker_pool(1) as pool:
        print(pool.schedule(os.getpid).result(), flush=True)
        pool.schedule(time.sleep, (600,)).result()
"""


@pytest.fixture(autouse=True)
def tests_importable_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1])


def test_each_process_keeps_to_one_core() -> None:
    with worker_pool(1) as pool:
        assert pool.schedule(os.getenv, ("OMP_NUM_THREADS",)).result() == "1"


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path, end: signal.Signals) -> None:
    script = tmp_path / "starts_one.py"
    script.write_text(STARTS_ONE)
    starter = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    with starter:
        assert starter.stdout is not None
        process = int(starter.stdout.readline())
        starter.send_signal(end)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline, "it is still running"
        time.sleep(0.1)


STARTS_SLOWLY = """
import os, signal, time
from emo_assets.parallel import worker_pool

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with worker_pool(2) as pool:
            print("started", flush=True)
            pool.schedule(os.getpid).result()
    except KeyboardInterrupt:
        print("interrupted")
else:
    time.sleep(2)
"""


def test_an_interrupt_from_the_keyboard_does_not_reach_starting_workers(tmp_path: Path) -> None:
    script = tmp_path / "starts_slowly.py"
    script.write_text(STARTS_SLOWLY)
    starter = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    starter.stdout.readline()
    time.sleep(1)
    os.killpg(starter.pid, signal.SIGINT)
    assert starter.communicate(timeout=60) == ("interrupted\n", "")


def outcomes(tasks: list[Any], *, workers: int = 1, seconds: float = 30) -> list[Any]:
    return list(run_tasks(do, tasks, workers=workers, timeout=seconds))


def test_outcomes_come_in_the_order_of_the_tasks() -> None:
    tasks = [f"task {number}" for number in range(300)]
    assert [outcome.result[2] for outcome in outcomes(tasks, workers=2)] == tasks


def test_tasks_go_on_after_all_have_waited_for_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "TASKS_AHEAD", 2)
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


def test_large_tasks_and_results_pass() -> None:
    results = outcomes([b"x" * 3_000_000, "flood", b"x" * 3_000_000, "flood"])
    assert results[0].result[1] == 3_000_000
    assert len(results[3].result[2]) == 5_000_000


def test_output_of_a_process_does_not_mix_with_its_results() -> None:
    assert [outcome.failure for outcome in outcomes(["print", "one", "print"])] == [None] * 3


def test_time_in_which_no_outcome_is_taken_does_not_count() -> None:
    found = []
    for outcome in run_tasks(do, ["one", "flood", "two", "flood"], workers=1, timeout=2.0):
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

    iterator = run_tasks(do, tasks(), workers=1, timeout=30)
    next(iterator)
    assert taken <= 2 * TASKS_AHEAD
    iterator.close()  # type: ignore[attr-defined]


def test_no_process_outlives_the_iteration() -> None:
    iterator = run_tasks(do, ["one", "hang"], workers=2, timeout=60)
    result = next(iterator).result
    assert result is not None
    iterator.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(result[0], 0)


def test_workers_that_do_not_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_start_worker", os.abort)
    with pytest.raises(RuntimeError, match="do not start"):
        list(run_tasks(do, ["one"], workers=2, timeout=5))


def test_no_tasks_have_no_outcomes() -> None:
    assert outcomes([]) == []


def test_a_waiting_process_that_is_killed_costs_no_task() -> None:
    before = {process.pid for process in multiprocessing.active_children()}
    killed = []

    def tasks() -> Iterator[str]:
        yield "one"
        time.sleep(3)
        for process in multiprocessing.active_children():
            if process.pid is not None and process.pid not in before:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)
                break
        time.sleep(1)
        yield "two"
        yield "three"

    results = list(run_tasks(do, tasks(), workers=2, timeout=30))
    assert len(killed) == 1
    assert [outcome.failure for outcome in results] == [None] * 3
    assert [outcome.result and outcome.result[2] for outcome in results] == ["one", "two", "three"]


def test_workers_that_cannot_be_spawned_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(process: object) -> None:
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess._Popen", staticmethod(no_memory))
    with pytest.raises(RuntimeError, match="do not start"), worker_pool(1):
        pass


class CoresWhenUnpickled:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.getenv, ("OMP_NUM_THREADS",)


def test_arguments_of_the_initializer_load_with_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with worker_pool(1, keep, (CoresWhenUnpickled(),)) as pool:
        assert pool.schedule(kept).result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "8"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_what_tasks_print_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    assert [outcome.failure for outcome in outcomes(["print"])] == [None]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "this must not mix with results" in captured.err
