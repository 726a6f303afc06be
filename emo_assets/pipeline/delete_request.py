"""Removing a request: its file, its song and its partition.

That it was once made stays in Dagster's history, which knows no way to forget single partitions.
"""

from __future__ import annotations

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.instance import checkout_instance
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.track_store import asset_path
from emo_assets.song_request import validate_name
from emo_assets.store import Store

TRACK_ASSETS = ("generated_track", "track_midi", "track_description", "requested_features")


def delete_from_checkout(store: Store, name: str) -> None:
    """Remove a request from a store and from the checkout's own instance.

    Raises:
        InputError: there is nothing of that name, or no instance.
    """
    with checkout_instance() as instance:
        delete_request(instance, store, name)


def delete_request(instance: dg.DagsterInstance, store: Store, name: str) -> None:
    """Remove a request and everything that was made of it.

    A removal that was cut off can be repeated.

    Args:
        instance: where it is a partition.
        store: where its files are.
        name: the request's name.

    Raises:
        InputError: there is nothing of that name.
    """
    file = store.requests / f"{validate_name(name)}.yaml"
    song = store.tracks / name
    kept = [path for path in (asset_path(store, asset, name) for asset in TRACK_ASSETS) if path.exists()]
    registered = instance.has_dynamic_partition(str(REQUESTS.name), name)
    if not (file.exists() or song.exists() or kept or registered):
        known = ", ".join(sorted(path.stem for path in store.requests.glob("*.yaml"))) or "none"
        raise InputError(f"there is no request {name!r} in {store.requests}; there are: {known}")
    if file.exists():
        file.unlink()
    for path in kept:
        path.unlink()
    if song.exists():
        for path in song.iterdir():
            path.unlink()
        song.rmdir()
    if registered:
        instance.delete_dynamic_partition(str(REQUESTS.name), name)
