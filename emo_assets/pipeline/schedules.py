"""The weekly retraining, and the freshness of the assets that it renews."""

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
"""Assets of the weekly retraining warn after one missed week and fail after two."""

WEEKLY_GROUPS = ("raw", "linking", "descriptions", "models", "evaluation")
"""Groups of assets that the weekly retraining renews."""

IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def with_freshness(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Add the freshness policy to an asset that the weekly retraining renews."""
    return dg.apply_freshness_policy(spec, WEEKLY) if spec.group_name in WEEKLY_GROUPS else spec


def read_run_config(path: "UPath") -> dict[str, Any]:
    """Read the run configuration of a schedule from a file; an absent file is an empty configuration.

    Raises:
        InputError: the file is not a YAML mapping.
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
    description="Each Monday at 3:00 UTC. The run configuration is `schedules/retrain_weekly.yaml` in the "
    "store, if it exists: sources of the raw data, sizes, seeds.",
)
def retrain_weekly(
    context: dg.ScheduleEvaluationContext, store: StoreResource
) -> dg.RunRequest | dg.SkipReason:
    """Start the retraining."""
    return weekly_run(context.instance, store.open(), context.scheduled_execution_time)


def weekly_run(
    instance: dg.DagsterInstance, store: Store, scheduled: datetime
) -> dg.RunRequest | dg.SkipReason:
    """Request a retraining, unless the last one is still running or the configuration is not valid.

    Args:
        instance: the instance of the runs.
        store: the store, which may hold the run configuration.
        scheduled: the scheduled time, which becomes the run key.
    """
    filters = dg.RunsFilter(job_name=RETRAIN.name, statuses=IN_PROGRESS)
    for run in instance.get_runs(filters, limit=1):
        return dg.SkipReason(f"the retraining of run {run.run_id} is still in progress")
    try:
        config = read_run_config(store.base / "schedules" / "retrain_weekly.yaml")
    except InputError as error:
        return dg.SkipReason(str(error))
    return dg.RunRequest(run_key=scheduled.isoformat(), run_config=config)
