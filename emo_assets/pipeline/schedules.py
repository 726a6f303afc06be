"""What starts by the clock: the weekly retraining, and when its results count as old."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import yaml

from emo_assets.errors import InputError
from emo_assets.pipeline.jobs import RETRAIN
from emo_assets.pipeline.resources import StoreResource
from emo_assets.store import Store

if TYPE_CHECKING:
    from upath import UPath

EVERY_MONDAY = "0 3 * * 1"

WEEKLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=15), warn_window=timedelta(days=8))
"""What a weekly retraining renews may miss one week with a warning, and two not at all."""

WEEKLY_GROUPS = ("raw", "linking", "descriptions", "models", "evaluation")
"""The groups of assets that the weekly retraining renews."""

IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def with_freshness(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Give an asset that the weekly retraining renews its freshness policy; leave the others as they are."""
    return dg.apply_freshness_policy(spec, WEEKLY) if spec.group_name in WEEKLY_GROUPS else spec


def read_run_config(path: "UPath") -> dict[str, Any]:
    """Read the run configuration that an operator has left for a schedule; none where there is no file.

    Raises:
        InputError: the file is no YAML mapping.
    """
    if not path.exists():
        return {}
    try:
        config = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: is not YAML ({' '.join(str(error).split())[:120]})") from error
    if not isinstance(config, dict):
        raise InputError(
            f"{path}: must hold a run configuration, such as 'resources:' with what belongs to it"
        )
    return config


@dg.schedule(
    job=RETRAIN,
    cron_schedule=EVERY_MONDAY,
    execution_timezone="UTC",
    description="Each Monday at 3:00 UTC. `schedules/retrain_weekly.yaml` in the store, if it is there, is "
    "the run's configuration: where the raw data come from, sizes, seeds.",
)
def retrain_weekly(
    context: dg.ScheduleEvaluationContext, store: StoreResource
) -> dg.RunRequest | dg.SkipReason:
    """Start the retraining."""
    return weekly_run(context.instance, store.open(), context.scheduled_execution_time)


def weekly_run(
    instance: dg.DagsterInstance, store: Store, scheduled: datetime
) -> dg.RunRequest | dg.SkipReason:
    """Ask for a retraining, unless the last one is still running or its configuration is broken.

    Args:
        instance: where runs are recorded.
        store: where an operator's run configuration may lie.
        scheduled: the time for which the run is asked; one run a time.
    """
    filters = dg.RunsFilter(job_name=RETRAIN.name, statuses=IN_PROGRESS)
    for run in instance.get_runs(filters, limit=1):
        return dg.SkipReason(f"the retraining of run {run.run_id} is still in progress")
    try:
        config = read_run_config(store.base / "schedules" / "retrain_weekly.yaml")
    except InputError as error:
        return dg.SkipReason(str(error))
    return dg.RunRequest(run_key=scheduled.isoformat(), run_config=config)
