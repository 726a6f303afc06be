"""The state of a training between two epochs, and the file that keeps it.

Everything that the next epoch depends on is here: weights, the optimizer's moments, the best weights so far
and the history. Randomness is not, for it hangs on the number of the epoch alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from upath import UPath

from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.networks.factory import DescriptionNetwork
from emo_assets.description_model.specs import ModelConfig, ModelSpec
from emo_assets.description_model.weights import EpochRecord, read_safetensors, safetensors_bytes
from emo_assets.store import atomic_write

CHECKPOINT_FORMAT = "emo_assets.describer.checkpoint.1"


@dataclass
class TrainingState:
    """What a training has come to, all of it in the checkpoint.

    Attributes:
        network: as it was left by the last epoch.
        optimizer: with its moments.
        best: the weights of the epoch with the least validation loss, on the CPU; empty before the first.
        history: one record an epoch.
    """

    network: DescriptionNetwork
    optimizer: torch.optim.AdamW
    best: dict[str, torch.Tensor]
    history: list[EpochRecord]

    @property
    def epochs_since_best(self) -> int:
        """How many epochs have passed since the one with the least validation loss."""
        losses = [record.validation_loss for record in self.history]
        return len(losses) - 1 - int(np.argmin(losses)) if losses else 0

    def note(self, record: EpochRecord) -> None:
        """Take note of a finished epoch, and keep its weights when they are the best so far."""
        if not self.history or record.validation_loss < min(past.validation_loss for past in self.history):
            weights = self.network.state_dict()
            self.best = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
        self.history.append(record)


def new_optimizer(network: DescriptionNetwork, config: ModelConfig) -> torch.optim.AdamW:
    """Return the optimizer; its parameters stand in the order of `_parameter_names`."""
    parameters = dict(network.named_parameters())
    groups = [
        {"params": [parameters[name] for name in names], "weight_decay": decay}
        for names, decay in zip(
            _parameter_names(network), (config.weight_decay, config.feature_decay), strict=True
        )
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def _parameter_names(network: DescriptionNetwork) -> tuple[list[str], list[str]]:
    """Return the names of the parameters that do not read the features, and of those that do."""
    names = [name for name, _ in network.named_parameters()]
    reading = [name for name in names if name.startswith("memory.")]
    return [name for name in names if name not in reading], reading


def fingerprint_of(spec: ModelSpec, config: ModelConfig, songs: Mapping[str, Sequence[DescribedSong]]) -> str:
    """Name what a training depends on, so that only the same training is continued."""
    digest = hashlib.sha256(f"{spec} {config.model_dump_json()}".encode())
    for split in ("train", "validation"):
        for song in songs[split]:
            digest.update(song.md5.encode())
            digest.update(song.features.tobytes())
            parts = [[part.first_bar, part.bars, part.segments] for part in song.bar_runs]
            digest.update(json.dumps(parts).encode())
    return digest.hexdigest()


def save_state(state: TrainingState, path: Path | UPath, fingerprint: str) -> None:
    """Write the state of the training that `fingerprint_of` named, whole or not at all."""
    tensors = {f"network.{name}": tensor for name, tensor in state.network.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in state.best.items()}
    names = list(chain(*_parameter_names(state.network)))
    for number, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{names[number]}.{what}": tensor for what, tensor in moments.items()}
    about = {
        "format": CHECKPOINT_FORMAT,
        "fingerprint": fingerprint,
        "history": [asdict(record) for record in state.history],
    }
    kept = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    with atomic_write(path) as file:
        file.write(safetensors_bytes(kept, about))


def restore_state(state: TrainingState, path: Path | UPath, fingerprint: str) -> None:
    """Continue from a checkpoint, if there is one of the same training.

    Raises:
        InputError: the file is no checkpoint.
    """
    if not path.exists():
        return
    about, tensors = read_safetensors(path.read_bytes(), CHECKPOINT_FORMAT, f"checkpoint {path}")
    if about.get("fingerprint") != fingerprint:
        return

    def part(prefix: str) -> dict[str, torch.Tensor]:
        return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}

    state.network.load_state_dict(part("network."))
    state.best = part("best.")
    state.history = [EpochRecord(**record) for record in about["history"]]
    moments = part("optimizer.")
    names = list(chain(*_parameter_names(state.network)))
    optimizer = state.optimizer.state_dict()
    optimizer["state"] = {
        number: {what: moments[f"{name}.{what}"] for what in ("step", "exp_avg", "exp_avg_sq")}
        for number, name in enumerate(names)
        if f"{name}.step" in moments
    }
    state.optimizer.load_state_dict(optimizer)
