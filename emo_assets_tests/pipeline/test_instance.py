from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.errors import InputError
from emo_assets.pipeline.instance import delete_request, pool_slots, register_requests
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.track_store import TRACK_ASSETS, asset_path
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store

SETTINGS = """
telemetry: {enabled: false}
concurrency: {pools: {default_limit: 1, granularity: op}}
"""


@dg.asset(pool="training")
def trained() -> None:
    return None


def test_only_valid_names_become_partitions() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        register_requests(["calm", "b-2"], instance)
        with pytest.raises(InputError, match="name may hold only"):
            register_requests(["fine", "../up"], instance)
        assert set(instance.get_dynamic_partitions(str(REQUESTS.name))) == {"calm", "b-2"}


def test_pool_slots_are_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def places(instance: dg.DagsterInstance) -> dict[str, int]:
        return {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}

    with dg.DagsterInstance.get() as instance:
        with pool_slots(instance, "training", 3):
            assert places(instance)["training"] == 3
        assert "training" not in places(instance)
        assert dg.materialize([trained], instance=instance).success
        assert places(instance)["training"] == 1
        with pool_slots(instance, "training", 3):
            assert dg.materialize([trained], instance=instance).success
        assert dg.materialize([trained], instance=instance).success
        assert places(instance)["training"] == 1
        instance.event_log_storage.set_concurrency_slots("training", 2)
        with pool_slots(instance, "training", 3):
            pass
        assert places(instance)["training"] == 2


@pytest.mark.slow
def test_processes_that_open_a_new_instance_at_once_do_not_spoil_it(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(SETTINGS)
    code = "from emo_assets.pipeline.instance import checkout_instance; checkout_instance().dispose()"
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path)}
    opening = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait() for process in opening] == [0] * 3
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.all_instigator_state() == []


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    instance = dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance")))
    yield instance
    instance.dispose()


def make(store: Store, instance: dg.DagsterInstance, name: str) -> None:
    """Leave what the making of a song leaves."""
    write_request(TrackRequest(name=name), store.requests)
    register_requests([name], instance)
    for asset in TRACK_ASSETS:
        path = asset_path(store, asset, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    song = store.tracks / name
    song.mkdir(parents=True)
    (song / f"{name}.wav").write_bytes(b"")


def test_deleted_request_leaves_nothing_and_others_stay(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("calm", "calm.2"):
        make(store, instance, name)
    delete_request(store, "calm", instance)
    left = {path.stem if path.is_file() else path.name for path in tmp_path.rglob("*calm*")}
    assert left == {"calm.2"}
    assert instance.get_dynamic_partitions("requests") == ["calm.2"]
    delete_request(store, "calm.2", instance)


def test_interrupted_deletion_can_be_repeated(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    store = Store(tmp_path)
    make(store, instance, "calm")
    (store.requests / "calm.yaml").unlink()
    delete_request(store, "calm", instance)
    assert not list(tmp_path.rglob("*calm*"))
    assert instance.get_dynamic_partitions("requests") == []


def test_request_with_a_run_in_progress_is_not_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        make(store, instance, "calm")
        run = dg.DagsterRun("generate", tags={"dagster/partition": "calm"})
        instance.add_run(run)
        started = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "generate")
        instance.report_dagster_event(started, run.run_id)
        with pytest.raises(
            InputError, match=f"^run {run.run_id[:8]} is making the song of calm: cancel it or"
        ):
            delete_request(store, "calm", instance)
        assert (store.tracks / "calm" / "calm.wav").exists()
        assert instance.get_dynamic_partitions("requests") == ["calm"]


def test_unknown_request_cannot_be_deleted(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    store = Store(tmp_path)
    make(store, instance, "calm")
    with pytest.raises(InputError, match=r"there is no request 'other' in .*requests; there are: calm$"):
        delete_request(store, "other", instance)
    with pytest.raises(InputError, match="name may hold only"):
        delete_request(store, "../requests", instance)
