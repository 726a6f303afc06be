"""From a form, and from a request file, to a song, with real models that have learnt next to nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from emo_assets.definitions import build_defs
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.generation import load_models
from emo_assets.pipeline.instance import register_requests
from emo_assets.pipeline.request_track import RequestForm, form_request
from emo_assets.pipeline.sensors import scan_requests
from emo_assets.pipeline.track_store import read_asset_json, track_exists
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
        assert fields[name].default == FeatureVector.model_fields[name].default
        assert fields[name].description == FeatureVector.model_fields[name].description
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
    assert scan_requests(store, {}).pending == [], "the sensor has nothing left to do"


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


def test_command_line_deletes_a_request(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from emo_assets.cli import main

    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump({"telemetry": {"enabled": False}}))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    write_request(TrackRequest(name="unwanted", bars=2), Store(base).requests)
    for name, code in (("unwanted", 0), ("unwanted", 2)):
        monkeypatch.setattr("sys.argv", ["emo", "request", name, "--remove", "--store", str(base)])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == code
    said = capsys.readouterr()
    assert said.out == "unwanted and its track are removed\n"
    assert said.err.startswith("emo: there is no request 'unwanted' in ")
    assert os.environ["DAGSTER_HOME"] == str(home)
    shutil.rmtree(home)
