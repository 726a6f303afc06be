"""The seven description models, one asset each."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, model_validator

from emo_assets.description_model.specs import MODEL_SPECS, ModelSize, ModelSpec, config_for
from emo_assets.pipeline.checks import CheckOutcome, CheckRun, asset_checks
from emo_assets.pipeline.io_managers import Table
from emo_assets.pipeline.metadata import logged_progress, picture
from emo_assets.pipeline.resources import StoreResource

if TYPE_CHECKING:
    from emo_assets.description_model.weights import EpochRecord

TRAINING_POOL = "training"
"""Pool of assets that train or score; one runs at a time, because each uses all cores."""

MAX_TRAINING_THREADS = 2
"""Two threads reduce the time of a Transformer's epoch to 0.7, an LSTM's to 0.8; more threads add nothing."""


def limit_torch_threads() -> None:
    """Limit torch to the threads that such small networks can use."""
    import torch

    torch.set_num_threads(min(MAX_TRAINING_THREADS, torch.get_num_threads()))


class SizeConfig(dg.Config):
    """Reads `preset`, the former name of `size`, from older run configurations."""

    preset: str | None = Field(None, description="The former name of `size`; still accepted.")

    @model_validator(mode="before")
    @classmethod
    def _preset_is_size(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "size": values["preset"]} if values.get("preset") else values


class ModelTraining(SizeConfig):
    """How a description model is trained."""

    size: ModelSize = "small"
    """`small`: minutes on a CPU; `paper`: the paper's sizes; `best`: the best ones in experiments."""
    seed: int = 0
    """Equal seeds give equal weights."""
    epochs: int | None = None
    """Maximum number of epochs; by default that of the size."""


def model_asset(spec: ModelSpec) -> dg.AssetsDefinition:
    """Return the asset of one model: its weights, with the learning curve in the metadata.

    An interrupted training continues from its last epoch, to the same weights.
    """

    @dg.asset(
        name=spec.name,
        io_manager_key="weights",
        kinds={"torch", "safetensors"},
        pool=TRAINING_POOL,
        description=spec.meaning,
    )
    def model(
        context: dg.AssetExecutionContext,
        config: ModelTraining,
        store: StoreResource,
        training_set: Table,
    ) -> dg.Output[bytes]:
        import pandas as pd

        from emo_assets.description_model.training import train_model
        from emo_assets.description_model.weights import to_bytes
        from emo_assets.reports.learning_curves import learning_curve_png

        limit_torch_threads()
        settings = config_for(spec.name, config.size, seed=config.seed)
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

    return model


def _epoch_metadata(record: "EpochRecord") -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if value is not None}


models = [model_asset(spec) for spec in MODEL_SPECS]


def check_weights(run: CheckRun) -> CheckOutcome:
    """The file holds weights, and all of them are finite."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load((run.store.assets / f"{run.asset}.safetensors").read_bytes())
    except (SafetensorError, ValueError, KeyError) as error:
        return CheckOutcome([f"is not a safetensors file ({' '.join(str(error).split())[:80]})"])
    count = sum(tensor.size for tensor in tensors.values())
    problems = [] if count else ["holds no weights"]
    for name, tensor in sorted(tensors.items()):
        infinite = np.count_nonzero(~np.isfinite(tensor)) if tensor.dtype.kind == "f" else 0
        if infinite:
            problems.append(f"{name} has {infinite:,} weights that are not finite")
    return CheckOutcome(problems, {"weights": count})


model_checks = [asset_checks(spec.name, check_weights) for spec in MODEL_SPECS]
