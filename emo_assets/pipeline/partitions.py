"""Partitions of assets: shards of the Lakh files, and one partition per request."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import dagster as dg

SHARD_COUNT = 8
"""Few and large shards, because a run takes long to start and a shard is quickly described."""

SHARDS = dg.StaticPartitionsDefinition([f"shard-{number}" for number in range(SHARD_COUNT)])
"""Shards of the MIDI files, by a hash of the Million Song id."""

REQUESTS = dg.DynamicPartitionsDefinition(name="requests")
"""One partition per request, by its name."""

_PARTITION, _START, _END = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)

ALL_SHARDS = {_START: SHARDS.get_partition_keys()[0], _END: SHARDS.get_partition_keys()[-1]}
"""Tags of a run over all shards."""


def shard_of(msd_track_id: str) -> str:
    """Return the shard of a Million Song track; it depends on the id alone."""
    return f"shard-{zlib.crc32(msd_track_id.encode()) % SHARD_COUNT}"


def shards_of_run(tags: Mapping[str, str]) -> list[str]:
    """Return the shards that a run covers: its partition or range of partitions, or all shards.

    Args:
        tags: the run's tags.
    """
    shards = list(SHARDS.get_partition_keys())
    first = tags.get(_START) or tags.get(_PARTITION)
    last = tags.get(_END) or first
    if first not in shards or last not in shards:
        return shards
    return shards[shards.index(first) : shards.index(last) + 1]


def request_of_run(tags: Mapping[str, str]) -> str | None:
    """Return the request that a run is for, None where it names no partition."""
    return tags.get(_PARTITION)


def partition_tag(name: str) -> dict[str, str]:
    """Return the tag of runs that are for the request `name`."""
    return {_PARTITION: name}
