from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.definitions import build_defs
from emo_assets.features import FeatureVector
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.sensors import MAX_RUNS_PER_TICK, request_files, scan_requests
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store that can make songs."""
    store = Store(tmp_path)
    store.requests.mkdir(parents=True)
    store.assets.mkdir()
    (store.assets / "champion.json").write_text("{}")
    (store.assets / "figaro_model.safetensors").write_bytes(b"")
    return store


class Ticks:
    """The sensor over many ticks, with its cursor and its partitions."""

    def __init__(self, store: Store, instance: dg.DagsterInstance) -> None:
        self._store = store
        self._instance = instance
        self._cursor: str | None = None
        self.logged: list[str] = []

    def tick(self) -> dg.SensorResult | dg.SkipReason:
        with dg.build_sensor_context(instance=self._instance, cursor=self._cursor) as context:
            result = request_files(context, store=StoreResource(base_path=str(self._store.base)))
            assert isinstance(result, dg.SensorResult | dg.SkipReason)
            self._cursor = result.cursor if isinstance(result, dg.SensorResult) else context.cursor
        return result

    def asked(self) -> list[str]:
        """Names of the requests for which the next tick asks for runs."""
        result = self.tick()
        if isinstance(result, dg.SkipReason):
            return []
        [added] = result.dynamic_partitions_requests or []
        names = [str(run.partition_key) for run in result.run_requests or []]
        assert list(added.partition_keys) == names
        return names

    def reason(self) -> str:
        """Why the next tick asks for nothing."""
        result = self.tick()
        assert isinstance(result, dg.SkipReason)
        return str(result.skip_message)


def put(store: Store, name: str, **changes: float) -> TrackRequest:
    request = TrackRequest(name=name, features=FeatureVector.from_values(changes))
    write_request(request, store.requests)
    return request


def keep(store: Store, request: TrackRequest) -> None:
    """Leave what a run leaves of a request's song."""
    for asset in ("requested_features", "generated_track"):
        folder = store.assets / asset
        folder.mkdir(exist_ok=True)
        (folder / f"{request.name}.json").write_text(json.dumps(request.model_dump(mode="json")))


def test_new_and_changed_files_are_requested_once(store: Store, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(store, instance)
    assert ticks.reason() == "no request file is new or changed"
    put(store, "calm")
    put(store, "loud")
    assert ticks.asked() == ["calm", "loud"]
    assert ticks.asked() == []
    put(store, "loud", energy=0.95)
    assert ticks.asked() == ["loud"]
    assert ticks.asked() == []


def test_file_with_a_track_is_not_requested(store: Store, instance: dg.DagsterInstance) -> None:
    keep(store, put(store, "calm"))
    assert Ticks(store, instance).reason() == "no request file is new or changed"
    put(store, "calm", valence=0.1)
    assert Ticks(store, instance).asked() == ["calm"]


def test_file_that_is_changed_back_gets_another_run_key(store: Store, instance: dg.DagsterInstance) -> None:
    ticks, keys = Ticks(store, instance), set()
    for number, valence in enumerate((0.1, 0.2, 0.1)):
        put(store, "calm", valence=valence)
        os.utime(str(store.requests / "calm.yaml"), (number, number))
        result = ticks.tick()
        assert isinstance(result, dg.SensorResult)
        [run] = result.run_requests or []
        keys.add(run.run_key)
    assert len(keys) == 3


def test_invalid_file_is_reported_and_valid_ones_are_requested(
    store: Store, instance: dg.DagsterInstance
) -> None:
    bad = store.requests / "bad.yaml"
    bad.write_text("features: {tempo: 1000}")
    put(store, "good")
    ticks = Ticks(store, instance)
    assert ticks.asked() == ["good"]
    assert ticks.reason() == f"{bad}: features.tempo must be at most 250, got 1000"
    assert ticks.reason() == f"{bad}: features.tempo must be at most 250, got 1000", "said until it is mended"
    bad.write_text("features: {tempo: 100}")
    assert ticks.asked() == ["bad"]
    assert ticks.reason() == "no request file is new or changed"


def test_unrelated_files_among_the_requests_are_ignored_or_reported(
    store: Store, instance: dg.DagsterInstance
) -> None:
    (store.requests / "Not A Name.yaml").write_text("bars: 4")
    (store.requests / "other.yml").write_text("bars: 4")
    (store.requests / "folder.yaml").mkdir()
    (store.requests / "loop.yaml").symlink_to("loop.yaml")
    (store.requests / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (store.requests / ".calm.yaml.1a2b.unfinished").write_text("bars")
    (store.requests / ".hidden.yaml").write_text("nonsense: [")
    (store.requests / "notes.txt").write_text("hello")
    put(store, "good")
    assert Ticks(store, instance).asked() == ["good"]
    problems = scan_requests(store, {}).problems
    assert len(problems) == 5
    assert all("\n" not in fault for fault in problems)
    ticks = Ticks(store, instance)
    ticks.tick()
    assert "more" not in ticks.reason()
    for number in range(3):
        (store.requests / f"bad{number}.yaml").write_text("[]")
    assert ticks.reason().endswith("; and 3 more")


def test_many_files_are_requested_over_several_ticks(store: Store, instance: dg.DagsterInstance) -> None:
    names = {put(store, f"song-{number:03}").name for number in range(MAX_RUNS_PER_TICK + 20)}
    ticks = Ticks(store, instance)
    first, second = ticks.asked(), ticks.asked()
    assert len(first) == MAX_RUNS_PER_TICK
    assert set(first) | set(second) == names
    assert ticks.asked() == []


def test_removed_file_is_forgotten(store: Store) -> None:
    put(store, "calm")
    seen = scan_requests(store, {}).seen
    assert set(seen) == {"calm.yaml"}
    (store.requests / "calm.yaml").unlink()
    assert scan_requests(store, seen).seen == {}


def test_nothing_is_requested_before_there_are_models(store: Store, instance: dg.DagsterInstance) -> None:
    put(store, "calm")
    (store.assets / "champion.json").unlink()
    ticks = Ticks(store, instance)
    assert ticks.reason() == f"no song can be made yet: {store.assets} lacks champion.json"
    (store.assets / "champion.json").write_text("{}")
    assert ticks.asked() == ["calm"]


def test_store_without_requests_is_valid(tmp_path: Path) -> None:
    assert scan_requests(Store(tmp_path), {}).pending == []


def test_sensor_is_running_and_starts_the_job_generate() -> None:
    sensor = build_defs().resolve_sensor_def("request_files")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "generate"
