"""A run launcher that detects runs whose process died.

`dagster.yaml` names it, and the run monitoring of Dagster's daemon asks it about every started run, however
the run was started.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus

DIED = "The run's process died. Finished work is kept; re-execute the run to resume."

CLOCK_TOLERANCE = 10.0
"""Seconds by which the start of a process and the start of its run may disagree."""


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Dagster's default run launcher for instances whose runs are all processes of this machine."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether `check_run_worker_health` works: always."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell whether the process of a started run is alive."""
        if is_run_alive(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, DIED)


def is_run_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether the process of a run is alive; a run that has not recorded its process counts as alive.

    Args:
        instance: the instance of the run.
        run_id: id of a run of this machine.
    """
    record = instance.get_run_record_by_id(run_id)
    process_id = _process_id(instance, run_id)
    if record is None or process_id is None:
        return True
    return is_process_alive(process_id, started_before=record.start_time)


def is_process_alive(process_id: int, *, started_before: float | None) -> bool:
    """Tell whether a process is alive.

    Args:
        process_id: id of the process. After the process ended, the system may give it to another.
        started_before: a process that started after this time, in seconds since the epoch, is another.
    """
    import psutil

    try:
        process = psutil.Process(process_id)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return started_before is None or process.create_time() <= started_before + CLOCK_TOLERANCE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs whose process died, and free their slots in pools, without the daemon.

    Args:
        instance: the instance. Runs that it launches elsewhere than on this machine are left alone.

    Returns:
        The ids of the failed runs.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return []
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    dead = [run for run in instance.get_runs(started) if not is_run_alive(instance, run.run_id)]
    for run in dead:
        instance.report_run_failed(run, DIED)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]


def _process_id(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Return the process that executes a run, from the run's first event that records one."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        recorded = event.engine_event_data.metadata.get("pid") if event is not None else None
        if recorded is not None and str(recorded.value).isdecimal():
            return int(str(recorded.value))
    return None
