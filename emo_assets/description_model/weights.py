"""A trained describer and the bytes that keep it: safetensors with its settings as JSON in the metadata.

Nothing is unpickled or evaluated: what does not look exactly like a describer of ours is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.networks.factory import DescriptionNetwork, build_network
from emo_assets.description_model.specs import ModelConfig, ModelSpec, model_spec
from emo_assets.errors import InputError

FORMAT = "emo_assets.describer.1"
_LONGEST_HEADER = 64 * 1024 * 1024


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch of training came to.

    Attributes:
        epoch: from 1.
        train_loss: mean loss of a token against the labels that were trained on, in bits.
        validation_loss: mean negative log-likelihood of a token of the validation split, in bits.
        accuracy: share of validation tokens whose most likely prediction is right; each tenth epoch and at
            the ends, None in between.
        kl: mean divergence of the prediction from the soft labels on the validation split, in bits; as
            `accuracy`, and None for describers without soft labels.
        learning_rate: at the end of the epoch.
        seconds: how long the epoch took, with its validation.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    accuracy: float | None
    kl: float | None
    learning_rate: float
    seconds: float

    def as_metadata(self) -> dict[str, float]:
        """Return what there is to plot of the epoch, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class TrainedModel:
    """A describer with its best weights, and how it came by them.

    Attributes:
        spec: which describer it is.
        config: its settings.
        encoder: the encoding of features it was trained with.
        hearing: the keys as it heard them in training.
        weights: the network's tensors by name, on the CPU.
        history: one record an epoch.
    """

    spec: ModelSpec
    config: ModelConfig
    encoder: FeatureEncoder
    hearing: KeyEstimator
    weights: dict[str, torch.Tensor]
    history: tuple[EpochRecord, ...]

    @property
    def best_epoch(self) -> EpochRecord:
        """The epoch whose weights were kept: the one of the least validation loss."""
        return min(self.history, key=lambda record: record.validation_loss)

    def network(self) -> DescriptionNetwork:
        """Return the network with these weights, ready to be asked (not to be trained).

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


def to_bytes(trained: TrainedModel) -> bytes:
    """Return the describer as a safetensors file."""
    about = {
        "format": FORMAT,
        "describer": trained.spec.name,
        "config": trained.config.model_dump(),
        "encoder": trained.encoder.as_json(),
        "hearing": trained.hearing.as_json(),
        "history": [asdict(record) for record in trained.history],
    }
    tensors = {name: tensor.contiguous() for name, tensor in sorted(trained.weights.items())}
    return safetensors_bytes(tensors, about)


def from_bytes(content: bytes) -> TrainedModel:
    """Read what `to_bytes` wrote.

    Raises:
        InputError: it is no safetensors file, none of a describer, or its weights do not fit its settings.
    """
    about, tensors = read_safetensors(content, FORMAT, "describer weights")
    try:
        trained = TrainedModel(
            spec=model_spec(str(about["describer"])),
            config=ModelConfig.model_validate(about["config"]),
            encoder=FeatureEncoder.from_json(about["encoder"]),
            hearing=KeyEstimator.from_json(about["hearing"]),
            weights=tensors,
            history=tuple(EpochRecord(**record) for record in about["history"]),
        )
    except (KeyError, TypeError, ValidationError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"describer weights: the settings are damaged ({reason}); train it anew") from error
    trained.network()
    return trained


def safetensors_bytes(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> bytes:
    """Return a safetensors file with `about` as JSON in its metadata; same content, same bytes."""
    # under one key, because the order of several is not kept
    content: bytes = save(dict(tensors), metadata={"about": json.dumps(about, sort_keys=True)})
    return content


def read_safetensors(
    content: bytes, expected: str, what: str
) -> tuple[Mapping[str, Any], dict[str, torch.Tensor]]:
    """Read tensors and the JSON of the metadata, refusing anything else.

    Args:
        content: the file.
        expected: the "format" that it must say it has.
        what: what the file should be, for the message.

    Raises:
        InputError: it is not such a file.
    """
    size = int.from_bytes(content[:8], "little")
    try:
        if not 2 <= size <= min(len(content) - 8, _LONGEST_HEADER):
            raise ValueError("no header")
        about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["about"])
        if about["format"] != expected:
            raise ValueError(f"format {about['format']!r}")
        return about, load(content)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{what}: not a file of this kind ({reason}); train it anew") from error
