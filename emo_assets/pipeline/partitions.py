"""How assets are cut into partitions: shards of the Lakh files, and one partition a request."""

from __future__ import annotations

import zlib

import dagster as dg

SHARD_COUNT = 8
"""Shards of the MIDI files: few and large, since one machine starts runs slowly and describes quickly."""

SHARDS = dg.StaticPartitionsDefinition([f"shard-{number}" for number in range(SHARD_COUNT)])
"""The shards, by a hash of the MSD id."""

REQUESTS = dg.DynamicPartitionsDefinition(name="requests")
"""One partition a request, by its name."""


def shard_of(msd_track_id: str) -> str:
    """Return the shard that holds the MIDI files of an MSD track: stable, whatever else there is."""
    return f"shard-{zlib.crc32(msd_track_id.encode()) % SHARD_COUNT}"
