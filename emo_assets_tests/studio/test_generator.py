from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pretty_midi
import pytest
import soundfile

from emo_assets.errors import InputError
from emo_assets.pipeline.track_store import read_asset_json, track_exists
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store
from emo_assets.studio.generator import SongGenerator
from emo_assets.studio.task_progress import Stage
from emo_assets.studio.worker import Cancelled
from emo_assets_tests.studio.studio_process import StudioProcess, wait_until


def silent(stage: Stage, done: int, total: int) -> None:
    """Ignore progress."""


def test_a_request_becomes_a_song_of_the_champion(base: Path) -> None:
    generator = SongGenerator(str(base))
    request = TrackRequest.from_values({"name": "joy", "mood": "$\\frac{ <b>", "bars": 2, "seed": 1})
    heard: list[tuple[Stage, float]] = []
    assert generator.load() == "first"
    assert (
        generator.generate(request, lambda stage, done, total: heard.append((stage, done / total))) == "first"
    )
    assert list(dict.fromkeys(stage for stage, _ in heard)) == [
        Stage.DESCRIBING,
        Stage.COMPOSING,
        Stage.RENDERING,
    ]
    document = read_asset_json(Store(base), "generated_track", "joy")
    midi = pretty_midi.PrettyMIDI(io.BytesIO((base / "tracks" / "joy" / "joy.mid").read_bytes()))
    assert document["heard"]["tempo"] == pytest.approx(midi.get_tempo_changes()[1][0], abs=0.01)
    assert document["heard"]["notes"] == sum(len(instrument.notes) for instrument in midi.instruments) > 0
    samples, _ = soundfile.read(base / "tracks" / "joy" / "joy.ogg")
    assert abs(samples).max() > 0.05, "the song is silent"


def test_a_song_that_exists_is_not_generated_again(base: Path) -> None:
    generator = SongGenerator(str(base))
    request = TrackRequest(name="joy", bars=1, seed=1)
    generator.load()
    generator.generate(request, silent)
    written = (base / "tracks" / "joy" / "joy.wav").stat().st_mtime_ns
    assert generator.generate(request, silent) == "first"
    assert (base / "tracks" / "joy" / "joy.wav").stat().st_mtime_ns == written


def test_a_cancelled_song_does_not_look_finished(base: Path) -> None:
    def cancel(stage: Stage, done: int, total: int) -> None:
        if stage is Stage.COMPOSING and done > 0:
            raise Cancelled

    generator = SongGenerator(str(base))
    generator.load()
    with pytest.raises(Cancelled):
        generator.generate(TrackRequest(name="joy", bars=8), cancel)
    assert not track_exists(Store(base), "joy")


def test_a_new_champion_is_loaded_when_its_record_changes(base: Path) -> None:
    generator = SongGenerator(str(base))
    assert generator.load() == "first"
    (base / "champions" / "first").rename(base / "champions" / "second")
    record = base / "assets" / "champion.json"
    record.write_text(record.read_text().replace('"first"', '"second"'))
    assert generator.load() == "second"


@pytest.mark.parametrize("missing", ["assets/champion.json", "assets/figaro_model.safetensors", "champions"])
def test_models_that_are_missing_or_damaged_are_named(base: Path, missing: str) -> None:
    path = base / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"champion|FIGARO"):
        SongGenerator(str(base)).load()
    if path.exists():
        path.unlink()
        with pytest.raises(InputError, match="make demo"):
            SongGenerator(str(base)).load()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance that processes find through DAGSTER_HOME."""
    home = tmp_path / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.mark.slow
def test_the_studio_generates_real_songs_and_records_them(base: Path, instance: dg.DagsterInstance) -> None:
    studio = StudioProcess(base, is_real=True).start()
    try:
        with studio.client() as client:
            task_id = client.post("/submit", json={"bars": 1, "seed": 1}).json()["task_id"]

            def status() -> str:
                return str(client.get("/status", params={"task_id": task_id}).json()["status"])

            wait_until(lambda: status() not in ("queued", "in_progress"), seconds=180)
            assert status() == "finished"
            sound = client.get("/result", params={"task_id": task_id, "format": "ogg"}).content
        assert soundfile.info(io.BytesIO(sound)).duration > 1
        key = dg.AssetKey("generated_track")
        wait_until(lambda: task_id in instance.get_materialized_partitions(key), seconds=180)
    finally:
        studio.kill()
