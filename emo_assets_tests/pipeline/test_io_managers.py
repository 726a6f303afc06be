from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.pipeline.io_managers import COLUMNS_KEY, io_managers

PARTS = dg.StaticPartitionsDefinition(["a", "b"])


@dg.asset(io_manager_key="tables")
def numbers() -> Any:
    return pd.DataFrame({"n": [1, 2, 3], "ids": [[1], [2, 3], []]})


@dg.asset(io_manager_key="tables", partitions_def=PARTS, backfill_policy=dg.BackfillPolicy.single_run())
def parts(context: dg.AssetExecutionContext, numbers: Any) -> Any:
    tables = {key: numbers.assign(part=key) for key in context.partition_keys}
    return tables if len(tables) > 1 else tables[context.partition_keys[0]]


@dg.asset(io_manager_key="documents")
def summary(parts: dict[str, Any]) -> Any:
    return {key: len(table) for key, table in parts.items()}


@dg.asset(io_manager_key="weights")
def weights() -> Any:
    return b"\x00weights"


@dg.asset(
    io_manager_key="documents",
    ins={"numbers": dg.AssetIn(metadata={COLUMNS_KEY: ["n"]})},
)
def names_of_columns(numbers: Any) -> Any:
    return list(numbers.columns)


ASSETS = [numbers, parts, summary, weights, names_of_columns]


def resources(base: Path) -> dict[str, Any]:
    return dict(io_managers(str(base)))


def materialize(base: Path, *names: str, partition: str | None = None, span: bool = False) -> Any:
    tags = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "b"}
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            ASSETS,
            selection=list(names),
            partition_key=partition,
            tags=tags if span else None,
            resources=resources(base),
            instance=instance,
        )


def test_each_asset_is_one_file_named_after_it(tmp_path: Path) -> None:
    materialize(tmp_path, "numbers", "weights")
    assert sorted(path.name for path in (tmp_path / "assets").iterdir()) == [
        "numbers.parquet",
        "weights.safetensors",
    ]
    assert (tmp_path / "assets" / "weights.safetensors").read_bytes() == b"\x00weights"


def test_one_run_over_several_partitions_writes_one_file_each(tmp_path: Path) -> None:
    materialize(tmp_path, "numbers")
    materialize(tmp_path, "parts", span=True)
    assert sorted(path.name for path in (tmp_path / "assets" / "parts").iterdir()) == [
        "a.parquet",
        "b.parquet",
    ]
    assert materialize(tmp_path, "summary").output_for_node("summary") == {"a": 3, "b": 3}


def test_a_single_partition_is_written_alone(tmp_path: Path) -> None:
    materialize(tmp_path, "numbers")
    materialize(tmp_path, "parts", partition="b")
    assert [path.name for path in (tmp_path / "assets" / "parts").iterdir()] == ["b.parquet"]


def test_lists_of_numbers_round_trip(tmp_path: Path) -> None:
    materialize(tmp_path, "numbers")
    table = pd.read_parquet(tmp_path / "assets" / "numbers.parquet")
    assert [list(ids) for ids in table["ids"]] == [[1], [2, 3], []]


def test_input_is_read_in_the_requested_columns(tmp_path: Path) -> None:
    ran = materialize(tmp_path, "numbers", "names_of_columns")
    assert ran.output_for_node("names_of_columns") == ["n"]


def test_a_missing_input_names_what_to_materialize(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="numbers is not in the store yet") as caught:
        materialize(tmp_path, "parts", partition="a")
    assert "\n" not in str(caught.value)
