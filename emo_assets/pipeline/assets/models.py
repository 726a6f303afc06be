"""Stage 5: the seven describers, one asset each, from one factory."""

from typing import Literal

import dagster as dg

from emo_assets.describing.describers import DESCRIBERS, DescriberSpec, config_for
from emo_assets.pipeline.metadata import logged_progress
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.tables import Table

GROUP = "models"
TRAINING_POOL = "training"
"""Trainings take one another's cores, so one runs at a time."""


class DescriberTraining(dg.Config):
    """How a describer is trained."""

    preset: Literal["small", "paper", "best"] = "small"
    """Sizes and settings by name."""
    seed: int = 0
    """Same seed, same weights."""
    epochs: int | None = None
    """Most epochs; the preset's by default."""


def describer_asset(spec: DescriberSpec) -> dg.AssetsDefinition:
    """Make the asset of one describer: its weights, with the learning curve in its metadata."""

    @dg.asset(
        name=spec.name,
        group_name=GROUP,
        io_manager_key="weights",
        kinds={"torch", "safetensors"},
        owners=["team:models"],
        pool=TRAINING_POOL,
        description=spec.meaning,
    )
    def describer(
        context: dg.AssetExecutionContext,
        config: DescriberTraining,
        store: StoreResource,
        training_set: Table,
    ) -> dg.Output[bytes]:
        from emo_assets.describing.training import train_describer
        from emo_assets.describing.weights import to_bytes

        settings = config_for(spec.name, config.preset, seed=config.seed)
        if config.epochs is not None:
            settings = settings.model_copy(update={"epochs": config.epochs})
        trained = train_describer(
            spec,
            settings,
            training_set,
            checkpoint=store.open().checkpoints / f"{spec.name}.safetensors",
            progress=logged_progress(context),
            on_epoch=lambda record: context.log_event(
                dg.AssetObservation(spec.name, metadata=record.as_metadata())
            ),
        )
        return dg.Output(to_bytes(trained))

    return describer


describers = [describer_asset(spec) for spec in DESCRIBERS]
