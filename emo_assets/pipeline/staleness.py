"""Whether what the store holds of an asset is there, and newer than everything it is made of.

For code that materializes only what is needed. Dagster shows staleness by code and data version in its UI;
this is the plain answer by presence and time.
"""

from __future__ import annotations

import dagster as dg

from emo_assets.store import Store


class Staleness:
    """Answers for the assets of one graph in one store.

    Args:
        instance: where materializations are recorded.
        store: where what assets hold is kept.
        graph: the assets and what they are made of.
    """

    def __init__(self, instance: dg.DagsterInstance, store: Store, graph: dg.AssetGraph) -> None:
        self._instance = instance
        self._store = store
        self._graph = graph

    def is_current(self, key: dg.AssetKey, partition: str | None = None) -> bool:
        """Tell whether an asset is complete in the store and no parent was materialized after it.

        Args:
            key: the asset.
            partition: one partition of it; all of them when none is named.
        """
        made = self._made_at(key, partition)
        if made is None:
            return False
        node = self._graph.get(key)
        for parent in node.parent_keys:
            same_partitions = self._graph.get(parent).partitions_def == node.partitions_def
            parent_made = self._made_at(parent, partition if same_partitions else None)
            if parent_made is None or parent_made > made:
                return False
        return True

    def _made_at(self, key: dg.AssetKey, partition: str | None) -> float | None:
        """Return when an asset was last materialized, None where it or one of its partitions is missing."""
        [name] = key.path
        partitions = self._graph.get(key).partitions_def
        if partitions is None:
            files = [name]
        else:
            files = [
                f"{name}/{each}" for each in ([partition] if partition else partitions.get_partition_keys())
            ]
        if not all(any(self._store.assets.glob(f"{file}.*")) for file in files):
            return None
        records = self._instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None), limit=1
        ).records
        return records[0].timestamp if records else None
