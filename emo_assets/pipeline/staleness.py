"""Whether stored assets are up to date, for code that materializes only what is outdated."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from emo_assets.store import Store


@dataclass(frozen=True)
class Staleness:
    """Tells whether the assets of a graph are up to date, by their presence and the time of their making.

    Args:
        instance: the instance of the materializations.
        store: the store of the assets.
        graph: the assets and their dependencies.
    """

    instance: dg.DagsterInstance
    store: Store
    graph: dg.AssetGraph

    def is_current(self, key: dg.AssetKey, partition: str | None = None) -> bool:
        """Tell whether an asset is in the store and no upstream asset was materialized after it.

        Args:
            key: the asset.
            partition: one partition of it; all partitions by default.
        """
        made = self._materialized_at(key, partition)
        if made is None:
            return False
        node = self.graph.get(key)
        for parent in node.parent_keys:
            same_partitions = self.graph.get(parent).partitions_def == node.partitions_def
            parent_made = self._materialized_at(parent, partition if same_partitions else None)
            if parent_made is None or parent_made > made:
                return False
        return True

    def _materialized_at(self, key: dg.AssetKey, partition: str | None) -> float | None:
        """Return the time of the last materialization, None when a file is missing."""
        [name] = key.path
        partitions = self.graph.get(key).partitions_def
        files = [name]
        if partitions is not None:
            files = [
                f"{name}/{each}" for each in ([partition] if partition else partitions.get_partition_keys())
            ]
        if not all(any(self.store.assets.glob(f"{file}.*")) for file in files):
            return None
        chosen = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
        records = self.instance.fetch_materializations(chosen, limit=1).records
        return records[0].timestamp if records else None
