"""The one `Definitions` object that Dagster loads.

Assembles what `pipeline` defines; nothing is computed here, and loading it imports no model library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from emo_assets.pipeline.assets import (
    descriptions,
    evaluation,
    exploration,
    figaro,
    generation,
    linking,
    models,
    raw,
    song_metrics,
)
from emo_assets.pipeline.checks import models as model_checks
from emo_assets.pipeline.checks import reports as report_checks
from emo_assets.pipeline.checks import tables as table_checks
from emo_assets.pipeline.checks import tracks as track_checks
from emo_assets.pipeline.io_managers import Documents, MidiFiles, Tables, Weights
from emo_assets.pipeline.jobs import JOBS
from emo_assets.pipeline.resources import RawDataSource, SoundResource, StoreResource
from emo_assets.pipeline.schedules import retrain_weekly, with_freshness
from emo_assets.pipeline.sensors import dead_runs, request_files
from emo_assets.store import DEFAULT_BASE

STAGES = (raw, linking, descriptions, exploration, song_metrics, models, evaluation, figaro, generation)
CHECKS = (table_checks, report_checks, model_checks, track_checks)


def build_defs(base_path: str = DEFAULT_BASE, **resources: Any) -> dg.Definitions:
    """Assemble assets, checks, jobs, schedules, sensors and resources.

    Args:
        base_path: the store's base path: a folder or any fsspec URL.
        resources: resources by name, in place of the default ones.

    Returns:
        The definitions of the whole graph.
    """
    defaults: Mapping[str, Any] = {
        "store": StoreResource(base_path=base_path),
        "raw_data": RawDataSource.configure_at_launch(),
        "sound": SoundResource(),
        "tables": Tables(base_path=base_path),
        "documents": Documents(base_path=base_path),
        "weights": Weights(base_path=base_path),
        "midi_files": MidiFiles(base_path=base_path),
    }
    assets = [
        asset for asset in dg.load_assets_from_modules(STAGES) if isinstance(asset, dg.AssetsDefinition)
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(with_freshness, assets),
        asset_checks=dg.load_asset_checks_from_modules(CHECKS),
        jobs=JOBS,
        resources={**defaults, **resources},
        schedules=[retrain_weekly],
        sensors=[request_files, dead_runs],
        executor=dg.in_process_executor,
    )


defs = build_defs()
