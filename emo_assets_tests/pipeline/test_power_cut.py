"""A machine that loses power in the middle of a run, with Dagster's own web server, daemon and runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.store import Store
from emo_assets_tests.pipeline.dagster_ui import PATIENCE, DagsterUi

SMALL = {"resources": {"raw_data": {"config": {"sample_songs": 60}}}}


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(1)


@pytest.mark.slow
def test_run_fails_and_is_retried_after_a_power_cut(tmp_path: Path) -> None:
    ui = DagsterUi(tmp_path)
    try:
        ui.wait()
        with dg.DagsterInstance.from_config(str(ui.home)) as instance:
            lost = ui.submit("ingest", SMALL)

            def status(run_id: str) -> dg.DagsterRunStatus | None:
                run = instance.get_run_by_id(run_id)
                return run.status if run else None

            wait_until(lambda: status(lost) is dg.DagsterRunStatus.STARTED)
            ui.cut_power()
            assert status(lost) is dg.DagsterRunStatus.STARTED
            ui = DagsterUi(tmp_path)
            ui.wait()
            wait_until(lambda: status(lost) is dg.DagsterRunStatus.FAILURE)
            wait_until(lambda: len(instance.get_runs()) == 2)
            [again] = [run.run_id for run in instance.get_runs() if run.run_id != lost]
            ended = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
            wait_until(lambda: status(again) in ended)
            assert status(again) is dg.DagsterRunStatus.SUCCESS
    finally:
        ui.stop()
    assert (Store(tmp_path / "data").assets / "matched_tracks.parquet").exists()
