from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.errors import InputError
from emo_assets.pipeline.delete_request import TRACK_ASSETS, delete_request
from emo_assets.pipeline.instance import register_requests
from emo_assets.pipeline.track_store import asset_path
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store


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


def test_a_removed_request_leaves_nothing_and_others_as_they_are(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    for name in ("calm", "calm.2"):
        make(store, instance, name)
    delete_request(instance, store, "calm")
    left = {path.stem if path.is_file() else path.name for path in tmp_path.rglob("*calm*")}
    assert left == {"calm.2"}
    assert instance.get_dynamic_partitions("requests") == ["calm.2"]
    delete_request(instance, store, "calm.2")


def test_a_removal_that_was_cut_off_can_be_repeated(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    store = Store(tmp_path)
    make(store, instance, "calm")
    (store.requests / "calm.yaml").unlink()
    delete_request(instance, store, "calm")
    assert not list(tmp_path.rglob("*calm*"))
    assert instance.get_dynamic_partitions("requests") == []


def test_what_is_not_there_cannot_be_removed(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    store = Store(tmp_path)
    make(store, instance, "calm")
    with pytest.raises(InputError, match=r"there is no request 'other' in .*requests; there are: calm$"):
        delete_request(instance, store, "other")
    with pytest.raises(InputError, match="name may hold only"):
        delete_request(instance, store, "../requests")
