import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.errors import InputError
from emo_assets.pipeline.instance import fail_dead_runs, pool_slots, register_requests
from emo_assets.pipeline.partitions import REQUESTS

SETTINGS = """
telemetry: {enabled: false}
concurrency: {pools: {default_limit: 1, granularity: op}}
"""

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


@dg.asset(pool="training")
def trained() -> None:
    return None


def test_what_a_killed_run_held_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_process_that_began_after_the_run_is_another(tmp_path: Path) -> None:
    from emo_assets.pipeline.instance import _is_alive

    assert _is_alive(os.getpid(), since=None)
    assert _is_alive(os.getpid(), since=time.time())
    assert not _is_alive(os.getpid(), since=1.0)


def test_a_process_is_as_old_as_the_clock_says() -> None:
    from emo_assets.pipeline.instance import _age

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as young:
        begun = time.monotonic()
        time.sleep(1.5)
        # looked at for the first time only now: what the system notes of it then must not count
        age = _age(young.pid)
        assert age is not None
        assert age == pytest.approx(time.monotonic() - begun, abs=0.5)
        young.communicate(b"\n")
    assert _age(young.pid) is None


def test_only_harmless_names_become_partitions() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        register_requests(["calm", "b-2"], instance)
        with pytest.raises(InputError, match="name may hold only"):
            register_requests(["fine", "../up"], instance)
        assert set(instance.get_dynamic_partitions(str(REQUESTS.name))) == {"calm", "b-2"}


def test_a_pool_has_more_places_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def places() -> dict[str, int]:
        return {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}

    with dg.DagsterInstance.get() as instance:
        with pool_slots(instance, "training", 3):
            assert places()["training"] == 3
        assert "training" not in places()
        assert dg.materialize([trained], instance=instance).success
        assert places()["training"] == 1
        with pool_slots(instance, "training", 3):
            assert dg.materialize([trained], instance=instance).success
        assert dg.materialize([trained], instance=instance).success
        assert places()["training"] == 1
        instance.event_log_storage.set_concurrency_slots("training", 2)
        with pool_slots(instance, "training", 3):
            pass
        assert places()["training"] == 2
