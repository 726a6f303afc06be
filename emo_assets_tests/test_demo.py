from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import soundfile
from pebble import ProcessExpired

from emo_assets.definitions import build_defs
from emo_assets.demo import LONGEST_FIRST, TRAINING, Demo, main, materialize_in_checkout, songs_table
from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.errors import InputError, WorkerError
from emo_assets.features import FeatureVector
from emo_assets.parallel import worker_pool
from emo_assets.pipeline.instance import checkout_instance, register_requests
from emo_assets.pipeline.resources import RawDataSource
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store

REQUESTS = (
    TrackRequest(name="glad", features=FeatureVector(valence=0.9, tempo=132.5, key=7), bars=4, seed=1),
    TrackRequest(name="waltz", features=FeatureVector(time_signature=3, tempo=88, mode=0), bars=5, seed=2),
)
SETTINGS = {spec.name: {"epochs": 3} for spec in MODEL_SPECS} | {
    "fidelity_report": {"songs": 2, "bars": 1},
    "scoreboard": {"samples": 2},
    "control_report": {"levels": 2, "sweeps": 1, "drawn": 0, "repeated": 0, "bars": 1},
    "guidance_report": {"levels": 2},
    "musicality_report": {"seeds": 0, "corpus": 5},
}


def demo(instance: dg.DagsterInstance, base: Path) -> Demo:
    definitions = build_defs(str(base), raw_data=RawDataSource(sample_songs=60, sample_seed=1))
    return Demo(instance, Store(base), definitions, SETTINGS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A demo that has run once: its base path, its instance and what it returned."""
    base = tmp_path_factory.mktemp("demo")
    for request in REQUESTS:
        write_request(request, Store(base).requests)
    with dg.DagsterInstance.ephemeral() as instance:
        yield base, instance, demo(instance, base).run()


@pytest.mark.slow
def test_every_request_becomes_a_song_of_its_length_and_tempo(finished: Any) -> None:
    _, _, documents = finished
    assert [document["request"]["name"] for document in documents] == ["glad", "waltz"]
    for document, request in zip(documents, REQUESTS, strict=True):
        assert document["heard"]["tempo"] == pytest.approx(request.features.tempo, abs=0.01)
        assert document["heard"]["bars"] == request.bars
        assert document["heard"]["time_signature"] == f"{request.features.time_signature}/4"
        samples, rate = soundfile.read(document["files"]["wav"])
        beats = request.bars * request.features.time_signature
        assert len(samples) / rate >= (beats - request.features.time_signature) * 60 / request.features.tempo
        assert 0.05 < abs(samples).max() <= 10 ** (-1 / 20) + 1e-4
        assert samples.shape[1] == 2


@pytest.mark.slow
def test_every_asset_is_recorded_and_no_midi_file_is_lost(finished: Any) -> None:
    import pandas as pd

    base, instance, _ = finished
    graph = build_defs(str(base)).resolve_asset_graph()
    assert all(instance.get_latest_materialization_event(key) for key in graph.get_all_asset_keys())
    files = pd.read_parquet(base / "assets" / "lakh_midi.parquet")
    refused = pd.read_parquet(base / "assets" / "rejected_lakh_files.parquet")
    described = pd.concat(
        pd.read_parquet(path) for path in (base / "assets" / "figaro_descriptions").iterdir()
    )
    rejected = pd.concat(pd.read_parquet(path) for path in (base / "assets" / "rejected_midi").iterdir())
    assert len(rejected) > 0
    assert rejected["reason"].str.len().gt(0).all()
    named = described[["msd_track_id", "md5"]].drop_duplicates()
    assert len(files) + len(refused) == len(named) + len(rejected)


@pytest.mark.slow
def test_a_second_run_makes_only_the_changed_request(
    finished: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    base, instance, before = finished
    runs = instance.get_runs_count()
    assert demo(instance, base).run() == before
    assert instance.get_runs_count() == runs
    changed = REQUESTS[0].model_copy(update={"mood": "gladder"})
    write_request(changed, Store(base).requests)
    after = demo(instance, base).run()
    assert instance.get_runs_count() == runs + 1
    assert after[0]["request"]["mood"] == "gladder"
    assert after[1] == before[1]


@pytest.mark.slow
def test_a_lost_file_is_made_again(finished: Any) -> None:
    base, instance, _ = finished
    Path(demo(instance, base).run()[1]["files"]["ogg"]).unlink()
    assert Path(demo(instance, base).run()[1]["files"]["ogg"]).exists()


@pytest.mark.slow
def test_workers_materialize_assets_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "dagster_home").mkdir(parents=True)
    (tmp_path / "data" / "dagster_home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "data" / "dagster_home"))
    write_request(REQUESTS[0], Store().requests)
    with dg.DagsterInstance.get() as instance:
        register_requests(["glad"], instance)
    with worker_pool(2) as pool:
        pool.schedule(materialize_in_checkout, ([dg.AssetKey("requested_features")], "glad")).result()
        failing = pool.schedule(materialize_in_checkout, ([dg.AssetKey("lstm_misc")],))
        with pytest.raises(InputError, match="training_set is not in the store yet"):
            failing.result()
    with checkout_instance() as instance:
        made = instance.get_latest_materialization_event(dg.AssetKey("requested_features"))
        assert made is not None
        assert made.asset_materialization is not None
        assert made.asset_materialization.partition == "glad"


def test_the_limit_of_trainings_stays_when_nothing_is_outdated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_slots(*_: object) -> None:
        pytest.fail("the limit is changed")

    monkeypatch.setattr("emo_assets.pipeline.staleness.Staleness.is_current", lambda *_: True)
    monkeypatch.setattr("emo_assets.demo.pool_slots", no_slots)
    with dg.DagsterInstance.ephemeral() as instance, worker_pool(1) as pool:
        demo(instance, tmp_path)._run_stage(TRAINING, pool)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (WorkerError("workers do not start"), "workers do not start"),
        (ProcessExpired("Abnormal termination"), "a worker process died"),  # type: ignore[no-untyped-call]
    ],
)
def test_dead_workers_end_the_demo_in_one_line(
    error: Exception, problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("emo_assets.demo.checkout_instance", fail)
    assert main() == 1
    assert capsys.readouterr().err == f"demo: {problem}; run `make demo` again to resume\n"


def test_the_longest_trainings_come_first() -> None:
    assert set(LONGEST_FIRST[:2]) == {"transformer", "lstm_full"}
    assert LONGEST_FIRST[2] == "lstm_misc"
    assert sorted(LONGEST_FIRST) == sorted(spec.name for spec in MODEL_SPECS)


def test_the_table_has_length_tempo_bars_key_and_path() -> None:
    document = {
        "request": {"name": "glad"},
        "seconds": 12.34,
        "heard": {"tempo": 120.0, "bars": 4, "key_name": "G major"},
        "files": {"wav": "data/tracks/glad/glad.wav"},
    }
    head, row = songs_table([document]).splitlines()
    assert head.split() == ["song", "seconds", "tempo", "bars", "key", "path"]
    assert row.split() == ["glad", "12.3", "120.0", "4", "G", "major", "data/tracks/glad/glad.wav"]
