"""Stage 5: the seven describers, one asset each, from one factory."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from emo_assets.description_model.specs import MODEL_SPECS, ModelSpec, config_for
from emo_assets.pipeline.metadata import logged_progress, picture
from emo_assets.pipeline.resources import StoreResource
from emo_assets.pipeline.tables import Table

if TYPE_CHECKING:
    from emo_assets.description_model.weights import EpochRecord

GROUP = "models"
TRAINING_POOL = "training"
"""Trainings take one another's cores, so one runs at a time."""


MAX_TRAINING_THREADS = 2
"""A Transformer's epoch takes 0.7 of the time on two threads, an LSTM's 0.8; more wait for one another."""


def limit_torch_threads() -> None:
    """Let torch use no more threads than help these small networks, and no more than it is given."""
    import torch

    torch.set_num_threads(min(MAX_TRAINING_THREADS, torch.get_num_threads()))


class DescriberTraining(dg.Config):
    """How a describer is trained."""

    preset: Literal["small", "paper", "best"] = "small"
    """Sizes and settings by name."""
    seed: int = 0
    """Same seed, same weights."""
    epochs: int | None = None
    """Most epochs; the preset's by default."""


def describer_asset(spec: ModelSpec) -> dg.AssetsDefinition:
    """Make the asset of one describer: its weights, with the learning curve in its metadata.

    A training that was killed goes on from its last epoch, to the same weights.
    """

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
        import pandas as pd

        from emo_assets.description_model.training import train_model
        from emo_assets.description_model.weights import to_bytes
        from emo_assets.reports.learning_curves import learning_curve_png

        limit_torch_threads()
        settings = config_for(spec.name, config.preset, seed=config.seed)
        if config.epochs is not None:
            settings = settings.model_copy(update={"epochs": config.epochs})
        trained = train_model(
            spec,
            settings,
            training_set,
            checkpoint=store.open().checkpoints / f"{spec.name}.safetensors",
            progress=logged_progress(context),
            on_epoch=lambda record: context.log_event(
                dg.AssetObservation(spec.name, metadata=_epoch_metadata(record))
            ),
        )
        curve = learning_curve_png(pd.DataFrame([asdict(record) for record in trained.history]), spec.name)
        return dg.Output(
            to_bytes(trained),
            metadata={
                **_epoch_metadata(trained.best_epoch),
                "epochs_trained": len(trained.history),
                "parameters": sum(tensor.numel() for tensor in trained.weights.values()),
                "settings": dg.MetadataValue.json(settings.model_dump()),
                "learning_curve": picture(curve, f"learning curve of {spec.name}"),
            },
        )

    return describer


def _epoch_metadata(record: "EpochRecord") -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if value is not None}


describers = [describer_asset(spec) for spec in MODEL_SPECS]
