"""Recording a song that was made outside of runs, so that Dagster shows one history of all songs.

Reads what `track_files` has kept and reports it as materializations without a run. How songs are made is not
known here.
"""

from __future__ import annotations

from typing import Any

import dagster as dg
from upath import UPath

from emo_assets.pipeline.instance import register_requests
from emo_assets.pipeline.track_metadata import (
    description_metadata,
    midi_metadata,
    request_metadata,
    track_metadata,
)
from emo_assets.pipeline.track_store import asset_path, read_asset_json
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store


def report_track(instance: dg.DagsterInstance, store: Store, name: str) -> None:
    """Report a kept song as materializations of the four generation assets, under its partition.

    Its request file is written too, so that a run can make the song anew; not before, since a request file
    without a song asks for a run. What is reported already is not reported again, so a recording that was
    cut off can simply be repeated.

    Args:
        instance: where to.
        store: where the song is kept.
        name: the request's name; it becomes a partition.

    Raises:
        FileNotFoundError: the store does not hold all of the song.
    """
    request = TrackRequest.from_values(read_asset_json(store, "requested_features", name))
    metadata = _metadata(store, request)
    write_request(request, store.requests)
    register_requests([name], instance)
    for asset, shown in metadata.items():
        key = dg.AssetKey(asset)
        recorded = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[name])
        if instance.fetch_materializations(recorded, limit=1).records:
            continue
        path = dg.MetadataValue.path(str(asset_path(store, asset, name)))
        instance.report_runless_asset_event(
            dg.AssetMaterialization(key, partition=name, metadata={"path": path, **shown})
        )


def _metadata(store: Store, request: TrackRequest) -> dict[str, dict[str, Any]]:
    """Return what a run would show of each of the four assets, in the order of the flow."""
    name = request.name
    description = read_asset_json(store, "track_description", name)
    midi = asset_path(store, "track_midi", name).read_bytes()
    document = read_asset_json(store, "generated_track", name)
    return {
        "requested_features": request_metadata(request),
        "track_description": description_metadata(description["champion"], description["tokens"]),
        "track_midi": midi_metadata(midi, request),
        "generated_track": track_metadata(document, UPath(document["files"]["piano_roll"]).read_bytes()),
    }
