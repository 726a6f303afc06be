"""The sensor of request files: every request without its finished track becomes a partition and a run."""

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.pipeline.checks import summarize
from emo_assets.pipeline.jobs import GENERATE
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.request_runs import RunOutcome, last_outcome, runs_in_progress
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.track_store import is_answered, is_only_unrendered
from emo_assets.song_request import TrackRequest, parse_request, read_request_text
from emo_assets.store import Store

if TYPE_CHECKING:
    from upath import UPath

MAX_RUNS_PER_TICK = 50
"""Runs that one tick starts; later ticks start the others."""

FIRST_WAIT, MAX_WAIT = 60.0, 3600.0
"""Seconds between a run that failed and the next one: the wait doubles with every run, up to an hour."""


@dataclass(frozen=True)
class RequestScan:
    """What a scan of the request files found.

    Attributes:
        unanswered: requests without their finished track, each with a fingerprint of its file.
        unrendered: those of them whose notes are in the store, and only the rendered files are lost.
        problems: one line for each file that is not a valid request.
    """

    unanswered: dict[str, str]
    unrendered: set[str]
    problems: list[str]


def scan_requests(store: Store) -> RequestScan:
    """Find the requests without their finished track, by the contents of their files."""
    scan = RequestScan({}, set(), [])
    for path in sorted(store.requests.iterdir()) if store.requests.is_dir() else []:
        if path.name.startswith(".") or path.suffix not in (".yaml", ".yml"):
            continue
        try:
            if path.suffix == ".yml":
                raise InputError(f"{path}: a request file's name ends in .yaml; rename it")
            text = read_request_text(path)
            request = _parsed(text, path)
            if is_answered(store, request):
                continue
            scan.unanswered[request.name] = f"{zlib.crc32(text):08x}-{path.stat().st_mtime}"
            if is_only_unrendered(store, request):
                scan.unrendered.add(request.name)
        except InputError as error:
            scan.problems.append(str(error))
        except OSError as error:
            scan.problems.append(f"{path}: cannot be read ({error.strerror or error})")
    return scan


@lru_cache(maxsize=20_000)
def _parsed(text: bytes, path: "UPath") -> TrackRequest:
    """Parse a request once: a tick looks at all request files, and most have not changed."""
    return parse_request(text, path)


@dataclass(frozen=True)
class Attempts:
    """The runs that the sensor requested for a request whose track is still missing.

    Attributes:
        file: fingerprint of the request file; a file that is changed or touched starts again.
        count: number of runs.
        outcome: how the last run ended; empty until the sensor has seen its end.
        due: earliest time of the next run in seconds since the epoch; None for never.
    """

    file: str
    count: int
    outcome: str = ""
    due: float | None = None

    def after(self, outcome: RunOutcome, now: float) -> "Attempts":
        """Return the attempts after the end of the last run."""
        return replace(self, outcome=outcome.summary, due=None if outcome.canceled else now + self._wait)

    def at(self, now: float) -> "Attempts":
        """Return the attempts as of now. After the clock was set back, the wait starts again."""
        return self if self.due is None else replace(self, due=min(self.due, now + self._wait))

    def is_due(self, now: float) -> bool:
        """Tell whether the next run may start."""
        return self.due is not None and self.due <= now

    def explain(self, name: str) -> str:
        """Return a line that says why there is no track, and when the next run starts."""
        if self.due is None:
            return f"{name}: {self.outcome}; materialize its partition or touch its file to make the song"
        next_run = datetime.fromtimestamp(self.due, UTC)
        return f"{name}: {self.outcome} (attempt {self.count}; the next one is at {next_run:%H:%M:%S} UTC)"

    @property
    def _wait(self) -> float:
        return min(FIRST_WAIT * 2.0 ** (self.count - 1), MAX_WAIT)


