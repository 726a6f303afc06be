from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EVENT_TYPE_TO_PIPELINE_RUN_STATUS

from emo_assets.definitions import build_defs
from emo_assets.features import FeatureVector
from emo_assets.pipeline.instance import delete_request
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.sensors import FIRST_WAIT, MAX_RUNS_PER_TICK, MAX_WAIT, request_files, scan_requests
from emo_assets.song_request import TrackRequest, read_request, write_request
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
    (store.assets / "song_metrics.parquet").write_bytes(b"")
    return store


class Ticks:
    """The sensor over many ticks, with its cursor and its partitions."""

    def __init__(self, store: Store, instance: dg.DagsterInstance) -> None:
        self._store = store
        self._instance = instance
        self.cursor: str | None = None

    def tick(self) -> dg.SensorResult:
        with dg.build_sensor_context(instance=self._instance, cursor=self.cursor) as context:
            result = request_files(context, store=StoreResource(base_path=str(self._store.base)))
            assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result

    def asked(self) -> list[str]:
        """Names of the requests for which the next tick asks for runs."""
        result = self.tick()
        runs = result.run_requests or []
        names = [str(run.partition_key) for run in runs]
        for added in result.dynamic_partitions_requests or []:
            assert list(added.partition_keys) == names
        assert all(run.run_key is None for run in runs)
        return names

    def reason(self) -> str:
        """Why the next tick asks for nothing."""
        skipped = self.tick().skip_reason
        assert skipped is not None
        return str(skipped.skip_message)


def record_run(instance: dg.DagsterInstance, name: str, status: dg.DagsterRunStatus) -> str:
    """Record a run for a request; return its short id."""
    run = dg.DagsterRun(job_name="generate", tags={"dagster/partition": name})
    instance.add_run(run)
    set_status(instance, run.run_id, status)
    return run.run_id[:8]


def set_status(instance: dg.DagsterInstance, run_id: str, status: dg.DagsterRunStatus) -> None:
    """Record the event that gives a run its status; each run begins as not started."""
    kinds = {status: kind for kind, status in EVENT_TYPE_TO_PIPELINE_RUN_STATUS.items()}
    if status in kinds:
        event = dg.DagsterEvent(kinds[status].value, "generate")
        instance.report_dagster_event(event, run_id)


def put(store: Store, name: str, **changes: float) -> TrackRequest:
    request = TrackRequest(name=name, features=FeatureVector.from_values(changes))
    write_request(request, store.requests)
    return request


def asked_for_calm(store: Store, instance: dg.DagsterInstance) -> Ticks:
    """Return the sensor after the tick that asks for a run of a new request, `calm`."""
    ticks = Ticks(store, instance)
    put(store, "calm")
    ticks.tick()
    return ticks


def keep(store: Store, request: TrackRequest) -> Path:
    """Leave what a run leaves of a request's song; return the folder of its files."""
    folder = Path(str(store.tracks / request.name))
    folder.mkdir(parents=True, exist_ok=True)
    wav = folder / f"{request.name}.wav"
    wav.write_bytes(b"")
    document = store.assets / "generated_track" / f"{request.name}.json"
    document.parent.mkdir(exist_ok=True)
    files = {"wav": f"elsewhere/{wav.name}"}
    document.write_text(json.dumps({"request": request.model_dump(mode="json"), "files": files}))
    return folder


