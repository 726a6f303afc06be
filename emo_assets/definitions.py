"""The `Definitions` object that Dagster loads. Importing it does not import torch, pandas or matplotlib."""

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
)
from emo_assets.pipeline.io_managers import io_managers
from emo_assets.pipeline.jobs import JOBS
from emo_assets.pipeline.resources import RawDataSource, SoundResource, StoreResource
from emo_assets.pipeline.schedules import retrain_weekly, with_freshness
from emo_assets.pipeline.sensors import request_files
from emo_assets.store import DEFAULT_BASE

STAGES = (raw, linking, descriptions, exploration, models, evaluation, figaro, generation)


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
        **io_managers(base_path),
    }
    assets = [
        asset for asset in dg.load_assets_from_modules(STAGES) if isinstance(asset, dg.AssetsDefinition)
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(with_freshness, assets),
        asset_checks=dg.load_asset_checks_from_modules(STAGES),
        jobs=JOBS,
        resources={**defaults, **resources},
        schedules=[retrain_weekly],
        sensors=[request_files],
        executor=dg.in_process_executor,
    )


defs = build_defs()
