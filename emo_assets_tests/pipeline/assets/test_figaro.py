from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import torch

from emo_assets.definitions import build_defs
from emo_assets.errors import InputError
from emo_assets.figaro import weights
from emo_assets.figaro.config import TRAININGS, TrainingConfig
from emo_assets.store import Store
from emo_assets_tests.datasets.downloads.server import Served, serving
from emo_assets_tests.figaro.conftest import LITTLE, midi, random_network
from emo_assets_tests.figaro.test_released_checkpoint import Dangerous, lightning

__all__ = ["midi"]

MODEL, REPORT = dg.AssetKey("figaro_model"), dg.AssetKey("fidelity_report")


@pytest.fixture
def store(tmp_path: Path, midi: list[bytes]) -> Store:
    """A store that holds eight songs."""
    store = Store(tmp_path / "store")
    (tmp_path / "store" / "assets").mkdir(parents=True)
    sums = [hashlib.md5(content).hexdigest() for content in midi]
    songs = pd.DataFrame({"msd_track_id": "TR", "md5": sums, "path": sums, "content": midi})
    songs.to_parquet(tmp_path / "store" / "assets" / "lakh_midi.parquet")
    return store


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "figaro-expert.ckpt"
    torch.save(lightning(random_network(LITTLE)), path)
    return path


@pytest.fixture
def served(checkpoint: Path) -> Iterator[Served]:
    with serving(checkpoint.read_bytes()) as served:
        yield served


def materialized(store: Store, asset: dg.AssetKey, **config: Any) -> Mapping[str, dg.MetadataValue[Any]]:
    """Materialize one asset as the UI would, and return its metadata."""
    job = build_defs(str(store.base)).resolve_implicit_global_asset_job_def()
    [name] = asset.path
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(
            instance=instance, asset_selection=[asset], run_config={"ops": {name: {"config": config}}}
        )
        event = instance.get_latest_materialization_event(asset)
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization.metadata


def refusal(store: Store, **config: Any) -> str:
    """Return the message that refuses a configuration of figaro_model: one line, and nothing is kept."""
    with pytest.raises(InputError) as error:
        materialized(store, MODEL, **config)
    assert "\n" not in str(error.value)
    assert not (store.assets / "figaro_model.safetensors").exists()
    downloads = store.base / "downloads"
    kept = [path.name for path in downloads.iterdir()] if downloads.exists() else []
    assert [name for name in kept if not name.endswith(".lock")] == []
    return str(error.value)


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bundled_weights_are_the_default(store: Store) -> None:
    assert materialized(store, MODEL)["source"].value == "bundled"
    assert (store.assets / "figaro_model.safetensors").read_bytes() == weights.bundled_bytes()


def test_a_checkpoint_is_converted_with_its_sizes(store: Store, checkpoint: Path) -> None:
    metadata = materialized(
        store, MODEL, source="checkpoint", checkpoint=str(checkpoint), sha256=sum_of(checkpoint).upper()
    )
    content = (store.assets / "figaro_model.safetensors").read_bytes()
    assert weights.from_bytes(content).config == LITTLE
    assert weights.read_provenance(content) == {"checkpoint": "figaro-expert.ckpt"}
    assert metadata["sizes"].value == LITTLE.model_dump()


def test_download_of_a_checkpoint_resumes_and_happens_once(store: Store, served: Served) -> None:
    served.drops = [50_000]
    address = served.url + "?key=secret"
    sha256 = hashlib.sha256(served.content).hexdigest()
    for _ in range(2):
        materialized(store, MODEL, source="checkpoint", checkpoint=address, sha256=sha256)
    assert served.asked == ["", "bytes=50000-"]
    content = (store.assets / "figaro_model.safetensors").read_bytes()
    assert weights.from_bytes(content).config == LITTLE
    assert weights.read_provenance(content) == {"checkpoint": served.url}


def test_checkpoint_with_another_checksum_is_refused(store: Store, served: Served, checkpoint: Path) -> None:
    for place in (served.url, str(checkpoint)):
        message = refusal(store, source="checkpoint", checkpoint=place, sha256="0" * 64)
        assert place in message
        assert sum_of(checkpoint) in message


def test_invalid_download_is_not_kept(store: Store, served: Served, tmp_path: Path) -> None:
    good, trace = served.content, tmp_path / "it ran"
    torch.save(lightning(random_network(LITTLE), callbacks=Dangerous(os.system, f"touch '{trace}'")), "evil")
    evil = Path("evil").read_bytes()
    Path("evil").unlink()
    for content in (b"<html>404</html>", good[: len(good) // 2], evil):
        served.content = content
        assert refusal(store, source="checkpoint", checkpoint=served.url).startswith(served.url)
    assert not trace.exists()
    served.content = good
    materialized(store, MODEL, source="checkpoint", checkpoint=served.url)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"source": "checkpoint"}, "no checkpoint is named"),
        ({"checkpoint": "figaro.ckpt"}, "source is 'bundled'"),
        ({"source": "train", "sha256": "0" * 64}, "source is 'train'"),
        ({"source": "checkpoint", "checkpoint": "x.ckpt", "sha256": "abc"}, "is not a sha256"),
        ({"source": "checkpoint", "checkpoint": "/nowhere/x.ckpt"}, "/nowhere/x.ckpt: cannot be read"),
        ({"source": "checkpoint", "checkpoint": "http://"}, "is not a valid URL"),
    ],
)
def test_invalid_settings_are_refused_in_one_line(config: dict[str, Any], said: str, store: Store) -> None:
    assert said in refusal(store, **config)


def test_training_shows_its_curve_and_is_evaluated_on_held_out_songs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = TrainingConfig(network=LITTLE, steps=4, batch=2, held_out_share=0.5, evaluate_every=2)
    monkeypatch.setitem(TRAININGS, "tiny", little)
    metadata = materialized(store, MODEL, source="train", seed=3)
    assert metadata["step"].value in (2, 4)
    assert "learning curve" in str(metadata["learning_curve"].value)
    materialized(store, REPORT, bars=2)
    songs = pd.read_parquet(str(store.assets / "lakh_midi.parquet"))
    [measured] = pd.read_parquet(str(store.assets / "fidelity_report.parquet"))["songs"].unique()
    assert 2 <= measured < len(songs)


def test_the_fidelity_report_is_a_table_and_a_picture(store: Store) -> None:
    materialized(store, MODEL)
    metadata = materialized(store, REPORT, songs=3, bars=2, candidates=2)
    table = pd.read_parquet(str(store.assets / "fidelity_report.parquet")).set_index("measure")
    assert list(table.columns) == ["written", "best", "ceiling", "floor", "songs"]
    assert set(table["songs"]) == {3}
    assert table["written"]["time_signature"] == 1
    assert table["best"]["agreement"] >= table["written"]["agreement"]
    assert Path(str(metadata["file"].value)).read_bytes().startswith(b"\x89PNG")
    assert "| instrument f1 |" in str(metadata["fidelity"].value)
