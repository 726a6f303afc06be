"""Training of one description model."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn
from upath import UPath

from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.soft_labels import SoftLabels
from emo_assets.description_model.data.songs import DescribedSong, load_splits
from emo_assets.description_model.evaluation.likelihood import BITS_PER_NAT, drop_padding, token_scores
from emo_assets.description_model.networks import DescriptionNetwork, build_network
from emo_assets.description_model.specs import ModelConfig, ModelSpec
from emo_assets.description_model.weights import EpochRecord, TrainedModel
from emo_assets.errors import InputError
from emo_assets.nn.training_loop import Checkpoint, NonFiniteLossError, TrainingLoop
from emo_assets.progress import Progress, no_progress

ACCURACY_EVERY = 10
"""Epochs between two measurements of accuracy and divergence, as in the paper."""

WARMUP_SHARE = 0.05
"""Share of the training in which the learning rate rises."""

MAX_GRADIENT_NORM = 1.0

FEATURE_WEIGHT_DECAY = 0.01
"""Weight decay of the feature embedding."""


def train_model(
    spec: ModelSpec,
    config: ModelConfig,
    training_set: pd.DataFrame,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
) -> TrainedModel:
    """Train a model on the training split, with early stopping on the validation split.

    Args:
        spec: which model.
        config: its settings.
        training_set: the `training_set` table. Songs without features are learned with all features masked.
        checkpoint: keeps the state after each epoch. An interrupted training of the same model, settings and
            data continues from it, to the same result.
        progress: called with the number of epochs.
        on_epoch: called with each new epoch's record.

    Returns:
        The model with the weights of its best epoch. Equal arguments give equal weights on one machine.

    Raises:
        InputError: nothing can be learned from the training set, the checkpoint is damaged, or the loss
            became NaN or infinite.
    """
    songs = load_splits(training_set)
    encoder = FeatureEncoder.fit(np.stack([song.features for song in songs["train"]]))
    template = TrainedModel(spec, config, encoder, KeyEstimator.fit(songs["train"]), {}, ())
    task = f"training {spec.name}"
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(config.seed)
        training = _Training(template, songs, checkpoint)

        def report(record: EpochRecord) -> None:
            on_epoch(record)
            progress(task, record.epoch, config.epochs)

        try:
            training.loop.run(training.epoch, is_finished=training.is_finished, on_epoch=report)
        except NonFiniteLossError as error:
            epochs = len(training.loop.history)
            kept = f"; the best weights so far are in {checkpoint}" if checkpoint and epochs else ""
            raise InputError(
                f"{spec.name}: the loss is not a number in epoch {epochs + 1}{kept}; "
                f"lower learning_rate ({config.learning_rate:g}) and train again"
            ) from error
    progress(task, config.epochs, config.epochs)
    return training.result()


class _Training:
    """The data and the loop of one training."""

    def __init__(
        self,
        template: TrainedModel,
        songs: Mapping[str, Sequence[DescribedSong]],
        checkpoint: Path | UPath | None,
    ) -> None:
        spec, config = template.spec, template.config
        self.template = template
        self.train, self.validation = (template.dataset(songs[split]) for split in ("train", "validation"))
        self.segments = self.validation.segments()
        self.labels = SoftLabels(spec.label_kind, config.label_sigma) if spec.label_kind else None
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = build_network(spec, config).to(self.device)
        identity = {"fingerprint": _fingerprint(spec, config, songs)}
        self.loop = TrainingLoop(
            self.network,
            _optimizer(self.network, config),
            EpochRecord,
            Checkpoint(checkpoint, identity) if checkpoint is not None else None,
        )

    def is_finished(self) -> bool:
        """Whether the training has all its epochs, or stops early."""
        config, loop = self.template.config, self.loop
        return len(loop.history) >= config.epochs or loop.epochs_since_best >= config.patience

    def result(self) -> TrainedModel:
        """Return the model with the best weights so far."""
        return replace(self.template, weights=self.loop.best_weights, history=tuple(self.loop.history))

    def epoch(self) -> EpochRecord:
        """Train and validate one epoch."""
        started = time.perf_counter()
        config, index = self.template.config, len(self.loop.history)
        # all randomness depends on the epoch's number, so that a continued training repeats it
        rng = np.random.default_rng([config.seed, index])
        torch.manual_seed(int(rng.integers(2**62)))
        train_loss = self._train(index, rng)
        scores = token_scores(self.network.eval(), self.validation, self.segments, label=self.labels)
        detailed = index % ACCURACY_EVERY == ACCURACY_EVERY - 1 or index in (0, config.epochs - 1)
        return EpochRecord(
            epoch=index + 1,
            train_loss=train_loss,
            validation_loss=float(scores.bits.mean()),
            accuracy=float(scores.right.mean()) if detailed else None,
            kl=float(scores.kl.mean()) if detailed and self.labels else None,
            learning_rate=float(self.loop.optimizer.param_groups[0]["lr"]),
            seconds=time.perf_counter() - started,
        )

    def _train(self, index: int, rng: np.random.Generator) -> float:
        """Train one epoch and return the mean loss per token in bits."""
        config = self.template.config
        self.network.train()
        spans = self.train.epoch(rng)
        steps = math.ceil(len(spans) / config.batch)
        total, tokens = 0.0, 0
        for step, batch in enumerate(self.train.batches(spans, config.batch, rng)):
            on_device = batch.to(self.device)
            predicted, targets = drop_padding(self.network(on_device)[0], on_device)
            if self.labels is not None:
                loss = self.labels.cross_entropy(predicted, targets).mean()
            else:
                loss = F.nll_loss(predicted, targets)
            rate = config.learning_rate * lr_factor((index + step / steps) / config.epochs)
            value = self.loop.step(loss, learning_rate=rate, max_gradient_norm=MAX_GRADIENT_NORM)
            total += value * len(targets)
            tokens += len(targets)
        return total / tokens * BITS_PER_NAT


def lr_factor(share: float) -> float:
    """Return the factor of the learning rate after a share (0 to 1) of the epochs: warmup, then cosine."""
    if share < WARMUP_SHARE:
        return (share + 0.1 * WARMUP_SHARE) / (1.1 * WARMUP_SHARE)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (share - WARMUP_SHARE) / (1 - WARMUP_SHARE)))


def _optimizer(network: DescriptionNetwork, config: ModelConfig) -> torch.optim.AdamW:
    """Return AdamW with a weight decay of its own for the feature embedding."""
    groups: dict[bool, list[nn.Parameter]] = {False: [], True: []}
    for name, parameter in network.named_parameters():
        groups[name.startswith("memory.")].append(parameter)
    decays = {False: config.weight_decay, True: FEATURE_WEIGHT_DECAY}
    options = [{"params": groups[key], "weight_decay": decays[key]} for key in groups]
    return torch.optim.AdamW(options, lr=config.learning_rate, betas=(0.9, 0.98))


def _fingerprint(spec: ModelSpec, config: ModelConfig, songs: Mapping[str, Sequence[DescribedSong]]) -> str:
    """Return a hash of what a training depends on."""
    digest = hashlib.sha256(f"{spec.name} {config.model_dump_json()}".encode())
    for split in ("train", "validation"):
        for song in songs[split]:
            digest.update(song.md5.encode())
            digest.update(song.features.tobytes())
            runs = [[run.first_bar, run.bars, run.segments] for run in song.bar_runs]
            digest.update(json.dumps(runs).encode())
    return digest.hexdigest()
