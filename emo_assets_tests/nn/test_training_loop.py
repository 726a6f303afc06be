"""The training loop: it resumes to the same result, keeps the best weights, and stops at a bad loss."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from emo_assets.errors import InputError
from emo_assets.nn.training_loop import Checkpoint, NonFiniteLossError, TrainingLoop
from emo_assets.nn.weight_files import encode_weights


@dataclass(frozen=True)
class Record:
    epoch: int
    validation_loss: float


class Regression:
    """Fits a linear layer to noise that depends on the epoch's number only."""

    def __init__(
        self, path: Path | None = None, identity: str = "same", losses: list[float] | None = None
    ) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(4, 1)
        self.losses = losses
        checkpoint = Checkpoint(path, {"data": identity}) if path else None
        optimizer = torch.optim.AdamW(self.network.parameters())
        self.loop = TrainingLoop(self.network, optimizer, Record, checkpoint)

    def epoch(self) -> Record:
        index = len(self.loop.history)
        inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(index))
        loss = (self.network(inputs) - inputs.sum(dim=1, keepdim=True)).square().mean()
        value = self.loop.step(loss, learning_rate=0.1, max_gradient_norm=1.0)
        return Record(index + 1, self.losses[index] if self.losses else value)

    def run(self, epochs: int, on_epoch: Callable[[Record], None] = lambda record: None) -> None:
        self.loop.run(self.epoch, is_finished=lambda: len(self.loop.history) >= epochs, on_epoch=on_epoch)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_an_interrupted_training_continues_to_the_same_result(tmp_path: Path) -> None:
    def interrupt(record: Record) -> None:
        if record.epoch == 3:
            raise KeyboardInterrupt

    whole, path, epochs = Regression(), tmp_path / "state.safetensors", list[int]()
    whole.run(6)
    with pytest.raises(KeyboardInterrupt):
        Regression(path).run(6, interrupt)
    continued = Regression(path)
    continued.run(6, lambda record: epochs.append(record.epoch))

    assert epochs == [4, 5, 6]
    assert continued.loop.history == whole.loop.history
    assert same(continued.network.state_dict(), whole.network.state_dict())
    assert same(continued.loop.best_weights, whole.loop.best_weights)


def test_a_finished_training_is_not_repeated(tmp_path: Path) -> None:
    path, epochs = tmp_path / "state.safetensors", list[int]()
    Regression(path).run(2)
    Regression(path).run(2, lambda record: epochs.append(record.epoch))

    assert epochs == []


def test_the_state_of_another_training_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    Regression(path).run(2)

    assert Regression(path, identity="other").loop.history == []


@pytest.mark.parametrize(("limit", "continued"), [(2, True), (1, False)])
def test_the_caller_can_decide_which_trainings_continue(limit: int, continued: bool, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    first = Regression(path)
    first.run(2)
    checkpoint = Checkpoint(path, {}, lambda identity, history: len(history) <= limit)
    loop = TrainingLoop(first.network, torch.optim.AdamW(first.network.parameters()), Record, checkpoint)

    assert (loop.history == first.loop.history) == continued


def test_a_state_of_an_earlier_version_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    path.write_bytes(encode_weights({"best.x": torch.zeros(1)}, {}, key="older"))

    assert Regression(path).loop.history == []


def test_weights_are_not_overwritten_by_a_state(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    path.write_bytes(encode_weights({"x": torch.zeros(1)}, {}, key="weights"))

    with pytest.raises(InputError, match="is not a state of training"):
        Regression(path)


def test_a_validation_loss_that_is_not_a_number_ends_the_training() -> None:
    training = Regression(losses=[1.0, float("nan")])

    with pytest.raises(NonFiniteLossError):
        training.run(3)
    assert len(training.loop.history) == 1


@pytest.mark.parametrize("content", [b"", b"half a file", b"cut"])
def test_a_damaged_state_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    Regression(path).run(1)
    path.write_bytes(path.read_bytes()[:-8] if content == b"cut" else content)

    with pytest.raises(InputError, match=r"state\.safetensors: is not a state of training"):
        Regression(path)


def test_the_weights_of_the_best_epoch_are_kept() -> None:
    training = Regression(losses=[3.0, 1.0, 2.0, 1.0])
    weights: list[dict[str, torch.Tensor]] = []
    training.run(4, lambda _: weights.append(copy.deepcopy(training.network.state_dict())))

    assert same(training.loop.best_weights, weights[1])
    assert training.loop.epochs_since_best == 2


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_raises_and_changes_nothing(value: float) -> None:
    training = Regression()
    before = copy.deepcopy(training.network.state_dict())
    loss = (training.network(torch.ones(1, 4)) * value).sum()

    with pytest.raises(NonFiniteLossError):
        training.loop.step(loss, learning_rate=0.1, max_gradient_norm=1.0)
    assert same(before, training.network.state_dict())
