"""Training of one describer: resumable to the same result, stopped early, loud when it diverges.

Belongs here: the loop and its lr_factor. What is trained is `networks`' business, on what `batches`'; the
state between epochs is kept by `checkpoints`, weights for use by `weights`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from upath import UPath

from emo_assets.description_model.data.dataset import DescriptionDataset, Example
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.songs import DescribedSong, load_splits
from emo_assets.description_model.evaluation.likelihood import (
    BITS_PER_NAT,
    SoftLabels,
    drop_padding,
    token_scores,
)
from emo_assets.description_model.networks.factory import build_network
from emo_assets.description_model.specs import ModelConfig, ModelSpec
from emo_assets.description_model.training_state import (
    TrainingState,
    fingerprint_of,
    new_optimizer,
    restore_state,
    save_state,
)
from emo_assets.description_model.weights import EpochRecord, TrainedModel
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.progress import Progress, no_progress

ACCURACY_EVERY = 10
"""Epochs from one accuracy and divergence in the history to the next, as in the paper."""

WARMUP_SHARE = 0.05
"""Share of the training in which the learning rate rises."""

MAX_GRADIENT_NORM = 1.0


class DivergedError(InputError):
    """The loss is no number any more.

    Attributes:
        last_good: the describer with the best weights before, None when there was no whole epoch.
    """

    def __init__(self, message: str, last_good: TrainedModel | None) -> None:
        super().__init__(message)
        self.last_good = last_good


@dataclass(frozen=True)
class _Material:
    """What does not change while a describer is trained."""

    spec: ModelSpec
    config: ModelConfig
    encoder: FeatureEncoder
    hearing: KeyEstimator
    train: DescriptionDataset
    validation: DescriptionDataset
    segments: Sequence[Example]
    label: SoftLabels | None

    def trained(self, state: TrainingState) -> TrainedModel:
        """Return the describer as it is after some epochs, with the weights of the best of them."""
        return TrainedModel(
            self.spec, self.config, self.encoder, self.hearing, state.best, tuple(state.history)
        )


def train_model(
    spec: ModelSpec,
    config: ModelConfig,
    training_set: pd.DataFrame,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainedModel:
    """Train one describer on the training split, stopping by the validation split.

    Args:
        spec: which describer.
        config: its settings.
        training_set: the `training_set` table. Songs whose features are missing are learned from as songs
            whose features nobody tells.
        checkpoint: file that is written after each epoch; when it holds an unfinished training of the same
            describer, settings and data, that one is continued to the same result. None keeps nothing.
        progress: told the epochs done.
        on_epoch: told each epoch's record, those of a continued training's earlier epochs not again.

    Returns:
        The describer with the weights of its best epoch. Same settings, data and machine: same weights.

    Raises:
        InputError: nothing can be learned from the training set.
        DivergedError: the loss is not a number.
    """
    songs = load_splits(training_set)
    material = _prepared(spec, config, songs)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    fingerprint = fingerprint_of(spec, config, songs)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        network = build_network(spec, config).to(device)
        state = TrainingState(network, new_optimizer(network, config), {}, [])
        if checkpoint is not None:
            restore_state(state, checkpoint, fingerprint)
        while len(state.history) < config.epochs and state.epochs_since_best < config.patience:
            record = _epoch(state, material, checkpoint)
            state.note(record)
            if checkpoint is not None:
                save_state(state, checkpoint, fingerprint)
            if on_epoch is not None:
                on_epoch(record)
            progress(f"training {spec.name}", len(state.history), config.epochs)
    progress(f"training {spec.name}", config.epochs, config.epochs)
    return material.trained(state)


def _prepared(spec: ModelSpec, config: ModelConfig, songs: dict[str, list[DescribedSong]]) -> _Material:
    encoder = FeatureEncoder.fitted(feature_table(songs["train"]))
    hearing = KeyEstimator.fitted(songs["train"])
    train, validation = (
        DescriptionDataset(songs[split], spec, config, encoder, hearing) for split in ("train", "validation")
    )
    label = SoftLabels(spec.label_kind, config.label_sigma) if spec.label_kind else None
    return _Material(spec, config, encoder, hearing, train, validation, validation.segments(), label)


def _epoch(state: TrainingState, material: _Material, checkpoint: Path | UPath | None) -> EpochRecord:
    """Train one epoch and validate it."""
    started = time.perf_counter()
    config, number = material.config, len(state.history)
    # everything random of an epoch hangs on its number alone, so that a continued training repeats it
    rng = np.random.default_rng([config.seed, number])
    torch.manual_seed(int(rng.integers(2**62)))
    train_loss = _train_epoch(state, material, rng)
    state.network.eval()
    scores = token_scores(state.network, material.validation, material.segments, label=material.label)
    loss = float(scores.bits.mean())
    if not (math.isfinite(train_loss) and math.isfinite(loss)):
        raise _diverged(state, material, checkpoint)
    shown = number % ACCURACY_EVERY == ACCURACY_EVERY - 1 or number in (0, config.epochs - 1)
    return EpochRecord(
        epoch=number + 1,
        train_loss=train_loss,
        validation_loss=loss,
        accuracy=float(scores.right.mean()) if shown else None,
        kl=float(scores.kl.mean()) if shown and material.label else None,
        learning_rate=float(state.optimizer.param_groups[0]["lr"]),
        seconds=time.perf_counter() - started,
    )


def _diverged(state: TrainingState, material: _Material, checkpoint: Path | UPath | None) -> DivergedError:
    number = len(state.history)
    kept = f"the weights of the best of {number} whole epochs are kept" if number else "no epoch was whole"
    where = f" in {checkpoint}" if checkpoint is not None and number else ""
    return DivergedError(
        f"{material.spec.name}: the loss is not a number in epoch {number + 1}; {kept}{where}; "
        f"lower learning_rate ({material.config.learning_rate:g}) and train anew",
        material.trained(state) if number else None,
    )


def _train_epoch(state: TrainingState, material: _Material, rng: np.random.Generator) -> float:
    """Step through one epoch; return the mean loss of a token in bits, NaN as soon as a loss is no number."""
    network, config = state.network.train(), material.config
    device = next(network.parameters()).device
    examples = material.train.epoch(rng)
    count = math.ceil(len(examples) / config.batch)
    total, tokens = 0.0, 0
    for place, batch in enumerate(material.train.batches(examples, config.batch, rng)):
        rate = config.learning_rate * lr_factor((len(state.history) + place / count) / config.epochs)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        on_device = batch.to(device)
        predicted, targets = drop_padding(network(on_device)[0], on_device)
        if material.label is not None:
            loss = material.label.cross_entropy(predicted, targets).mean()
        else:
            loss = F.nll_loss(predicted, targets)
        if not torch.isfinite(loss):
            return math.nan
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM)
        state.optimizer.step()
        total += float(loss.detach()) * len(targets)
        tokens += len(targets)
    return total / tokens * BITS_PER_NAT


def lr_factor(share: float) -> float:
    """Return the factor of the learning rate after a share (0 to 1) of the epochs: up, then half a cosine."""
    if share < WARMUP_SHARE:
        return (share + 0.1 * WARMUP_SHARE) / (1.1 * WARMUP_SHARE)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (share - WARMUP_SHARE) / (1 - WARMUP_SHARE)))


def feature_table(songs: Sequence[DescribedSong]) -> pd.DataFrame:
    """Return the songs' ten features, one row a song: what an encoder is fitted to."""
    return pd.DataFrame(np.stack([song.features for song in songs]), columns=list(FEATURE_NAMES))
