"""The runs that make the tracks of requests: those in progress, how the last one ended, and the next one."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.partitions import partition_tag, request_of_run
from emo_assets.pipeline.track_store import read_asset_json
from emo_assets.store import DEFAULT_BASE, Store

IN_PROGRESS = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
"""A run that was created and never submitted, which a crash leaves behind, is not in progress."""

MAX_REASON = 200
"""Characters of the reason why a run failed."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run configuration without Dagster's log on the terminal."""


@dataclass(frozen=True)
class RunOutcome:
    """How the last run of a request ended.

    Attributes:
        summary: the end of a sentence, such as "run 1a2b3c4d failed: …".
        canceled: whether somebody canceled it.
    """

    summary: str
    canceled: bool = False


def runs_in_progress(instance: dg.DagsterInstance) -> dict[str, str]:
    """Return the ids of the runs that are queued or running, by the request that each is for."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(IN_PROGRESS)))
    names = {run.run_id: request_of_run(run.tags) for run in runs}
    return {name: run_id for run_id, name in names.items() if name is not None}


def last_outcome(instance: dg.DagsterInstance, name: str) -> RunOutcome:
    """Return how the last run of a request ended."""
    runs = instance.get_runs(dg.RunsFilter(tags=partition_tag(name)), limit=1)
    if not runs:
        return RunOutcome("its run was deleted")
    run = f"run {runs[0].run_id[:8]}"
    match runs[0].status:
        case dg.DagsterRunStatus.FAILURE:
            return RunOutcome(f"{run} failed: {failure_reason(instance, runs[0].run_id)}")
        case dg.DagsterRunStatus.CANCELED:
            return RunOutcome(f"{run} was canceled", canceled=True)
        case dg.DagsterRunStatus.SUCCESS:
            return RunOutcome(f"{run} succeeded, but the song is not in the store")
    return RunOutcome(f"{run} was not started")


def failure_reason(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return the first error of a failed run as one line."""
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for entry in instance.all_logs(run_id, of_type=kind):
            event = entry.dagster_event
            if event is None:
                continue
            error = event.step_failure_data.error if event.is_step_failure else None
            while (
                error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster")
            ):
                error = error.cause
            message = (event.message or "") if error is None else error.message
            # the project's own errors speak for themselves
            line = " ".join(re.sub(r"^emo_assets\.[\w.]+: ", "", message).split())
            if line:
                return line if len(line) <= MAX_REASON else f"{line[:MAX_REASON]} …"
    return "see its log"


def run_command(store: Store, name: str) -> str:
    """Return a shell command that makes the track of a registered request, from any working directory.

    Args:
        store: the store of the request.
        name: name of the request.
    """
    home = f"DAGSTER_HOME={shlex.quote(os.environ['DAGSTER_HOME'])}"
    programs = Path(sys.executable).parent
    base = store.base.absolute()
    if base.protocol in ("", "file") and base.name == DEFAULT_BASE:
        dagster = [str(programs / "dagster"), "asset", "materialize", "-m", "emo_assets.definitions"]
        command = shlex.join([*dagster, "--select", "requested_features*", "--partition", name])
        return f"cd {shlex.quote(base.parent.path)} && {home} {command}"
    # the definitions in `emo_assets.definitions` use the folder `data` of the working directory
    return f"{home} {shlex.join([str(programs / 'emo'), 'request', name, '--run', '--store', str(base)])}"


def make_track(job: dg.JobDefinition, instance: dg.DagsterInstance, store: Store, name: str) -> Any:
    """Make the track of a registered request in a run of this process, and return its document.

    Args:
        job: the job `generate`.
        instance: the instance that records the run.
        store: the store that the job uses.
        name: name of the request.

    Raises:
        InputError: a run in progress is making this track, or an input of the run is invalid.
        DagsterError: the run cannot be executed.
    """
    running = runs_in_progress(instance).get(name)
    if running is not None:
        raise InputError(f"run {running[:8]} is already making the song of {name}; wait until it ends")
    job.execute_in_process(instance=instance, partition_key=name, run_config=QUIET)
    return read_asset_json(store, "generated_track", name)