class Clock:
    """A clock that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr("emo_assets.pipeline.sensors.time.time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_new_and_changed_files_get_one_run(store: Store, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(store, instance)
    assert ticks.reason() == "every request has its song"
    calm, loud = put(store, "calm"), put(store, "loud")
    assert ticks.asked() == ["calm", "loud"]
    assert ticks.asked() == []
    keep(store, calm)
    keep(store, loud)
    assert ticks.reason() == "every request has its song"
    put(store, "loud", energy=0.95)
    assert ticks.asked() == ["loud"]
    assert ticks.asked() == []


def test_file_with_a_track_gets_no_run(store: Store, instance: dg.DagsterInstance) -> None:
    keep(store, put(store, "calm"))
    assert Ticks(store, instance).reason() == "every request has its song"
    put(store, "calm", valence=0.1)
    assert Ticks(store, instance).asked() == ["calm"]


@pytest.mark.parametrize("lost", ["calm.wav", "folder", "document"])
def test_lost_song_gets_a_run_although_its_file_is_unchanged(
    store: Store, instance: dg.DagsterInstance, lost: str
) -> None:
    ticks = Ticks(store, instance)
    request = put(store, "calm")
    assert ticks.asked() == ["calm"]
    folder = keep(store, request)
    assert ticks.asked() == []
    if lost == "document":
        (store.assets / "generated_track" / "calm.json").unlink()
    else:
        shutil.rmtree(folder) if lost == "folder" else (folder / lost).unlink()
    assert ticks.asked() == ["calm"]


def test_song_whose_notes_are_there_is_rendered_again_and_then_made_anew(
    store: Store, instance: dg.DagsterInstance, clock: Clock
) -> None:
    ticks = Ticks(store, instance)
    shutil.rmtree(keep(store, put(store, "calm")))
    (store.assets / "track_midi").mkdir()
    (store.assets / "track_midi" / "calm.mid").write_bytes(b"")
    [run] = ticks.tick().run_requests or []
    assert run.asset_selection == [dg.AssetKey("generated_track")]
    record_run(instance, "calm", dg.DagsterRunStatus.FAILURE)
    ticks.tick()
    clock.now += MAX_WAIT
    [run] = ticks.tick().run_requests or []
    assert run.asset_selection is None


def test_song_of_an_earlier_version_of_the_file_gets_a_run(
    store: Store, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(store, instance)
    keep(store, put(store, "calm"))
    changed = put(store, "calm", valence=0.1)
    os.utime(str(store.requests / "calm.yaml"), (1, 1))
    # a run that read the request and then failed leaves the song as it was
    (store.assets / "requested_features").mkdir()
    (store.assets / "requested_features" / "calm.json").write_text(
        json.dumps(changed.model_dump(mode="json"))
    )
    assert ticks.asked() == ["calm"]


def test_request_that_is_removed_and_put_back_gets_a_run(store: Store, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(store, instance)
    request = put(store, "calm")
    file = Path(str(store.requests / "calm.yaml"))
    text, times = file.read_bytes(), (file.stat().st_atime, file.stat().st_mtime)
    assert ticks.asked() == ["calm"]
    keep(store, request)
    ticks.tick()
    delete_request(store, "calm", instance)
    assert ticks.reason() == "every request has its song"
    file.write_bytes(text)
    os.utime(file, times)
    assert ticks.asked() == ["calm"]


@pytest.mark.parametrize("status", ["STARTING", "STARTED", "CANCELING"])
def test_request_with_a_run_in_progress_gets_no_other(
    store: Store, instance: dg.DagsterInstance, status: str
) -> None:
    put(store, "calm")
    run = record_run(instance, "calm", dg.DagsterRunStatus[status])
    assert Ticks(store, instance).reason() == f"calm: run {run} is in progress"
    put(store, "loud")
    assert Ticks(store, instance).asked() == ["loud"]


def test_file_that_changes_during_its_run_gets_a_run_after_it(
    store: Store, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(store, instance)
    first = put(store, "calm")
    ticks.tick()
    run = record_run(instance, "calm", dg.DagsterRunStatus.STARTED)
    put(store, "calm", valence=0.1)
    assert ticks.asked() == []
    keep(store, first)
    [started] = instance.get_runs()
    set_status(instance, started.run_id, dg.DagsterRunStatus.SUCCESS)
    assert started.run_id.startswith(run)
    assert ticks.asked() == ["calm"]


def test_failing_request_gets_runs_after_growing_waits(
    store: Store, instance: dg.DagsterInstance, clock: Clock
) -> None:
    ticks, runs = Ticks(store, instance), []
    put(store, "calm")
    for _ in range(200):
        if ticks.asked():
            runs.append(clock.now)
            record_run(instance, "calm", dg.DagsterRunStatus.FAILURE)
        clock.now += 60
    # a tick sees the end of the run, and the wait begins
    waits = [later - earlier - 60 for earlier, later in itertools.pairwise(runs)]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert (waits[0], waits[-1]) == (FIRST_WAIT, MAX_WAIT)


def test_failed_run_is_explained_and_logged_once(
    store: Store, instance: dg.DagsterInstance, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    ticks = asked_for_calm(store, instance)
    run = record_run(instance, "calm", dg.DagsterRunStatus.FAILURE)
    line = f"calm: run {run} failed: see its log (attempt 1; the next one is at 13:47:40 UTC)"
    assert [ticks.reason(), ticks.reason()] == [line, line]
    assert capfd.readouterr().err.count(line) == 1
    clock.now += FIRST_WAIT
    put(store, "loud")
    result = ticks.tick()
    attempts = {run.partition_key: run.tags["attempt"] for run in result.run_requests or []}
    assert attempts == {"loud": "1", "calm": "2"}


def test_touched_file_ends_the_wait(store: Store, instance: dg.DagsterInstance) -> None:
    ticks = asked_for_calm(store, instance)
    record_run(instance, "calm", dg.DagsterRunStatus.FAILURE)
    assert ticks.asked() == []
    os.utime(str(store.requests / "calm.yaml"), (5, 5))
    assert ticks.asked() == ["calm"]


def test_canceled_run_is_not_repeated_until_the_file_is_touched(
    store: Store, instance: dg.DagsterInstance, clock: Clock
) -> None:
    ticks = asked_for_calm(store, instance)
    run = record_run(instance, "calm", dg.DagsterRunStatus.CANCELED)
    for _ in range(2):
        assert ticks.reason().startswith(f"calm: run {run} was canceled; materialize its partition or touch")
        clock.now += MAX_WAIT
    os.utime(str(store.requests / "calm.yaml"), (5, 5))
    assert ticks.asked() == ["calm"]


def test_deleted_and_unstarted_runs_are_repeated(
    store: Store, instance: dg.DagsterInstance, clock: Clock
) -> None:
    ticks = asked_for_calm(store, instance)
    assert ticks.reason().startswith("calm: its run was deleted (attempt 1; ")
    clock.now += MAX_WAIT
    assert ticks.asked() == ["calm"]
    run = record_run(instance, "calm", dg.DagsterRunStatus.NOT_STARTED)
    assert ticks.reason().startswith(f"calm: run {run} was not started (attempt 2; ")
    clock.now += MAX_WAIT
    assert ticks.asked() == ["calm"]


def test_wait_starts_again_after_the_clock_was_set_back(
    store: Store, instance: dg.DagsterInstance, clock: Clock
) -> None:
    ticks = asked_for_calm(store, instance)
    record_run(instance, "calm", dg.DagsterRunStatus.FAILURE)
    assert ticks.asked() == []
    clock.now -= 500_000
    assert ticks.asked() == []
    clock.now += FIRST_WAIT
    assert ticks.asked() == ["calm"]


@pytest.mark.parametrize(
    "cursor",
    ["", "{", "[]", "7", '{"calm.yaml": "12-34.5"}', '{"attempts": {"calm": {"x": 1}}, "logged": []}'],
)
def test_unknown_cursor_counts_as_none(store: Store, instance: dg.DagsterInstance, cursor: str) -> None:
    ticks = Ticks(store, instance)
    ticks.cursor = cursor
    put(store, "calm")
    assert ticks.asked() == ["calm"]


def test_invalid_file_is_reported_and_valid_ones_are_requested(
    store: Store, instance: dg.DagsterInstance
) -> None:
    bad = store.requests / "bad.yaml"
    bad.write_text("features: {tempo: 1000}")
    good = put(store, "good")
    ticks = Ticks(store, instance)
    assert ticks.asked() == ["good"]
    keep(store, good)
    assert ticks.reason() == f"{bad}: features.tempo must be at most 250, got '1000'"
    assert ticks.reason() == f"{bad}: features.tempo must be at most 250, got '1000'", (
        "said until it is mended"
    )
    bad.write_text("features: {tempo: 100}")
    assert ticks.asked() == ["bad"]
    keep(store, read_request(bad))
    assert ticks.reason() == "every request has its song"


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
    good = put(store, "good")
    assert Ticks(store, instance).asked() == ["good"]
    keep(store, good)
    problems = scan_requests(store).problems
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


def test_removed_file_is_forgotten(store: Store, instance: dg.DagsterInstance) -> None:
    ticks = asked_for_calm(store, instance)
    (store.requests / "calm.yaml").unlink()
    assert ticks.asked() == []
    assert json.loads(ticks.cursor or "")["attempts"] == {}


def test_nothing_is_requested_before_there_are_models(store: Store, instance: dg.DagsterInstance) -> None:
    put(store, "calm")
    (store.assets / "champion.json").unlink()
    ticks = Ticks(store, instance)
    assert ticks.reason() == f"no song can be made yet: {store.assets} lacks champion.json"
    (store.assets / "champion.json").write_text("{}")
    assert ticks.asked() == ["calm"]


def test_store_without_requests_is_valid(tmp_path: Path) -> None:
    assert scan_requests(Store(tmp_path)).unanswered == {}


def test_sensor_is_running_and_starts_the_job_generate() -> None:
    sensor = build_defs().resolve_sensor_def("request_files")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "generate"
