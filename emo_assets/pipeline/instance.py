"""The Dagster instance of a checkout, for code that Dagster does not run: requests, pools and staleness."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import SensorInstigatorData
from filelock import FileLock

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.request_runs import runs_in_progress
from emo_assets.pipeline.run_launcher import CLOCK_TOLERANCE
from emo_assets.pipeline.track_store import TRACK_ASSETS, asset_path
from emo_assets.song_request import validate_name
from emo_assets.store import DEFAULT_BASE, Store

INSTANCE_FOLDER = "dagster_home"
"""Folder of a store that holds its instance, unless `DAGSTER_HOME` names another."""

MAX_REASON = 200
"""Characters of an error of Dagster that a message shows."""


def checkout_instance(base: str = DEFAULT_BASE) -> dg.DagsterInstance:
    """Return the instance that `make dev` and the `dagster` commands share, and set `DAGSTER_HOME` to it.

    Args:
        base: base path of the store whose instance it is; the checkout's by default.

    Raises:
        InputError: `DAGSTER_HOME` is not set, and the store has no instance; or the instance cannot be
            opened.
    """
    if not os.environ.get("DAGSTER_HOME"):
        home = Path(base) / INSTANCE_FOLDER
        if not (home / "dagster.yaml").exists():
            raise InputError(
                "there is no Dagster instance here: run this at the top level of the checkout, name its "
                "store with --store, or set DAGSTER_HOME to the absolute path of the instance's folder"
            )
        os.environ["DAGSTER_HOME"] = str(home.resolve())
    return _open_instance(Path(os.environ["DAGSTER_HOME"]).expanduser())


def _open_instance(home: Path) -> dg.DagsterInstance:
    """Open the instance that `DAGSTER_HOME` names.

    Raises:
        InputError: Dagster cannot open it.
    """
    if not home.is_absolute():
        raise InputError(f"DAGSTER_HOME is {home}, a relative path: set it to {home.resolve()}")
    if not home.is_dir():
        raise InputError(f"DAGSTER_HOME is {home}, which is not a folder: set it to the instance's folder")
    log = logging.getLogger("dagster")
    level = log.level
    log.setLevel(logging.ERROR)  # a folder without dagster.yaml is an instance, too
    try:
        # processes that lay out the tables of a new instance at the same time spoil it for good
        with FileLock(home / ".opening.lock"):
            instance = dg.DagsterInstance.get()
            instance.get_runs_count()
            instance.get_dynamic_partitions(str(REQUESTS.name))
            forget_future_ticks(instance)
        return instance
    except Exception as error:  # of Dagster, its databases, YAML, and modules that dagster.yaml names
        reason = " ".join(str(getattr(error, "orig", error)).split())[:MAX_REASON]
        raise InputError(
            f"the Dagster instance in {home} cannot be opened ({reason}): check dagster.yaml, the folder's "
            "permissions and its free space"
        ) from error
    finally:
        log.setLevel(level)


def forget_future_ticks(instance: dg.DagsterInstance) -> None:
    """Let sensors look again after the clock was set back.

    Dagster counts a sensor's interval from its last tick. When that lies in the future, the sensor sleeps
    until the clock has passed it.

    Args:
        instance: the instance of the sensors.
    """
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        data = state.instigator_data
        if not isinstance(data, SensorInstigatorData):
            continue
        latest = max(data.last_tick_timestamp or 0.0, data.last_tick_start_timestamp or 0.0)
        if latest > time.time() + CLOCK_TOLERANCE:
            forgotten = data._replace(last_tick_timestamp=None, last_tick_start_timestamp=None)
            instance.update_instigator_state(state.with_data(forgotten))


def register_requests(names: Iterable[str], instance: dg.DagsterInstance) -> None:
    """Make each request a partition, so that runs can render it.

    Args:
        names: names of the requests.
        instance: the instance to register them with.

    Raises:
        InputError: a name is not valid.
    """
    instance.add_dynamic_partitions(str(REQUESTS.name), [validate_name(name) for name in names])


def delete_request(store: Store, name: str, instance: dg.DagsterInstance) -> None:
    """Delete a request: its file, its track and its partition.

    Its materializations stay in Dagster's history. The function can be repeated after an interruption.

    Args:
        store: the store of its files.
        name: name of the request.
        instance: the instance of its partition.

    Raises:
        InputError: there is nothing of that name, or a run in progress is making its track.
    """
    file = store.requests / f"{validate_name(name)}.yaml"
    track = store.tracks / name
    # `generated_track` first: a track that is only partly there does not count as one
    files = [asset_path(store, asset, name) for asset in reversed(TRACK_ASSETS)]
    existing = [path for path in (file, *files) if path.exists()]
    registered = instance.has_dynamic_partition(str(REQUESTS.name), name)
    if not (existing or track.exists() or registered):
        known = ", ".join(sorted(path.stem for path in store.requests.glob("*.yaml"))) or "none"
        raise InputError(f"there is no request {name!r} in {store.requests}; there are: {known}")
    running = runs_in_progress(instance).get(name)
    if running is not None:  # it would write its files after the others are gone
        raise InputError(
            f"run {running[:8]} is making the song of {name}: cancel it or wait, and remove the request then"
        )
    for path in existing:
        path.unlink()
    if track.exists():
        for path in track.iterdir():
            path.unlink()
        track.rmdir()
    if registered:
        instance.delete_dynamic_partition(str(REQUESTS.name), name)


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
