from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from emo_assets.pipeline.run_launcher import LocalRunLauncher, fail_dead_runs, is_process_alive
from emo_assets_tests.pipeline.dagster_ui import INSTANCE
from emo_assets_tests.pipeline.test_instance import SETTINGS, trained

HOLDS_THE_POOL = """
import sys, time
import dagster as dg

@dg.asset(pool="training")
def trained():
    print("holding", flush=True)
    time.sleep(600)

with dg.DagsterInstance.get() as instance:
    dg.materialize([trained], instance=instance)
"""


def test_slots_of_a_killed_run_are_freed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_POOL], stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "holding"
        with dg.DagsterInstance.get() as instance:
            taken_for_dead = fail_dead_runs(instance)
            killed.send_signal(signal.SIGKILL)
            assert taken_for_dead == []
            killed.wait()
            [run] = instance.get_runs()
            assert fail_dead_runs(instance) == [run.run_id]
            assert fail_dead_runs(instance) == []
            begun = time.monotonic()
            assert dg.materialize([trained], instance=instance).success
            assert time.monotonic() - begun < 60
            [ended] = instance.get_runs(filters=dg.RunsFilter(run_ids=[run.run_id]))
            assert ended.status is dg.DagsterRunStatus.FAILURE


def test_launcher_of_a_checkout_detects_a_killed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text(INSTANCE.read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_POOL], stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "holding"
        with dg.DagsterInstance.get() as instance:
            launcher, [run] = instance.run_launcher, instance.get_runs()
            assert isinstance(launcher, LocalRunLauncher)
            assert launcher.supports_check_run_worker_health
            alive = launcher.check_run_worker_health(run)
            killed.send_signal(signal.SIGKILL)
            assert alive.status is WorkerStatus.RUNNING
            killed.wait()
            dead = launcher.check_run_worker_health(run)
            assert dead.status is WorkerStatus.NOT_FOUND
            assert dead.msg is not None
            assert "re-execute the run to resume" in dead.msg
            record = instance.get_run_record_by_id(run.run_id)
            assert record is not None
            # what Dagster's daemon does with each started run, however it was started
            monitor_started_run(instance, cast(Any, None), record, logging.getLogger(__name__))
            [ended] = instance.get_runs()
            assert ended.status is dg.DagsterRunStatus.FAILURE


def test_process_that_started_after_the_run_is_another() -> None:
    assert is_process_alive(os.getpid(), started_before=None)
    assert is_process_alive(os.getpid(), started_before=time.time())
    assert not is_process_alive(os.getpid(), started_before=1.0)


def test_ended_process_is_not_alive_before_and_after_it_is_reaped() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as young:
        assert is_process_alive(young.pid, started_before=time.time())
        young.terminate()
        while is_process_alive(young.pid, started_before=None):
            time.sleep(0.05)
        assert young.returncode is None, "it is a zombie, which its parent has not waited for"
    assert not is_process_alive(young.pid, started_before=None)
