"""From a form, and from a request file, to a song, with real models that have learnt next to nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from emo_assets.cli import main
from emo_assets.definitions import build_defs
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.generation import load_models
from emo_assets.open_features import OPEN_FEATURES
from emo_assets.pipeline.instance import register_requests
from emo_assets.pipeline.request_track import RequestForm, form_request
from emo_assets.pipeline.sensors import scan_requests
from emo_assets.pipeline.track_store import is_answered, read_asset_json, track_exists
from emo_assets.reranking import best_descriptions, best_songs
from emo_assets.song_request import TrackRequest, read_request, write_request
from emo_assets.store import Store
from emo_assets_tests.studio.real_models import keep_models

SONG_ASSETS = {"requested_features", "track_description", "track_midi", "generated_track"}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("store")
    keep_models(base)
    return base


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def fill_form(base: Path, instance: dg.DagsterInstance, **form: Any) -> dg.ExecuteInProcessResult:
    job = build_defs(str(base)).resolve_job_def("request_track")
    config = {"ops": {"make_requested_track": {"config": form}}}
    return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


def sounding_request(store: Store, name: str) -> TrackRequest:
    """Return a request that is not answered by silence: models that know next to nothing often do so."""
    models = load_models(store)
    for seed in range(50):
        request = TrackRequest(name=name, bars=2, seed=seed, features=FeatureVector(tempo=150))
        descriptions = best_descriptions([request], models.description_model, models.calibration)
        [song] = best_songs([request], descriptions, models.figaro, models.calibration)
        if song.metrics.notes > 20:
            return request
    raise AssertionError("these models never write a note")


def test_the_form_has_a_field_for_every_feature_with_its_default_and_meaning() -> None:
    fields = RequestForm.model_fields
    assert set(fields) == {"name", "mood", "bars", "seed", "strictness", *FEATURE_NAMES}
    for name in FEATURE_NAMES:
        default, meaning = (
            FeatureVector.model_fields[name].default,
            FeatureVector.model_fields[name].description,
        )
        assert fields[name].default == (None if name in OPEN_FEATURES else default)
        assert str(fields[name].description).startswith(str(meaning))
    assert form_request(RequestForm(name="calm", tempo=70.0)) == TrackRequest(
        name="calm", features=FeatureVector(tempo=70.0)
    )


def test_a_filled_form_becomes_a_request_a_partition_and_a_song(
    base: Path, instance: dg.DagsterInstance
) -> None:
    assert fill_form(base, instance, name="formed", bars=2, tempo=140.0, seed=5).success
    store = Store(base)
    assert read_request(store.requests / "formed.yaml").features.tempo == 140.0
    assert (store.tracks / "formed" / "formed.wav").exists()
    assert instance.get_dynamic_partitions("requests") == ["formed"]
    for asset in SONG_ASSETS:
        assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {"formed"}
    assert scan_requests(store).unanswered == {}, "the sensor has nothing left to do"


def test_form_with_an_invalid_value_names_it_and_leaves_nothing(
    base: Path, instance: dg.DagsterInstance
) -> None:
    ran = fill_form(base, instance, name="../up", tempo=1000.0)
    [failed] = [event for event in ran.all_events if event.is_step_failure]
    error = failed.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert "tempo must be at most 250, got 1000" in error.cause.message
    assert instance.get_dynamic_partitions("requests") == []


def test_a_request_file_goes_through_the_assets_and_their_checks(
    base: Path, instance: dg.DagsterInstance
) -> None:
    store = Store(base)
    write_request(sounding_request(store, "filed"), store.requests)
    register_requests(["filed"], instance)
    job = build_defs(str(base)).resolve_job_def("generate")
    ran = job.execute_in_process(instance=instance, partition_key="filed")
    checks = {(found.asset_key.to_user_string(), found.passed) for found in ran.get_asset_check_evaluations()}
    assert checks == {("track_description", True), ("track_midi", True), ("generated_track", True)}
    assert track_exists(store, "filed")
    assert read_asset_json(store, "generated_track", "filed")["request"]["name"] == "filed"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an instance, which `DAGSTER_HOME` names."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump({"telemetry": {"enabled": False}}))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


def emo(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run a command; return its exit code."""
    monkeypatch.setattr("sys.argv", ["emo", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


def test_command_line_runs_a_request_and_keeps_its_file(
    base: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ("--store", str(base), "--run")
    assert emo(monkeypatch, "request", "run", "--bars", "2", "--tempo", "140", *options) == 0
    said = capfd.readouterr()
    assert "run: " in said.out
    assert f"  {base / 'tracks' / 'run' / 'run.wav'}\n" in said.out
    assert said.err == ""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [record] = instance.get_runs()
        assert record.status is dg.DagsterRunStatus.SUCCESS
        assert record.tags["dagster/partition"] == "run"
    assert emo(monkeypatch, "request", "run", "--store", str(base)) == 0
    assert read_request(base / "requests" / "run.yaml").features.tempo == 140
    assert is_answered(Store(base), read_request(base / "requests" / "run.yaml"))


def test_command_line_starts_no_second_run(
    base: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = dg.DagsterRun("generate", tags={"dagster/partition": "busy"})
        instance.add_run(run)
        event = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name)
        instance.report_dagster_event(event, run.run_id)
    assert emo(monkeypatch, "request", "busy", "--store", str(base), "--run") == 2
    assert capsys.readouterr().err == (
        f"emo: run {run.run_id[:8]} is already making the song of busy; wait until it ends\n"
    )


def test_command_line_deletes_a_request(
    base: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_request(TrackRequest(name="unwanted", bars=2), Store(base).requests)
    for code in (0, 2):
        assert emo(monkeypatch, "request", "unwanted", "--remove", "--store", str(base)) == code
    said = capsys.readouterr()
    assert said.out == "unwanted and its track are removed\n"
    assert said.err.startswith("emo: there is no request 'unwanted' in ")
    assert os.environ["DAGSTER_HOME"] == str(home)