@dataclass(frozen=True)
class SensorState:
    """What the sensor keeps in its cursor.

    Attributes:
        attempts: the attempts for each request that a run did not answer.
        logged: checksums of the last tick's lines, which are in the log already.
    """

    attempts: dict[str, Attempts] = field(default_factory=dict)
    logged: list[int] = field(default_factory=list)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "SensorState":
        """Read a cursor; one of an earlier version, or none, is an empty state."""
        try:
            values: dict[str, Any] = json.loads(cursor or "{}")
            attempts = {name: Attempts(**values) for name, values in values["attempts"].items()}
            return cls(attempts, list(values["logged"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def as_cursor(self) -> str:
        """Return the state as the text of a cursor."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class RunPlan:
    """Which requests get a run now.

    Attributes:
        names: the requests that get a run.
        unrendered: requests whose notes are in the store; the first run renders them again.
        attempts: the attempts for each request that a run did not answer, these runs included.
        problems: one line for each file that is not a valid request, and for each request whose last run did
            not answer it.
        running: one line for each request with a run in progress.
    """

    names: list[str]
    unrendered: set[str]
    attempts: dict[str, Attempts]
    problems: list[str]
    running: list[str]


def plan_runs(
    instance: dg.DagsterInstance, store: Store, before: Mapping[str, Attempts], now: float
) -> RunPlan:
    """Plan a run for each request that has no finished track, no run in progress, and no reason to wait.

    Args:
        instance: holds the runs.
        store: holds requests and tracks.
        before: `attempts` of the last plan.
        now: seconds since the epoch.
    """
    # runs first: the track of a run that is over by now is seen by the scan
    running = runs_in_progress(instance)
    scan = scan_requests(store)
    plan = RunPlan([], scan.unrendered, {}, scan.problems, [])
    again: list[str] = []
    for name, file in scan.unanswered.items():
        last = before.get(name)
        if last is not None and last.file != file:
            last = None
        if name in running:
            plan.running.append(f"{name}: run {running[name][:8]} is in progress")
            if last is not None:
                plan.attempts[name] = replace(last, outcome="")
            continue
        if last is None:
            plan.names.append(name)
            continue
        if not last.outcome:
            last = last.after(last_outcome(instance, name), now)
        plan.attempts[name] = last = last.at(now)
        if last.is_due(now):
            again.append(name)
        else:
            plan.problems.append(last.explain(name))
    plan.names.extend(again)
    del plan.names[MAX_RUNS_PER_TICK:]
    for name in plan.names:
        count = plan.attempts[name].count if name in plan.attempts else 0
        plan.attempts[name] = Attempts(scan.unanswered[name], count + 1)
    return plan


@dg.sensor(
    job=GENERATE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Each `requests/*.yaml` of the store without its finished track becomes a partition and a "
    "run. A run that fails is repeated after a minute, then after two, four and so on, up to an hour.",
)
def request_files(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """Request a run for each request without its finished track."""
    opened = store.open()
    missing = [path.name for path in opened.model_files if not path.exists()]
    if missing:
        reason = f"no song can be made yet: {opened.assets} lacks {' and '.join(missing)}"
        return dg.SensorResult(skip_reason=reason, cursor=context.cursor)
    state = SensorState.from_cursor(context.cursor)
    plan = plan_runs(context.instance, opened, state.attempts, time.time())
    for line in plan.problems:
        if zlib.crc32(line.encode()) not in state.logged:
            context.log.warning(line)
    cursor = SensorState(plan.attempts, [zlib.crc32(line.encode()) for line in plan.problems]).as_cursor()
    if not plan.names:
        reason = summarize([*plan.problems, *plan.running]) or "every request has its song"
        return dg.SensorResult(skip_reason=reason, cursor=cursor)
    return dg.SensorResult(
        run_requests=[_run_request(name, plan) for name in plan.names],
        dynamic_partitions_requests=[REQUESTS.build_add_request(plan.names)],
        cursor=cursor,
    )


def _run_request(name: str, plan: RunPlan) -> dg.RunRequest:
    """Return the next run of a request; a song whose notes are there stays the same."""
    count = plan.attempts[name].count
    rendering = [dg.AssetKey("generated_track")] if name in plan.unrendered and count == 1 else None
    # without a run key: Dagster starts no second run of a run key, whatever became of the first
    return dg.RunRequest(partition_key=name, tags={"attempt": str(count)}, asset_selection=rendering)
