from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from emo_assets.pipeline.external_events import report_track
from emo_assets.pipeline.io_managers import io_managers
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.track_store import asset_path, read_asset_json, track_exists
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store
from emo_assets_tests.studio.quick_generator import QuickGenerator

ASSETS = ("requested_features", "track_description", "track_midi", "generated_track")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    instance = dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance")))
    yield instance
    instance.dispose()


@pytest.fixture
def request_(tmp_path: Path) -> TrackRequest:
    """A request of the test's own."""
    features = {"tempo": 97, "key": 2}
    name = tmp_path.name.lower().replace("_", "-")[-60:]
    return TrackRequest.from_values({"name": name, "mood": "Joy", "bars": 3, "features": features})


@pytest.fixture
def store(tmp_path: Path, request_: TrackRequest) -> Store:
    """A store with one song that no run has made."""
    (tmp_path / "champion.txt").write_text("first")
    QuickGenerator(str(tmp_path)).generate(request_, lambda _stage, _done, _total: None)
    return Store(tmp_path)


def materializations(
    instance: dg.DagsterInstance, asset: str, name: str
) -> list[tuple[int, dg.AssetMaterialization]]:
    chosen = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[name])
    records = instance.fetch_materializations(chosen, limit=10).records
    return [(record.storage_id, record.asset_materialization) for record in records]  # type: ignore[misc]


def test_a_song_becomes_a_materialization_of_all_four_assets(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    name = request_.name
    report_track(instance, store, name)
    assert instance.has_dynamic_partition(str(REQUESTS.name), name)
    made = {asset: materializations(instance, asset, name) for asset in ASSETS}
    assert [len(each) for each in made.values()] == [1, 1, 1, 1]
    for asset, [(_, shown)] in made.items():
        assert shown.metadata["path"].value == str(asset_path(store, asset, name))
    song = made["generated_track"][0][1].metadata
    assert song["tempo"].value == pytest.approx(97, abs=0.01)
    assert song["key"].value == "D major"
    assert song["mood"].value == "Joy"
    assert {"wav", "ogg", "midi", "asked_and_measured", "piano_roll_preview"} <= set(song)
    description = made["track_description"][0][1].metadata
    assert (description["champion"].value, description["bars"].value) == ("first", 3)
    assert description["form"].value == "outro A 3"


def test_repeated_report_adds_only_missing_materializations(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    name = request_.name
    instance.report_runless_asset_event(
        dg.AssetMaterialization("requested_features", partition=name, metadata={"mark": 1})
    )
    for _ in range(3):
        report_track(instance, store, name)
    made = {asset: materializations(instance, asset, name) for asset in ASSETS}
    assert [len(each) for each in made.values()] == [1, 1, 1, 1]
    assert "mark" in made["requested_features"][0][1].metadata


def test_upstream_assets_are_reported_first(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    report_track(instance, store, request_.name)
    order = [materializations(instance, asset, request_.name)[0][0] for asset in ASSETS]
    assert order == sorted(order)


def test_report_writes_the_request_file(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    path = store.requests / f"{request_.name}.yaml"
    assert not path.exists(), "a request file without a record asks for a run"
    report_track(instance, store, request_.name)
    assert read_request(path) == request_


def test_assets_read_the_stored_files(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    report_track(instance, store, request_.name)
    found: dict[str, object] = {}

    @dg.asset(
        partitions_def=REQUESTS,
        ins={
            asset: dg.AssetIn(input_manager_key="midi_files" if asset == "track_midi" else "documents")
            for asset in ASSETS
        },
        io_manager_key="documents",
    )
    def reader(
        requested_features: object, track_description: object, track_midi: object, generated_track: object
    ) -> None:
        found.update(
            zip(ASSETS, (requested_features, track_description, track_midi, generated_track), strict=True)
        )

    upstream = [
        dg.AssetSpec(asset, partitions_def=REQUESTS).with_io_manager_key(
            "midi_files" if asset == "track_midi" else "documents"
        )
        for asset in ASSETS
    ]
    base = str(store.base)
    dg.materialize(
        [*upstream, reader],
        selection=[reader],
        partition_key=request_.name,
        instance=instance,
        resources=dict(io_managers(base)),
    )
    assert found.pop("track_midi") == asset_path(store, "track_midi", request_.name).read_bytes()
    assert found == {asset: read_asset_json(store, asset, request_.name) for asset in found}


def test_incomplete_track_is_not_reported(
    instance: dg.DagsterInstance, store: Store, request_: TrackRequest
) -> None:
    asset_path(store, "track_midi", request_.name).unlink()
    with pytest.raises(FileNotFoundError):
        report_track(instance, store, request_.name)
    assert not materializations(instance, "requested_features", request_.name)
    assert track_exists(store, request_.name)
