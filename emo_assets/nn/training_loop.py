"""A training loop that resumes after an interruption and ends with the same weights.

The caller supplies the epochs; what an epoch draws at random must depend on its number alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.nn.weight_files import decode_weights, encode_weights, read_header
from emo_assets.store import atomic_write

if TYPE_CHECKING:
    from dataclasses import Field

STATE_KEY = "emo_assets.training_state.1"
"""Metadata key of a saved training state. Files of other formats are ignored."""


_ADAM_STATE = ("step", "exp_avg", "exp_avg_sq")
"""Tensors that AdamW keeps per parameter."""


class EpochResult(Protocol):
    """What an epoch reports: a dataclass of JSON values."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def validation_loss(self) -> float:
        """Decides which weights are the best: lower is better."""


Result = TypeVar("Result", bound=EpochResult)


class NonFiniteLossError(ArithmeticError):
    """The loss or its gradient is NaN or infinite."""


@dataclass(frozen=True)
class Checkpoint:
    """A file that keeps an unfinished training.

    Attributes:
        path: the file, written atomically after each epoch.
        identity: what the training depends on (settings, data), as JSON values.
        can_continue: called with the identity and the history of the stored training; returns whether it can
            be continued as this one. By default, if the identities are equal.
    """

    path: Path | UPath
    identity: Mapping[str, Any]
    can_continue: Callable[[Mapping[str, Any], list[dict[str, Any]]], bool] | None = None


class TrainingLoop(Generic[Result]):
    """Runs epochs, keeps the best weights, and saves its state after each epoch.

    Args:
        network: the network to train, on its device.
        optimizer: over all of the network's parameters.
        result_type: builds a result from its fields, when a state is loaded.
        checkpoint: where the state is kept. A matching state there is loaded.

    Attributes:
        history: one result per epoch, earlier runs included.
        best_weights: the weights with the lowest validation loss, on the CPU; empty before the first epoch.

    Raises:
        InputError: the checkpoint is damaged.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        result_type: Callable[..., Result],
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.network = network
        self.optimizer = optimizer
        self.history: list[Result] = []
        self.best_weights: dict[str, Tensor] = {}
        self._result_type = result_type
        self._checkpoint = checkpoint
        if checkpoint is not None and checkpoint.path.exists():
            self._load(checkpoint)

    @property
    def epochs_since_best(self) -> int:
        """Epochs since the one with the lowest validation loss."""
        losses = [result.validation_loss for result in self.history]
        return len(losses) - 1 - losses.index(min(losses)) if losses else 0

    def run(
        self,
        epoch: Callable[[], Result],
        *,
        is_finished: Callable[[], bool],
        on_epoch: Callable[[Result], None],
    ) -> None:
        """Run epochs until the training is finished.

        Args:
            epoch: trains and validates one epoch.
            is_finished: asked before each epoch, for a limit of epochs or early stopping.
            on_epoch: called with each result, after the state is saved.
        """
        while not is_finished():
            result = epoch()
            if not math.isfinite(result.validation_loss):
                raise NonFiniteLossError
            if all(result.validation_loss < past.validation_loss for past in self.history):
                self.best_weights = _on_cpu(self.network.state_dict())
            self.history.append(result)
            if self._checkpoint is not None:
                self._save(self._checkpoint)
            on_epoch(result)

    def step(self, loss: Tensor, *, learning_rate: float, max_gradient_norm: float) -> float:
        """Take one optimizer step and return the loss as a number.

        Raises:
            NonFiniteLossError: the loss or the norm of its gradient is not finite; the weights are unchanged.
        """
        value = loss.item()
        if not math.isfinite(value):
            raise NonFiniteLossError
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), max_gradient_norm)
        if not math.isfinite(norm.item()):
            raise NonFiniteLossError
        self.optimizer.step()
        return value

    def _parameter_names(self) -> list[str]:
        """Return the names of the parameters in the optimizer's order."""
        names = {parameter: name for name, parameter in self.network.named_parameters()}
        return [names[parameter] for group in self.optimizer.param_groups for parameter in group["params"]]

    def _save(self, checkpoint: Checkpoint) -> None:
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best_weights.items()}
        names = self._parameter_names()
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{key}.{names[index]}": moment for key, moment in moments.items()}
        metadata = {
            "identity": checkpoint.identity,
            "history": [asdict(result) for result in self.history],
        }
        with atomic_write(checkpoint.path) as file:
            file.write(encode_weights(_on_cpu(tensors), metadata, key=STATE_KEY))

    def _load(self, checkpoint: Checkpoint) -> None:
        content = checkpoint.path.read_bytes()
        try:
            if STATE_KEY not in read_header(content, name=str(checkpoint.path)):
                if any(name.startswith("best.") for name in load(content)):
                    return  # a state of an earlier version
                raise KeyError(STATE_KEY)
            metadata, tensors = decode_weights(content, key=STATE_KEY, name=str(checkpoint.path))
            identity, history = metadata["identity"], metadata["history"]
            if checkpoint.can_continue is None:
                continues = identity == checkpoint.identity
            else:
                continues = checkpoint.can_continue(identity, history)
            if not continues:
                return
            self.history = [self._result_type(**values) for values in history]
            self.best_weights = _with_prefix(tensors, "best.")
            self.network.load_state_dict(_with_prefix(tensors, "network."))
            moments = {key: _with_prefix(tensors, f"optimizer.{key}.") for key in _ADAM_STATE}
            optimizer = self.optimizer.state_dict()
            optimizer["state"] = {
                index: {key: by_name[name] for key, by_name in moments.items()}
                for index, name in enumerate(self._parameter_names())
                if name in moments["step"]
            }
            self.optimizer.load_state_dict(optimizer)
        except (InputError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise InputError(
                f"{checkpoint.path}: is not a state of training; remove it to start again"
            ) from error


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}


def _with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
