"""The `Definitions` object that Dagster loads. Importing it does not import torch, pandas or matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
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

OWNERS = {
    raw: "team:data",
    linking: "team:data",
    descriptions: "team:data",
    exploration: "team:data",
    models: "team:models",
    evaluation: "team:models",
    figaro: "team:models",
    generation: "team:music",
}
"""The modules of assets, each of which is a group, and who owns their assets."""


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
    return dg.Definitions(
        assets=[asset for module in OWNERS for asset in _load_group(module)],
        asset_checks=dg.load_asset_checks_from_modules(OWNERS),
        jobs=JOBS,
        resources={**defaults, **resources},
        schedules=[retrain_weekly],
        sensors=[request_files],
        executor=dg.in_process_executor,
    )


def _load_group(module: ModuleType) -> Iterable[dg.AssetsDefinition]:
    """Load the assets of a module with their group, owners and freshness policies."""
    group = module.__name__.rpartition(".")[2]
    loaded = dg.load_assets_from_modules([module], group_name=group)

    def complete(spec: dg.AssetSpec) -> dg.AssetSpec:
        return with_freshness(spec.replace_attributes(owners=spec.owners or [OWNERS[module]]))

    return dg.map_asset_specs(complete, [asset for asset in loaded if isinstance(asset, dg.AssetsDefinition)])


defs = build_defs()
