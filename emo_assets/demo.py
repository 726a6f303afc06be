"""`make demo`: materialize the whole graph on the sample, and say where the songs are.

Goes through the graph stage by stage on the checkout's own instance, in one process; describers are trained
and songs made a few at once, in others. A stage whose assets are in the store and newer than what they are
made of is passed over, so a demo that was interrupted goes on where it stopped and a second one is quick.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from pebble import ProcessPool
from upath import UPath

from emo_assets.definitions import build_defs
from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.errors import InputError
from emo_assets.parallel import worker_pool
from emo_assets.pipeline.assets.models import TRAINING_POOL
from emo_assets.pipeline.instance import checkout_instance, pool_slots, register_requests
from emo_assets.pipeline.partitions import ALL_SHARDS
from emo_assets.pipeline.run_launcher import fail_dead_runs
from emo_assets.pipeline.staleness import Staleness
from emo_assets.song_request import TrackRequest, read_request
from emo_assets.store import Store

SONG_ASSETS = [
    dg.AssetKey(name) for name in ("requested_features", "track_description", "track_midi", "generated_track")
]

AT_ONCE = 4
"""Processes that train describers and make songs; each takes about 0.7 GB."""


@dataclass(frozen=True)
class Stage:
    """Assets that are materialized together: all of some groups, or some by name.

    Attributes:
        title: what is said of it.
        groups: names of groups.
        assets: names of single assets.
        sharded: whether they are made for every shard.
        pool: the pool of assets that need nothing of one another, and are made a few at once.
    """

    title: str
    groups: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    sharded: bool = False
    pool: str | None = None


LONGEST_FIRST = tuple(spec.name for spec in sorted(MODEL_SPECS, key=lambda spec: -len(spec.target_kinds)))
"""The describers: those that write more kinds of tokens take longer, and two cores are done together then."""

STAGES = (
    Stage("reading and linking the raw data", groups=("raw", "linking")),
    Stage("describing the MIDI files", assets=("figaro_descriptions", "rejected_midi"), sharded=True),
    Stage("putting the training set together", assets=("training_set", "song_metrics")),
    Stage("exploring the features", groups=("exploration",)),
    Stage("taking FIGARO's weights and measuring them", groups=("figaro",)),
    Stage("training seven describers", assets=LONGEST_FIRST, pool=TRAINING_POOL),
    Stage("scoring them and choosing the champion", groups=("evaluation",)),
)


class Demo:
    """The demo on one instance and one store.

    Args:
        instance: where runs and materializations are recorded.
        store: where everything is kept; its request files are what is rendered.
        definitions: the graph, with resources that keep in the same store.
        settings: configuration of single assets, by their names, in place of the defaults.
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
        spoken = dg.Definitions.merge(definitions, dg.Definitions(loggers={"plain": PLAIN_LOGGER}))
        self._job = spoken.resolve_implicit_global_asset_job_def()
        self._graph = spoken.resolve_asset_graph()
        self._staleness = Staleness(instance, store, self._graph)

    def run(self, pool: ProcessPool | None = None) -> list[dict[str, Any]]:
        """Materialize what is missing or outdated, and return the documents of all tracks.

        Args:
            pool: worker processes that make assets of the checkout; None makes all of them here.

        Raises:
            InputError: something that the graph reads is wrong.
        """
        requests = [read_request(path) for path in sorted(self._store.requests.glob("*.yaml"))]
        fail_dead_runs(self._instance)
        steps = len(STAGES) + 1
        for number, stage in enumerate(STAGES, 1):
            with _announced(f"[{number}/{steps}] {stage.title}"):
                self._run_stage(stage, pool)
        register_requests([request.name for request in requests], self._instance)
        with _announced(f"[{steps}/{steps}] making {len(requests)} songs"):
            self._make_songs([each.name for each in requests if not self._is_rendered(each)], pool)
        return [self._document(request) for request in requests]

    def _make_songs(self, names: Sequence[str], pool: ProcessPool | None) -> None:
        if pool is None:
            for number, name in enumerate(names, 1):
                print(f"      song {number} of {len(names)}: {name}", flush=True)
                self.materialize(SONG_ASSETS, name)
            return
        made: dict[Future[None], str] = {
            pool.schedule(make_in_checkout, (SONG_ASSETS, name)): name for name in names
        }
        for number, future in enumerate(as_completed(made), 1):
            future.result()
            print(f"      song {number} of {len(names)}: {made[future]}", flush=True)

    def _run_stage(self, stage: Stage, pool: ProcessPool | None) -> None:
        selection = dg.AssetSelection.assets(*stage.assets) | dg.AssetSelection.groups(*stage.groups)
        keys = sorted(selection.resolve(self._graph))
        outdated = [key for key in keys if not self._staleness.is_current(key)]
        if not outdated:
            return
        if stage.pool and pool is not None:
            in_order = [dg.AssetKey(name) for name in stage.assets if dg.AssetKey(name) in outdated]
            with pool_slots(self._instance, stage.pool, AT_ONCE):
                for future in [pool.schedule(make_in_checkout, ([key],)) for key in in_order]:
                    future.result()
            return
        self.materialize(keys, tags=ALL_SHARDS if stage.sharded else {})

    def materialize(
        self,
        keys: Sequence[dg.AssetKey],
        partition: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Materialize some assets in one run, of a request that is registered where they are made for one."""
        names = {key.to_user_string() for key in keys}
        ops = {name: {"config": dict(values)} for name, values in self._settings.items() if name in names}
        self._job.execute_in_process(
            instance=self._instance,
            asset_selection=list(keys),
            partition_key=partition,
            tags=tags,
            run_config={"loggers": {"plain": {}}, "ops": ops},
        )

    def _is_rendered(self, request: TrackRequest) -> bool:
        """Tell whether the track is there, is what the request file asks for now, and is not outdated."""
        if not all(self._staleness.is_current(key, request.name) for key in SONG_ASSETS):
            return False
        document = self._document(request)
        complete = all(UPath(path).exists() for path in document["files"].values())
        return complete and document["request"] == request.model_dump(mode="json")

    def _document(self, request: TrackRequest) -> dict[str, Any]:
        path = self._store.assets / "generated_track" / f"{request.name}.json"
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document


class _WhatAssetsSay(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage()
        return f"      {said}"


def _plain_logger(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("emo_assets.demo", level=logging.INFO)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_WhatAssetsSay())
    logger.addHandler(handler)
    return logger


PLAIN_LOGGER = dg.LoggerDefinition(
    _plain_logger, description="What assets say, and nothing of Dagster's own."
)


@contextmanager
def _announced(title: str) -> Iterator[None]:
    """Print a title, and how long its block took when it ends."""
    print(title, flush=True)
    begun = time.monotonic()
    yield
    print(f"      {time.monotonic() - begun:.1f} s", flush=True)


def make_in_checkout(keys: Sequence[dg.AssetKey], partition: str | None = None) -> None:
    """Materialize assets on the checkout's own instance, in a process beside the demo's.

    Args:
        keys: of the assets.
        partition: the request that they are made for. Of songs nothing is said: several are in the making.

    Raises:
        InputError: something that they are made of is wrong.
        DagsterError: they cannot be made.
    """
    logging.disable(logging.INFO if partition else logging.NOTSET)
    with checkout_instance() as instance:
        try:
            Demo(instance, Store(), build_defs()).materialize(keys, partition)
        except dg.DagsterError as error:
            # what Dagster raises cannot all be sent from process to process
            named = partition or ", ".join(key.to_user_string() for key in keys)
            raise dg.DagsterError(f"{named}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def songs_table(documents: Sequence[Mapping[str, Any]]) -> str:
    """Draw the table of songs: what each is, how it came out and where it lies."""
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
        with checkout_instance() as instance, worker_pool(AT_ONCE) as pool:
            documents = Demo(instance, Store(), build_defs()).run(pool)
    except InputError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, DagsterExecutionInterruptedError):
        print("demo: stopped; `make demo` goes on from here", file=sys.stderr)
        return 130
    except dg.DagsterError as error:
        print(f"demo: {_one_line(error)} (`make dev` shows the run and what was found)", file=sys.stderr)
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
