"""Tables as they lie in the store, read column by column: checks need few columns of large files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import SHARDS, shard_of
from emo_assets.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from upath import UPath


class StoredTable:
    """The parquet file of an asset, or its files where it is kept in shards.

    Args:
        store: where it is.
        asset: the asset's name.
        shards: the shards that are looked at; None for an asset that is kept in one file.
    """

    def __init__(self, store: Store, asset: str, shards: Sequence[str] | None = None) -> None:
        folder = store.assets / asset
        self._files: list[UPath] = (
            [store.assets / f"{asset}.parquet"]
            if shards is None
            else [folder / f"{shard}.parquet" for shard in shards]
        )
        missing = [file for file in self._files if not file.exists()]
        if missing:
            raise InputError(f"{missing[0]}: {asset} is not in the store yet; materialize it first")

    def schema(self) -> tuple[pa.Schema, int]:
        """Return the columns' types, and how many rows there are in all files.

        The types are those of the first file that has rows: an empty table has lost them.
        """
        import pyarrow.parquet as parquet

        schemas, rows = [], []
        for file in self._files:
            with file.open("rb") as opened:
                metadata = parquet.ParquetFile(opened)
                schemas.append(metadata.schema_arrow)
                rows.append(int(metadata.metadata.num_rows))
        first = next((number for number, count in enumerate(rows) if count), 0)
        return schemas[first], sum(rows)

    def read(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read some columns of all files, or all columns."""
        import pandas as pd
        import pyarrow.parquet as parquet

        parts = []
        for file in self._files:
            with file.open("rb") as opened:
                parts.append(parquet.ParquetFile(opened).read(columns=columns).to_pandas())
        # Empty tables have lost their types and would spoil those of the others.
        joined: pd.DataFrame = pd.concat(
            [part for part in parts if len(part)] or parts[:1], ignore_index=True
        )
        return joined


def shards_of_run(context: dg.AssetCheckExecutionContext) -> list[str]:
    """Return the shards that a run is about: its partition or range, or all where it names none."""
    tags = context.run.tags
    all_shards = SHARDS.get_partition_keys()
    first = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
    last = tags.get("dagster/asset_partition_range_end") or first
    if first not in all_shards or last not in all_shards:
        return list(all_shards)
    return list(all_shards[all_shards.index(first) : all_shards.index(last) + 1])


def of_shards(table: pd.DataFrame, column: str, shards: Sequence[str]) -> Any:
    """Return the rows whose id in `column` belongs to one of some shards."""
    return table[table[column].map(shard_of).isin(list(shards))]
