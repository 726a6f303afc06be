"""Reports to Dagster of tracks that are made outside of the generation assets."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from emo_assets.pipeline.instance import register_requests
from emo_assets.pipeline.metadata import (
    description_metadata,
    midi_metadata,
    request_metadata,
    track_metadata,
)
from emo_assets.pipeline.track_store import asset_path, read_asset_json
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store


def report_track(instance: dg.DagsterInstance, store: Store, name: str) -> None:
    """Report a stored track as materializations of the four generation assets, under its partition.

    The request file is written too, so that a run can repeat the track. The function can be repeated after an
    interruption: it reports only materializations that are missing.

    Args:
        instance: the instance to report to.
        store: the store of the track.
        name: name of the request, which becomes a partition.

    Raises:
        FileNotFoundError: the store does not hold all of the track.
    """
    materializations = list(track_materializations(store, name))
    # only now: the sensor would ask for a run of a request file without a track
    write_request(
        TrackRequest.from_values(read_asset_json(store, "requested_features", name)), store.requests
    )
    register_requests([name], instance)
    for materialization in materializations:
        reported = dg.AssetRecordsFilter(asset_key=materialization.asset_key, asset_partitions=[name])
        if not instance.fetch_materializations(reported, limit=1).records:
            instance.report_runless_asset_event(materialization)


def track_materializations(store: Store, name: str) -> Iterator[dg.AssetMaterialization]:
    """Yield the materializations of the four generation assets of a stored track, upstream assets first.

    Raises:
        FileNotFoundError: the store does not hold all of the track.
    """
    from upath import UPath

    request = TrackRequest.from_values(read_asset_json(store, "requested_features", name))
    description = read_asset_json(store, "track_description", name)
    midi = asset_path(store, "track_midi", name).read_bytes()
    document = read_asset_json(store, "generated_track", name)
    metadata = {
        "requested_features": request_metadata(request),
        "track_description": description_metadata(description["champion"], description["tokens"], request),
        "track_midi": midi_metadata(midi, request),
        "generated_track": track_metadata(document, UPath(document["files"]["piano_roll"]).read_bytes()),
    }
    for asset, shown in metadata.items():
        path = dg.MetadataValue.path(str(asset_path(store, asset, name)))
        yield dg.AssetMaterialization(asset, partition=name, metadata={"path": path, **shown})
