"""Requests and their runs, with Dagster's own daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import SensorInstigatorData

from emo_assets.pipeline.instance import delete_request, forget_future_ticks
from emo_assets.pipeline.request_runs import runs_in_progress
from emo_assets.pipeline.sensors import SensorState
from emo_assets.pipeline.track_store import is_answered
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store

CHECKOUT = Path(__file__).parents[2]
# the daemon's own process executes the runs: starting one for each would take most of the test's time
SETTINGS = """
telemetry: {enabled: false}
run_launcher: {module: dagster._core.launcher.sync_in_memory_run_launcher, class: SyncInMemoryRunLauncher}
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
"""
PATIENCE = 120
DAY = 86_400.0


@contextmanager
def daemon(folder: Path, home: Path) -> Iterator[None]:
    """Run Dagster's daemon over the store `data` in a folder."""
    environment = {**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "emo_assets_tests.pipeline.quick_pipeline"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Sensor:
    """The state of the one sensor of an instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def data(self) -> SensorInstigatorData:
        [state] = self._instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
        assert isinstance(state.instigator_data, SensorInstigatorData)
        return state.instigator_data

    def outcomes(self) -> dict[str, str]:
        """How the last runs of requests without a song ended."""
        if not self._instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
            return {}
        attempts = SensorState.from_cursor(self.data().cursor).attempts
        return {name: attempt.outcome for name, attempt in attempts.items()}

    def set_clock_back(self) -> None:
        """Leave what the sensor leaves when the clock is set back by a day."""
        asleep = 0
        while asleep < 2:  # it may be in the middle of a tick, which writes the state at its end
            asleep = asleep + 1 if self.is_asleep() else 0
            [state] = self._instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
            future = time.time() + DAY
            cursor = SensorState.from_cursor(self.data().cursor)
            attempts = {
                name: replace(attempt, due=attempt.due and future)
                for name, attempt in cursor.attempts.items()
            }
            data = self.data()._replace(
                last_tick_timestamp=future,
                last_tick_start_timestamp=future,
                cursor=SensorState(attempts, cursor.logged).as_cursor(),
            )
            self._instance.update_instigator_state(state.with_data(data))
            time.sleep(1)

    def is_asleep(self) -> bool:
        """Tell whether Dagster waits for a time in the future."""
        return (self.data().last_tick_start_timestamp or 0.0) > time.time() + DAY / 2


def wait_until(happened: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.mark.slow
def test_every_request_gets_its_song_whatever_becomes_of_it(tmp_path: Path) -> None:
    store, home, log = Store(tmp_path / "data"), tmp_path / "home", tmp_path / "daemon.log"
    home.mkdir()
    (home / "dagster.yaml").write_text(SETTINGS)
    for path in store.model_files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    broken = tmp_path / "data" / "broken"
    broken.write_bytes(b"")
    names = ("deleted", "restored", "removed", "broken")
    requests = {name: TrackRequest(name=name) for name in names}
    for request in requests.values():
        write_request(request, store.requests)
    backup = tmp_path / "backup"
    shutil.copytree(str(store.requests), backup)  # with the times of the files

    def runs_of(name: str) -> Counter[str]:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": name}))
        return Counter(run.status.value for run in runs if run.status is not dg.DagsterRunStatus.FAILURE)

    def are_answered(*names: str) -> bool:
        return all(is_answered(store, requests[name]) for name in names)

    with dg.DagsterInstance.from_config(str(home)) as instance, daemon(tmp_path, home):
        sensor = Sensor(instance)
        wait_until(lambda: are_answered("deleted", "restored", "removed"), log)
        wait_until(lambda: sensor.outcomes().get("broken", "").endswith("no such sound font"), log)
        wait_until(lambda: set(sensor.outcomes()) == {"broken"}, log)  # the sensor has seen the songs

        sensor.set_clock_back()
        shutil.rmtree(tmp_path / "data" / "tracks" / "deleted")
        (tmp_path / "data" / "requests" / "restored.yaml").unlink()
        (tmp_path / "data" / "assets" / "generated_track" / "restored.json").unlink()
        delete_request(store, "removed", instance)
        for name in ("restored", "removed"):
            shutil.copy2(backup / f"{name}.yaml", str(store.requests))
        broken.unlink()
        assert sensor.is_asleep()

        forget_future_ticks(instance)
        wait_until(lambda: are_answered(*names), log)
        wait_until(lambda: sensor.outcomes() == {} and not runs_in_progress(instance), log)
        runs = {name: runs_of(name) for name in names}
        of_deleted = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": "deleted"}))
    assert runs["broken"] == {"SUCCESS": 1}
    assert all(runs[name] == {"SUCCESS": 2} for name in ("deleted", "restored", "removed"))
    assert {dg.AssetKey("generated_track")} in [run.asset_selection for run in of_deleted]
