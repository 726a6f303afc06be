from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from emo_assets.pipeline.staleness import Staleness
from emo_assets.store import Store
from emo_assets_tests.pipeline.test_io_managers import ASSETS, materialize, resources


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _materialize(instance: dg.DagsterInstance, base: Path, *names: str, span: bool = False) -> Any:
    tags = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "b"}
    return dg.materialize(
        ASSETS,
        selection=list(names),
        tags=tags if span else None,
        resources=resources(base),
        instance=instance,
    )


def _staleness(instance: dg.DagsterInstance, base: Path) -> Staleness:
    graph = dg.Definitions(assets=ASSETS, resources=resources(base)).resolve_asset_graph()
    return Staleness(instance, Store(base), graph)


def test_asset_that_was_never_materialized_is_not_current(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert not _staleness(instance, tmp_path).is_current(dg.AssetKey("numbers"))


def test_an_asset_is_current_until_a_parent_is_newer(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    _materialize(instance, tmp_path, "numbers")
    _materialize(instance, tmp_path, "parts", span=True)
    staleness = _staleness(instance, tmp_path)
    assert staleness.is_current(dg.AssetKey("numbers"))
    assert staleness.is_current(dg.AssetKey("parts"))
    _materialize(instance, tmp_path, "numbers")
    assert staleness.is_current(dg.AssetKey("numbers"))
    assert not staleness.is_current(dg.AssetKey("parts"))


def test_a_missing_partition_or_file_is_not_current(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    _materialize(instance, tmp_path, "numbers")
    _materialize(instance, tmp_path, "parts", span=True)
    staleness = _staleness(instance, tmp_path)
    (tmp_path / "assets" / "parts" / "b.parquet").unlink()
    assert not staleness.is_current(dg.AssetKey("parts"))
    assert staleness.is_current(dg.AssetKey("parts"), "a")


def test_an_unrecorded_file_is_not_current(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    materialize(tmp_path, "numbers")
    assert not _staleness(instance, tmp_path).is_current(dg.AssetKey("numbers"))
