"""What is looked for all the time: request files, which become partitions and runs, and runs that died.

A file counts as new when no song was made of what it says. What a request may hold is known by `requests`.
"""

import json
from dataclasses import dataclass

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.instance import fail_dead_runs
from emo_assets.pipeline.jobs import GENERATE
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.track_store import read_asset_json, track_exists
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store

MAX_RUNS_PER_TICK = 50
"""Runs that one look may start; the others are started by the next ones."""

MAX_PROBLEMS_SHOWN = 5

REQUIRED_FILES = ("champion.json", "figaro_model.safetensors")
"""Files of the store without which no song can be made."""


@dataclass(frozen=True)
class RequestScan:
    """What a look at the request files found.

    Attributes:
        wanted: requests of which no song was made, with a mark of the file's present state.
        problems: one line for each file that is no request.
        seen: marks of the files that need no further look until they change.
    """

    wanted: list[tuple[TrackRequest, str]]
    problems: list[str]
    seen: dict[str, str]


def scan_requests(store: Store, seen: dict[str, str]) -> RequestScan:
    """Find the request files that are new or changed.

    Args:
        store: where they are.
        seen: what the last look returned as `seen`.
    """
    look = RequestScan([], [], {})
    for path in sorted(store.requests.iterdir()) if store.requests.is_dir() else []:
        if path.name.startswith(".") or path.suffix not in (".yaml", ".yml"):
            continue
        try:
            status = path.stat()
            mark = f"{status.st_size}-{status.st_mtime}"
            if seen.get(path.name) == mark:
                look.seen[path.name] = mark
                continue
            if path.suffix == ".yml":
                raise InputError(f"{path}: a request file's name ends in .yaml; rename it")
            request = read_request(path)
        except InputError as error:
            look.problems.append(str(error))
            continue
        except OSError as error:
            look.problems.append(f"{path}: cannot be read ({error.strerror or error})")
            continue
        if _is_made(store, request):
            look.seen[path.name] = mark
        elif len(look.wanted) < MAX_RUNS_PER_TICK:
            look.seen[path.name] = mark
            look.wanted.append((request, mark))
    return look


def _is_made(store: Store, request: TrackRequest) -> bool:
    """Tell whether the store holds a song of exactly this request."""
    try:
        asked = read_asset_json(store, "requested_features", request.name)
    except (FileNotFoundError, ValueError):
        return False
    return track_exists(store, request.name) and bool(asked == request.model_dump(mode="json"))


@dg.sensor(
    job=GENERATE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new or changed `requests/*.yaml` of the store becomes a partition and a run.",
)
def request_files(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """RequestScan at the request files, and ask for a run for each that is new or changed."""
    opened = store.open()
    missing = [name for name in REQUIRED_FILES if not (opened.assets / name).exists()]
    if missing:
        return dg.SkipReason(f"no song can be made yet: {opened.assets} lacks {' and '.join(missing)}")
    look = scan_requests(opened, json.loads(context.cursor) if context.cursor else {})
    for fault in look.problems:
        context.log.warning(fault)
    if not look.wanted:
        context.update_cursor(json.dumps(look.seen))
        return dg.SkipReason(_reason(look.problems))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(partition_key=request.name, run_key=f"{request.name} {mark}")
            for request, mark in look.wanted
        ],
        dynamic_partitions_requests=[
            REQUESTS.build_add_request([request.name for request, _ in look.wanted])
        ],
        cursor=json.dumps(look.seen),
    )


def _reason(problems: list[str]) -> str:
    if not problems:
        return "no request file is new or changed"
    further = len(problems) - MAX_PROBLEMS_SHOWN
    return "; ".join(problems[:MAX_PROBLEMS_SHOWN]) + (f"; and {further} more" if further > 0 else "")


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process is gone, as after a power cut or a killed command. They would keep "
    "their place in a pool, and hold up the weekly retraining, for ever.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """End the runs that died; those that Dagster launched are tried again, as the instance is told."""
    ended = fail_dead_runs(context.instance)
    return dg.SkipReason(f"ended {', '.join(ended)}" if ended else "no run has died")
