"""`make demo`: materialize the whole graph on the sample, and print where the songs are.

Materializes stage by stage on the checkout's instance, in one process; models are trained and songs generated
in several. Skips assets that are newer than their inputs, so an interrupted demo resumes and a second one is
quick.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from typing import Any, NamedTuple

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from pebble import ProcessExpired, ProcessPool

from emo_assets.definitions import build_defs
from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.errors import InputError
from emo_assets.parallel import worker_pool
from emo_assets.pipeline.assets.models import TRAINING_POOL
from emo_assets.pipeline.instance import checkout_instance, pool_slots, register_requests
from emo_assets.pipeline.partitions import ALL_SHARDS
from emo_assets.pipeline.run_launcher import fail_dead_runs
from emo_assets.pipeline.staleness import Staleness
from emo_assets.pipeline.track_store import TRACK_ASSETS, is_answered, read_asset_json
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store

TRACK_KEYS = [dg.AssetKey(name) for name in TRACK_ASSETS]

NUM_WORKERS = 4
"""Processes that train models and generate songs; each takes about 0.7 GB."""


LONGEST_FIRST = tuple(spec.name for spec in sorted(MODEL_SPECS, key=lambda spec: -len(spec.target_kinds)))
"""The models, those that write the most kinds of tokens and so train longest first."""


class DemoStage(NamedTuple):
    """Assets that are materialized together, and what is printed of them."""

    title: str
    selection: dg.AssetSelection
    tags: Mapping[str, str] = {}


TRAINING = DemoStage("training seven description models", dg.AssetSelection.assets(*LONGEST_FIRST))
STAGES = (
    DemoStage("reading and linking the raw data", dg.AssetSelection.groups("raw", "linking")),
    DemoStage(
        "extracting descriptions from the MIDI files",
        dg.AssetSelection.assets("figaro_descriptions", "rejected_midi"),
        ALL_SHARDS,
    ),
    DemoStage(
        "assembling the training set and learning the ear",
        dg.AssetSelection.assets("training_set", "song_metrics", "ear"),
    ),
    DemoStage("exploring the features", dg.AssetSelection.groups("exploration")),
    DemoStage("loading FIGARO and measuring its fidelity", dg.AssetSelection.groups("figaro")),
    TRAINING,
    DemoStage(
        "scoring them and choosing the champion",
        dg.AssetSelection.groups("evaluation") - dg.AssetSelection.assets("musicality_report"),
    ),
)
MUSICALITY = DemoStage("measuring the songs", dg.AssetSelection.assets("musicality_report"))
"""Follows the songs, which it measures."""


class Demo:
    """The demo on one instance and one store.

    Args:
        instance: records runs and materializations.
        store: holds all files; a song is generated for each of its request files.
        definitions: the graph, with resources that use the same store.
        settings: run configuration of single assets by name.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        store: Store,
        definitions: dg.Definitions,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._instance = instance
        self._store = store
        self._settings = settings or {}
        logged = dg.Definitions.merge(definitions, dg.Definitions(loggers={"plain": PLAIN_LOGGER}))
        self._job = logged.resolve_implicit_global_asset_job_def()
        self._graph = logged.resolve_asset_graph()
        self._staleness = Staleness(instance, store, self._graph)

    def run(self, pool: ProcessPool | None = None) -> list[dict[str, Any]]:
        """Materialize all missing or outdated assets, and return the documents of all tracks.

        Args:
            pool: worker processes that materialize assets of the checkout; None for this process only.

        Raises:
            InputError: an input of the graph is invalid.
        """
        requests = [read_request(path) for path in sorted(self._store.requests.glob("*.yaml"))]
        fail_dead_runs(self._instance)
        steps = len(STAGES) + 2
        for number, stage in enumerate(STAGES, 1):
            with _print_time(f"[{number}/{steps}] {stage.title}"):
                self._run_stage(stage, pool)
        register_requests([request.name for request in requests], self._instance)
        with _print_time(f"[{steps - 1}/{steps}] generating {len(requests)} songs"):
            self._generate_songs([each.name for each in requests if not self._is_current(each)], pool)
        with _print_time(f"[{steps}/{steps}] {MUSICALITY.title}"):
            self._run_stage(MUSICALITY, pool)
        return [self._document(request) for request in requests]

    def _generate_songs(self, names: Sequence[str], pool: ProcessPool | None) -> None:
        if pool is None:
            for number, name in enumerate(names, 1):
                print(f"      song {number} of {len(names)}: {name}", flush=True)
                self.materialize(TRACK_KEYS, name)
            return
        futures: dict[Future[None], str] = {
            pool.schedule(materialize_in_checkout, (TRACK_KEYS, name)): name for name in names
        }
        for number, future in enumerate(as_completed(futures), 1):
            future.result()
            print(f"      song {number} of {len(names)}: {futures[future]}", flush=True)

    def _run_stage(self, stage: DemoStage, pool: ProcessPool | None) -> None:
        keys = sorted(stage.selection.resolve(self._graph))
        outdated = [key for key in keys if not self._staleness.is_current(key)]
        if not outdated:
            return
        if stage is TRAINING and pool is not None:
            outdated.sort(key=lambda key: LONGEST_FIRST.index(key.to_user_string()))
            with pool_slots(self._instance, TRAINING_POOL, NUM_WORKERS):
                for future in [pool.schedule(materialize_in_checkout, ([key],)) for key in outdated]:
                    future.result()
        else:
            self.materialize(keys, tags=stage.tags)

    def materialize(
        self,
        keys: Sequence[dg.AssetKey],
        partition: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Materialize assets in one run.

        Args:
            keys: the assets.
            partition: name of a registered request, for assets that are partitioned by request.
            tags: tags of the run.
        """
        names = {key.to_user_string() for key in keys}
        ops = {name: {"config": dict(values)} for name, values in self._settings.items() if name in names}
        self._job.execute_in_process(
            instance=self._instance,
            asset_selection=list(keys),
            partition_key=partition,
            tags=tags,
            run_config={"loggers": {"plain": {}}, "ops": ops},
        )

    def _is_current(self, request: TrackRequest) -> bool:
        """Return whether the track exists, answers the current request file and is newer than its inputs."""
        current = all(self._staleness.is_current(key, request.name) for key in TRACK_KEYS)
        return current and is_answered(self._store, request)

    def _document(self, request: TrackRequest) -> dict[str, Any]:
        document: dict[str, Any] = read_asset_json(self._store, "generated_track", request.name)
        return document


class _AssetMessageFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
        return f"      {message}"


def _plain_logger(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("emo_assets.demo", level=logging.INFO)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_AssetMessageFormatter())
    logger.addHandler(handler)
    return logger


PLAIN_LOGGER = dg.LoggerDefinition(_plain_logger, description="Only the messages of assets.")


@contextmanager
def _print_time(title: str) -> Iterator[None]:
    """Print a title, and the duration of the block when it ends."""
    print(title, flush=True)
    begun = time.monotonic()
    yield
    print(f"      {time.monotonic() - begun:.1f} s", flush=True)


def materialize_in_checkout(keys: Sequence[dg.AssetKey], partition: str | None = None) -> None:
    """Materialize assets on the checkout's instance, in a worker process.

    Args:
        keys: the assets.
        partition: name of a request. Its progress is not logged, since several songs are generated at once.

    Raises:
        InputError: an input of the assets is invalid.
        DagsterError: they cannot be materialized.
    """
    logging.disable(logging.INFO if partition else logging.NOTSET)
    with checkout_instance() as instance:
        try:
            Demo(instance, Store(), build_defs()).materialize(keys, partition)
        except dg.DagsterError as error:
            # some of Dagster's errors cannot be pickled
            named = partition or ", ".join(key.to_user_string() for key in keys)
            raise dg.DagsterError(f"{named}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def songs_table(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of songs: length, tempo, bars, key and path of each."""
    lines = [f"{'song':18} {'seconds':>7} {'tempo':>6} {'bars':>4}  {'key':9} path"]
    lines += [
        f"{document['request']['name']:18} {document['seconds']:7.1f} {document['heard']['tempo']:6.1f} "
        f"{document['heard']['bars']:4}  {document['heard']['key_name']:9} {document['files']['wav']}"
        for document in documents
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the demo of this checkout; return the exit code."""
    begun = time.monotonic()
    try:
        with checkout_instance() as instance, worker_pool(NUM_WORKERS) as pool:
            documents = Demo(instance, Store(), build_defs()).run(pool)
    except InputError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        print("demo: stopped; run `make demo` again to resume", file=sys.stderr)
        return 130
    except dg.DagsterError as error:
        print(f"demo: {_one_line(error)} (`make dev` shows the run and its log)", file=sys.stderr)
        return 1
    except (ProcessExpired, RuntimeError) as error:
        problem = "a worker process died" if isinstance(error, ProcessExpired) else _one_line(error)
        print(f"demo: {problem}; run `make demo` again to resume", file=sys.stderr)
        return 1
    print(f"\n{songs_table(documents)}\n")
    print(f"done in {time.monotonic() - begun:.0f} s")
    print("See all of it in Dagster's UI, at http://127.0.0.1:3000, with")
    print("  make dev")
    print("and make a song of your own with")
    print("  .venv/bin/emo generate --preset rainy-evening --valence 0.8 --seed 7 --out song.wav")
    return 0


if __name__ == "__main__":
    sys.exit(main())
