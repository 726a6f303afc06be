"""A trained model and its weight file: safetensors with the settings as JSON in the metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from pydantic import BaseModel, Field, ValidationError, field_validator

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.networks import DescriptionNetwork, build_network
from emo_assets.description_model.specs import ModelConfig, ModelSpec, model_spec
from emo_assets.errors import InputError
from emo_assets.nn.weight_files import decode_weights, encode_weights

METADATA_KEY = "about"

FORMER_SETTINGS = frozenset({"feature_noise", "feature_decay"})
"""Settings that files of earlier versions hold and no training uses."""


@dataclass(frozen=True)
class EpochRecord:
    """Metrics of one epoch.

    Attributes:
        epoch: from 1.
        train_loss: mean training loss per token in bits.
        validation_loss: mean negative log-likelihood per validation token in bits.
        accuracy: share of validation tokens that are predicted right, None except in the first, the last and
            every tenth epoch.
        kl: mean KL divergence of the prediction from the soft labels in bits, when `accuracy` is computed and
            the model has soft labels.
        learning_rate: at the end of the epoch.
        seconds: duration with validation.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    accuracy: float | None
    kl: float | None
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class TrainedModel:
    """A model with its best weights.

    Attributes:
        spec: which model it is.
        config: its settings.
        encoder: encodes features as in training.
        key_estimator: estimates keys as in training.
        weights: the network's tensors by name, on the CPU.
        history: one record per epoch.
    """

    spec: ModelSpec
    config: ModelConfig
    encoder: FeatureEncoder
    key_estimator: KeyEstimator
    weights: dict[str, torch.Tensor]
    history: tuple[EpochRecord, ...]

    @property
    def best_epoch(self) -> EpochRecord:
        """The epoch with the lowest validation loss, whose weights are kept."""
        return min(self.history, key=lambda record: record.validation_loss)

    def network(self) -> DescriptionNetwork:
        """Return the network with these weights, in evaluation mode.

        Raises:
            InputError: the weights do not fit the settings.
        """
        with torch.random.fork_rng(devices=[]):
            network = build_network(self.spec, self.config)
        try:
            network.load_state_dict(self.weights)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:160]
            raise InputError(f"{self.spec.name}: the weights do not fit the settings ({reason})") from error
        return network.eval()

    def dataset(self, songs: Sequence[DescribedSong]) -> DescriptionDataset:
        """Return songs as a dataset, prepared as in training."""
        return DescriptionDataset(songs, self.spec, self.config, self.encoder, self.key_estimator)


class _Metadata(BaseModel):
    """The JSON of a weight file."""

    format: Literal["emo_assets.describer.1"] = "emo_assets.describer.1"
    describer: str
    config: ModelConfig
    encoder: FeatureEncoder
    hearing: KeyEstimator
    history: tuple[EpochRecord, ...] = Field(min_length=1)

    @field_validator("config", mode="before")
    @classmethod
    def _drop_former_settings(cls, config: Any) -> Any:
        """Accept files of earlier versions, whose settings had two more names."""
        if not isinstance(config, dict):
            return config
        return {name: value for name, value in config.items() if name not in FORMER_SETTINGS}


def to_bytes(model: TrainedModel) -> bytes:
    """Return the content of the model's weight file."""
    metadata = _Metadata(
        describer=model.spec.name,
        config=model.config,
        encoder=model.encoder,
        hearing=model.key_estimator,
        history=model.history,
    )
    tensors = {name: tensor.contiguous() for name, tensor in sorted(model.weights.items())}
    return encode_weights(tensors, metadata.model_dump(), key=METADATA_KEY)


def from_bytes(content: bytes, name: str = "description model") -> TrainedModel:
    """Return the model of a weight file.

    Args:
        content: the file's content.
        name: what to call the file in errors.

    Raises:
        InputError: the file is damaged, of another kind, or its weights do not fit its settings.
    """
    values, tensors = decode_weights(content, key=METADATA_KEY, name=name)
    try:
        metadata = _Metadata.model_validate(values)
    except ValidationError as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"{name}: the settings are damaged ({reason}); train the model again") from error
    model = TrainedModel(
        spec=model_spec(metadata.describer),
        config=metadata.config,
        encoder=metadata.encoder,
        key_estimator=metadata.hearing,
        weights=tensors,
        history=metadata.history,
    )
    model.network()
    return model
