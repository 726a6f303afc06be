"""The Dagster instance of a checkout, for code that Dagster does not run: requests, pools and staleness."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.track_store import TRACK_ASSETS, asset_path
from emo_assets.song_request import validate_name
from emo_assets.store import DEFAULT_BASE, Store

CHECKOUT_HOME = Path(DEFAULT_BASE) / "dagster_home"
"""Folder of a checkout's instance, unless `DAGSTER_HOME` names another."""


def checkout_instance() -> dg.DagsterInstance:
    """Return the instance that `make dev` and the `dagster` commands share.

    Raises:
        InputError: `DAGSTER_HOME` is not set, and the working directory is not the top level of a checkout.
    """
    if "DAGSTER_HOME" not in os.environ:
        if not (CHECKOUT_HOME / "dagster.yaml").exists():
            raise InputError(
                "there is no Dagster instance here: run this at the top level of the checkout, "
                "or set DAGSTER_HOME to the absolute path of the instance's folder"
            )
        os.environ["DAGSTER_HOME"] = str(CHECKOUT_HOME.resolve())
    return dg.DagsterInstance.get()


def register_requests(names: Iterable[str], instance: dg.DagsterInstance | None = None) -> None:
    """Make each request a partition, so that runs can render it.

    Args:
        names: names of the requests.
        instance: the instance to register them with; the checkout's own by default.

    Raises:
        InputError: a name is not valid, or there is no instance.
    """
    valid = [validate_name(name) for name in names]
    if instance is None:
        with checkout_instance() as opened:
            opened.add_dynamic_partitions(str(REQUESTS.name), valid)
    else:
        instance.add_dynamic_partitions(str(REQUESTS.name), valid)


def delete_request(store: Store, name: str, instance: dg.DagsterInstance | None = None) -> None:
    """Delete a request: its file, its track and its partition.

    Its materializations stay in Dagster's history. The function can be repeated after an interruption.

    Args:
        store: the store of its files.
        name: name of the request.
        instance: the instance of its partition; the checkout's own by default.

    Raises:
        InputError: there is nothing of that name, or no instance.
    """
    if instance is None:
        with checkout_instance() as opened:
            return delete_request(store, name, opened)
    file = store.requests / f"{validate_name(name)}.yaml"
    track = store.tracks / name
    # `generated_track` first: a track that is only partly there does not count as one
    files = [asset_path(store, asset, name) for asset in reversed(TRACK_ASSETS)]
    existing = [path for path in (file, *files) if path.exists()]
    registered = instance.has_dynamic_partition(str(REQUESTS.name), name)
    if not (existing or track.exists() or registered):
        known = ", ".join(sorted(path.stem for path in store.requests.glob("*.yaml"))) or "none"
        raise InputError(f"there is no request {name!r} in {store.requests}; there are: {known}")
    for path in existing:
        path.unlink()
    if track.exists():
        for path in track.iterdir():
            path.unlink()
        track.rmdir()
    if registered:
        instance.delete_dynamic_partition(str(REQUESTS.name), name)
    return None


@contextmanager
def pool_slots(instance: dg.DagsterInstance, pool: str, slots: int) -> Iterator[None]:
    """Set the number of slots of a pool, and restore it afterwards.

    Args:
        instance: the instance of the pool.
        pool: name of the pool.
        slots: how many of its steps may run at a time.
    """
    storage = instance.event_log_storage
    before = {limit.name: limit for limit in storage.get_pool_limits()}.get(pool)
    storage.set_concurrency_slots(pool, slots)
    try:
        yield
    finally:
        if before is None or before.from_default:
            # the next step of the pool sets the instance's default again
            storage.delete_concurrency_limit(pool)
        else:
            storage.set_concurrency_slots(pool, before.limit)
