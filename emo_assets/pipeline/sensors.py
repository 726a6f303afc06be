"""The sensor of request files: new and changed files become partitions and runs."""

import json
from dataclasses import dataclass

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.checks import summarize
from emo_assets.pipeline.jobs import GENERATE
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.track_store import read_asset_json, track_exists
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store

MAX_RUNS_PER_TICK = 50
"""Runs that one tick starts; later ticks start the others."""

REQUIRED_FILES = ("champion.json", "figaro_model.safetensors")
"""Files of the store that the making of a track needs."""


@dataclass(frozen=True)
class RequestScan:
    """What a scan of the request files found.

    Attributes:
        pending: requests without a track, each with a fingerprint of its file.
        problems: one line for each file that is not a valid request.
        seen: fingerprints, by file name, of the files to skip until they change.
    """

    pending: list[tuple[TrackRequest, str]]
    problems: list[str]
    seen: dict[str, str]


def scan_requests(store: Store, seen: dict[str, str]) -> RequestScan:
    """Find the request files that are new or changed.

    Args:
        store: the store.
        seen: `seen` of the last scan.
    """
    scan = RequestScan([], [], {})
    for path in sorted(store.requests.iterdir()) if store.requests.is_dir() else []:
        if path.name.startswith(".") or path.suffix not in (".yaml", ".yml"):
            continue
        try:
            status = path.stat()
            fingerprint = f"{status.st_size}-{status.st_mtime}"
            if seen.get(path.name) == fingerprint:
                scan.seen[path.name] = fingerprint
                continue
            if path.suffix == ".yml":
                raise InputError(f"{path}: a request file's name ends in .yaml; rename it")
            request = read_request(path)
        except InputError as error:
            scan.problems.append(str(error))
            continue
        except OSError as error:
            scan.problems.append(f"{path}: cannot be read ({error.strerror or error})")
            continue
        if _has_track(store, request):
            scan.seen[path.name] = fingerprint
        elif len(scan.pending) < MAX_RUNS_PER_TICK:
            scan.seen[path.name] = fingerprint
            scan.pending.append((request, fingerprint))
    return scan


def _has_track(store: Store, request: TrackRequest) -> bool:
    """Tell whether the store holds a track of exactly this request."""
    try:
        requested = read_asset_json(store, "requested_features", request.name)
    except (FileNotFoundError, ValueError):
        return False
    return track_exists(store, request.name) and bool(requested == request.model_dump(mode="json"))


@dg.sensor(
    job=GENERATE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each new or changed `requests/*.yaml` of the store becomes a partition and a run.",
)
def request_files(
    context: dg.SensorEvaluationContext, store: StoreResource
) -> dg.SensorResult | dg.SkipReason:
    """Request a run for each new or changed request file."""
    opened = store.open()
    missing = [name for name in REQUIRED_FILES if not (opened.assets / name).exists()]
    if missing:
        return dg.SkipReason(f"no song can be made yet: {opened.assets} lacks {' and '.join(missing)}")
    scan = scan_requests(opened, json.loads(context.cursor) if context.cursor else {})
    for problem in scan.problems:
        context.log.warning(problem)
    if not scan.pending:
        context.update_cursor(json.dumps(scan.seen))
        return dg.SkipReason(summarize(scan.problems) or "no request file is new or changed")
    names = [request.name for request, _ in scan.pending]
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(partition_key=request.name, run_key=f"{request.name} {fingerprint}")
            for request, fingerprint in scan.pending
        ],
        dynamic_partitions_requests=[REQUESTS.build_add_request(names)],
        cursor=json.dumps(scan.seen),
    )
