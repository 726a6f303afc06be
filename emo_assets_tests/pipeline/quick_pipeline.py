"""A code location with the real sensor and the real job, whose assets take no time, and its daemon.

`python -m emo_assets_tests.pipeline.quick_pipeline`: runs Dagster's daemon on the instance of `DAGSTER_HOME`,
with the store `data` of the working directory. A song whose name begins with `broken` fails while the file
`data/broken` exists.
"""

import sys
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._daemon import sensor as sensor_daemon
from dagster._daemon.cli import create_dagster_daemon_cli

from emo_assets.errors import InputError
from emo_assets.pipeline import sensors
from emo_assets.pipeline.assets.generation import requested_features
from emo_assets.pipeline.io_managers import io_managers
from emo_assets.pipeline.jobs import GENERATE
from emo_assets.pipeline.partitions import REQUESTS
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.track_store import asset_path
from emo_assets.store import DEFAULT_BASE

BROKEN = Path(DEFAULT_BASE) / "broken"


@dg.asset(partitions_def=REQUESTS, io_manager_key="documents")
def generated_track(
    context: dg.AssetExecutionContext, requested_features: dict[str, Any], store: StoreResource
) -> dict[str, Any]:
    if context.partition_key.startswith("broken") and BROKEN.exists():
        raise InputError("piano.sf2: no such sound font") from FileNotFoundError("piano.sf2")
    wav = store.open().tracks / context.partition_key / f"{context.partition_key}.wav"
    for path in (wav, asset_path(store.open(), "track_midi", context.partition_key)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return {"request": requested_features, "files": {"wav": str(wav)}}


sensors.FIRST_WAIT = 3.0
sensors.request_files._min_interval = 1
defs = dg.Definitions(
    assets=dg.map_asset_specs(
        lambda spec: spec.replace_attributes(group_name="generation"), [requested_features, generated_track]
    ),
    jobs=[GENERATE],
    sensors=[sensors.request_files],
    resources={"store": StoreResource(), **io_managers(DEFAULT_BASE)},
    executor=dg.in_process_executor,
)

if __name__ == "__main__":
    sensor_daemon.MIN_INTERVAL_LOOP_TIME = 1
    create_dagster_daemon_cli()(["run", "-m", "emo_assets_tests.pipeline.quick_pipeline", *sys.argv[1:]])
