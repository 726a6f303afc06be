"""Training: it learns, is repeatable, continues after a kill, and refuses unusable data."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.evaluation.likelihood import drop_padding
from emo_assets.description_model.specs import MODEL_SPECS, ModelConfig, ModelSpec, model_spec
from emo_assets.description_model.training import lr_factor, train_model
from emo_assets.description_model.weights import EpochRecord, TrainedModel
from emo_assets.errors import InputError
from emo_assets.nn.training_loop import STATE_KEY
from emo_assets.nn.weight_files import decode_weights
from emo_assets_tests.description_model.conftest import training_rows

DENSITY = model_spec("lstm_density")


def same_weights(one: TrainedModel, other: TrainedModel) -> bool:
    return one.weights.keys() == other.weights.keys() and all(
        torch.equal(one.weights[name], other.weights[name]) for name in one.weights
    )


def without_seconds(trained: TrainedModel) -> list[EpochRecord]:
    return [replace(record, seconds=0) for record in trained.history]


@pytest.mark.parametrize("spec", MODEL_SPECS, ids=lambda spec: spec.name)
def test_every_model_learns(spec: ModelSpec, tiny: ModelConfig, training_set: pd.DataFrame) -> None:
    trained = train_model(spec, tiny.model_copy(update={"epochs": 3}), training_set)

    losses = [record.validation_loss for record in trained.history]
    assert losses[-1] < losses[0]
    assert trained.history[0].accuracy is not None
    assert (trained.history[0].kl is not None) == (spec.label_kind is not None)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tiny: ModelConfig, training_set: pd.DataFrame
) -> None:
    first = train_model(DENSITY, tiny, training_set)
    again = train_model(DENSITY, tiny, training_set)
    other = train_model(DENSITY, tiny.model_copy(update={"seed": 1}), training_set)

    assert same_weights(first, again)
    assert without_seconds(first) == without_seconds(again)
    assert not same_weights(first, other)


@pytest.mark.parametrize("name", ["lstm_density", "transformer"])
def test_a_killed_training_continues_to_the_same_result(
    name: str, tiny: ModelConfig, training_set: pd.DataFrame, tmp_path: Path
) -> None:
    config = tiny.model_copy(update={"epochs": 4, "transpose": True})
    whole = train_model(model_spec(name), config, training_set)
    told: list[int] = []

    def killed(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    path = tmp_path / "density.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train_model(model_spec(name), config, training_set, checkpoint=path, on_epoch=killed)
    continued = train_model(
        model_spec(name),
        config,
        training_set,
        checkpoint=path,
        on_epoch=lambda record: told.append(record.epoch),
    )

    assert told == [3, 4]
    assert same_weights(whole, continued)
    assert without_seconds(whole) == without_seconds(continued)


def test_a_checkpoint_of_other_settings_is_not_continued(
    tiny: ModelConfig, training_set: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "density.safetensors"
    train_model(DENSITY, tiny, training_set, checkpoint=path)
    epochs: list[int] = []
    other = tiny.model_copy(update={"seed": 5})
    train_model(
        DENSITY, other, training_set, checkpoint=path, on_epoch=lambda record: epochs.append(record.epoch)
    )

    assert epochs == [1, 2]


def test_a_damaged_checkpoint_is_one_clear_line(
    tiny: ModelConfig, training_set: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "density.safetensors"
    path.write_bytes(b"not a checkpoint")

    with pytest.raises(InputError, match=r"density\.safetensors"):
        train_model(DENSITY, tiny, training_set, checkpoint=path)


def test_it_stops_when_validation_does_not_get_better_and_keeps_the_best(
    tiny: ModelConfig, training_set: pd.DataFrame
) -> None:
    config = tiny.model_copy(update={"epochs": 60, "patience": 2, "learning_rate": 0.05})
    trained = train_model(DENSITY, config, training_set)

    losses = [record.validation_loss for record in trained.history]
    assert len(losses) < 60
    assert trained.best_epoch.validation_loss == min(losses)
    assert int(np.argmin(losses)) == len(losses) - 3


def test_a_killed_training_continues_in_another_process(
    tiny: ModelConfig, training_set: pd.DataFrame, tmp_path: Path
) -> None:
    path, table = tmp_path / "misc.safetensors", tmp_path / "training_set.parquet"
    training_set.to_parquet(table)
    code = f"""
import os, pathlib, pandas
from emo_assets.description_model.specs import ModelConfig, model_spec
from emo_assets.description_model.training import train_model
train_model(
    model_spec("lstm_misc"),
    ModelConfig.model_validate_json({tiny.model_dump_json()!r}),
    pandas.read_parquet({str(table)!r}),
    checkpoint=pathlib.Path({str(path)!r}),
    on_epoch=lambda record: os._exit(9),
)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert killed.returncode == 9
    epochs: list[int] = []
    train_model(
        model_spec("lstm_misc"),
        tiny,
        training_set,
        checkpoint=path,
        on_epoch=lambda record: epochs.append(record.epoch),
    )

    assert epochs == [2]


def test_a_loss_that_is_not_a_number_stops_and_the_best_weights_are_kept(
    tiny: ModelConfig, training_set: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def broken(predicted: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal calls
        calls += 1
        predicted, targets = drop_padding(predicted, batch)
        return (predicted * torch.nan if calls > 20 else predicted), targets

    monkeypatch.setattr("emo_assets.description_model.training.drop_padding", broken)
    path = tmp_path / "density.safetensors"
    config = tiny.model_copy(update={"epochs": 30, "patience": 30})
    with pytest.raises(InputError, match=r"lstm_density: the loss is not a number in epoch \d+; .*lower"):
        train_model(DENSITY, config, training_set, checkpoint=path)

    _, tensors = decode_weights(path.read_bytes(), key=STATE_KEY, name="state")
    kept = {name: tensor for name, tensor in tensors.items() if name.startswith("best.")}
    assert kept
    assert all(torch.isfinite(tensor).all() for tensor in kept.values())


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (training_rows(30).iloc[:0], "is empty"),
        (training_rows(30, artists=1), "one artist"),
        (training_rows(30).query("split != 'validation'"), "no songs in the validation split"),
        (training_rows(30).query("split != 'train'"), "no songs in the train split"),
        (training_rows(5).drop(columns=["energy"]), "no column energy"),
    ],
    ids=["empty", "one artist", "no validation", "no training", "missing column"],
)
def test_an_unusable_training_set_is_refused_in_one_line(
    table: pd.DataFrame, reason: str, tiny: ModelConfig
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        train_model(DENSITY, tiny, table)
    assert "\n" not in str(caught.value)


def test_the_learning_rate_rises_and_then_falls() -> None:
    rates = [lr_factor(share / 100) for share in range(101)]
    peak = int(np.argmax(rates))

    assert max(rates) == pytest.approx(1, abs=0.01)
    assert 0 < peak < 10
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
