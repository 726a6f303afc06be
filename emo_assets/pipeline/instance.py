"""The Dagster instance of a checkout, for the code that is not run by Dagster itself.

Finds the instance, registers requests as partitions there, and ends runs that died. What a request holds is
not known here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.song_request import validate_name
from emo_assets.store import DEFAULT_BASE

CHECKOUT_HOME = Path(DEFAULT_BASE) / "dagster_home"
"""Where a checkout's own instance lies when `DAGSTER_HOME` does not say otherwise."""

CLOCKS_APART = 10.0
"""Seconds by which the clock of processes and that of runs may disagree."""


def checkout_instance() -> dg.DagsterInstance:
    """Return the instance that `make dev` and the `dagster` commands share.

    Raises:
        InputError: neither `DAGSTER_HOME` is set nor is this the top level of a checkout.
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
    """Make each request a partition, so that the pipeline can be asked to render it.

    Args:
        names: the requests' names.
        instance: the instance to register them with; the checkout's own by default.

    Raises:
        InputError: a name may not be a request's name, or there is no instance.
    """
    checked = [validate_name(name) for name in names]
    if instance is None:
        with checkout_instance() as opened:
            opened.add_dynamic_partitions(str(REQUESTS.name), checked)
    else:
        instance.add_dynamic_partitions(str(REQUESTS.name), checked)


@contextmanager
def pool_slots(instance: dg.DagsterInstance, pool: str, places: int) -> Iterator[None]:
    """Let so many steps of a pool run at a time, and afterwards as many as before.

    Args:
        instance: the instance whose pool it is.
        pool: its name.
        places: how many.
    """
    storage = instance.event_log_storage
    before = {limit.name: limit for limit in storage.get_pool_limits()}.get(pool)
    storage.set_concurrency_slots(pool, places)
    try:
        yield
    finally:
        if before is None or before.from_default:
            # the next step of the pool gives it the instance's default again
            storage.delete_concurrency_limit(pool)
        else:
            storage.set_concurrency_slots(pool, before.limit)


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End the runs whose process on this machine is gone, and give back the places in pools that they hold.

    A run that is killed from outside cannot do so itself, and the next one of its pool would wait for ever.
    Where an instance launches runs elsewhere than in processes of this machine, none is ended.

    Args:
        instance: the instance whose runs are looked at.

    Returns:
        The ids of the runs that were ended; they count as failed.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return []
    running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    ended = []
    for record in instance.get_run_records(filters=running):
        run = record.dagster_run
        process = _process_of(instance, run.run_id)
        if process is None or _is_alive(process, since=record.start_time):
            continue
        instance.report_run_failed(run, "Its process is gone. What it finished is kept; run it again.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Return the process that executes a run, as the run itself noted; None where it did not get so far."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        noted = event.engine_event_data.metadata.get("pid") if event is not None else None
        if noted is not None and str(noted.value).isdecimal():
            return int(str(noted.value))
    return None


def _is_alive(process: int, *, since: float | None) -> bool:
    """Tell whether a process runs that may be the one of a run; one that began after the run is another."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    age = _age(process)
    return age is None or since is None or time.time() - age <= since + CLOCKS_APART


def _age(process: int) -> float | None:
    """Return the seconds since a process began; None where the system does not say."""
    try:
        # the name, in parentheses, may hold anything; the time is the 20th number after it
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        seconds_up = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return None
    return seconds_up - int(fields[19]) / os.sysconf("SC_CLK_TCK")
