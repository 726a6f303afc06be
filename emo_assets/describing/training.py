"""Training of one describer: resumable to the same result, stopped early, loud when it diverges.

Belongs here: the loop, its schedule and its checkpoint. What is trained is `networks`' business, on what
`batches`'; weights for use are kept by `weights`.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save
from upath import UPath

from emo_assets.describing.batches import Example, WindowSource
from emo_assets.describing.describers import DescriberConfig, DescriberSpec
from emo_assets.describing.feature_encoding import FeatureEncoder
from emo_assets.describing.keys import KeyHearing
from emo_assets.describing.likelihood import BITS, SoftLabels, counted_steps, token_scores
from emo_assets.describing.networks.factory import DescriberNetwork, build_network
from emo_assets.describing.songs import Song, checked_songs
from emo_assets.describing.weights import EpochRecord, TrainedDescriber, read_safetensors
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.progress import Progress, silent
from emo_assets.store import written_whole

CHECKPOINT_FORMAT = "emo_assets.describer.checkpoint.1"
ACCURACY_EVERY = 10
"""Epochs from one accuracy and divergence in the history to the next, as in the paper."""

WARM_UP = 0.05
"""Share of the training in which the learning rate rises."""

LONGEST_GRADIENT = 1.0


class DivergedError(InputError):
    """The loss is no number any more.

    Attributes:
        last_good: the describer with the best weights before, None when there was no whole epoch.
    """

    def __init__(self, message: str, last_good: TrainedDescriber | None) -> None:
        super().__init__(message)
        self.last_good = last_good


@dataclass
class _Progressing:
    """What a training has come to, all of it in the checkpoint."""

    network: DescriberNetwork
    optimizer: torch.optim.AdamW
    best: dict[str, torch.Tensor]
    history: list[EpochRecord]

    @property
    def epochs_since_best(self) -> int:
        losses = [record.validation_loss for record in self.history]
        return len(losses) - 1 - int(np.argmin(losses)) if losses else 0


def train_describer(
    spec: DescriberSpec,
    config: DescriberConfig,
    training_set: pd.DataFrame,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = silent,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> TrainedDescriber:
    """Train one describer on the training split, stopping by the validation split.

    Args:
        spec: which describer.
        config: its settings.
        training_set: the `training_set` table.
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
    songs = checked_songs(training_set)
    encoder = FeatureEncoder.fitted(feature_table(songs["train"]))
    hearing = KeyHearing.fitted(songs["train"])
    train = WindowSource(songs["train"], spec, config, encoder, hearing)
    validation = WindowSource(songs["validation"], spec, config, encoder, hearing)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    fingerprint = _fingerprint(spec, config, songs)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        network = build_network(spec, config).to(device)
        run = _Progressing(network, _optimizer(network, config), {}, [])
        if checkpoint is not None:
            _restore(run, checkpoint, fingerprint)
        segments = validation.segments()
        while len(run.history) < config.epochs and run.epochs_since_best < config.patience:
            record = _epoch(run, spec, config, train, validation, segments, encoder, checkpoint)
            if not run.history or record.validation_loss < min(r.validation_loss for r in run.history):
                state = network.state_dict()
                run.best = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}
            run.history.append(record)
            if checkpoint is not None:
                _save(run, checkpoint, fingerprint)
            if on_epoch is not None:
                on_epoch(record)
            progress(f"training {spec.name}", len(run.history), config.epochs)
    progress(f"training {spec.name}", config.epochs, config.epochs)
    return TrainedDescriber(spec, config, encoder, train.hearing, run.best, tuple(run.history))


def _epoch(
    run: _Progressing,
    spec: DescriberSpec,
    config: DescriberConfig,
    train: WindowSource,
    validation: WindowSource,
    segments: Sequence[Example],
    encoder: FeatureEncoder,
    checkpoint: Path | UPath | None,
) -> EpochRecord:
    """Train one epoch and validate it."""
    started = time.perf_counter()
    number = len(run.history)
    # everything random of an epoch hangs on its number alone, so that a continued training repeats it
    rng = np.random.default_rng([config.seed, number])
    torch.manual_seed(int(rng.integers(2**62)))
    label = SoftLabels(spec.label_kind, config.label_sigma) if spec.label_kind else None
    trained_label = label if config.label_sigma else None
    train_loss = _train_epoch(run, config, train, rng, number, trained_label)
    run.network.eval()
    scores = token_scores(run.network, validation, segments, label=label)
    loss = float(scores.bits.mean())
    if not (math.isfinite(train_loss) and math.isfinite(loss)):
        last_good = (
            TrainedDescriber(spec, config, encoder, train.hearing, run.best, tuple(run.history))
            if run.history
            else None
        )
        kept = (
            f"the weights of the best of {number} whole epochs are kept" if number else "no epoch was whole"
        )
        where = f" in {checkpoint}" if checkpoint is not None and number else ""
        raise DivergedError(
            f"{spec.name}: the loss is not a number in epoch {number + 1}; {kept}{where}; "
            f"lower learning_rate ({config.learning_rate:g}) and train anew",
            last_good,
        )
    shown = number % ACCURACY_EVERY == ACCURACY_EVERY - 1 or number in (0, config.epochs - 1)
    return EpochRecord(
        epoch=number + 1,
        train_loss=train_loss,
        validation_loss=loss,
        accuracy=float(scores.right.mean()) if shown else None,
        kl=float(scores.kl.mean()) if shown and label else None,
        learning_rate=float(run.optimizer.param_groups[0]["lr"]),
        seconds=time.perf_counter() - started,
    )


def _train_epoch(
    run: _Progressing,
    config: DescriberConfig,
    train: WindowSource,
    rng: np.random.Generator,
    number: int,
    label: SoftLabels | None,
) -> float:
    """Step through one epoch; return the mean loss of a token in bits, NaN as soon as a loss is no number."""
    network = run.network.train()
    device = next(network.parameters()).device
    examples = train.epoch(rng)
    count = math.ceil(len(examples) / config.batch)
    total, tokens = 0.0, 0
    for place, batch in enumerate(train.batches(examples, config.batch, rng)):
        rate = config.learning_rate * schedule((number + place / count) / config.epochs)
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        on_device = batch.to(device)
        predicted, targets = counted_steps(network(on_device)[0], on_device)
        if label is not None:
            losses = label.divergence(predicted, targets) + label.entropy.to(device)[targets]
        else:
            losses = -predicted.gather(-1, targets[:, None])
        loss = losses.mean()
        if not torch.isfinite(loss):
            return math.nan
        run.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), LONGEST_GRADIENT)
        run.optimizer.step()
        total += float(loss.detach()) * len(targets)
        tokens += len(targets)
    return total / tokens * BITS


def schedule(share: float) -> float:
    """Return the factor of the learning rate after a share (0 to 1) of the epochs: up, then half a cosine."""
    if share < WARM_UP:
        return (share + 0.1 * WARM_UP) / (1.1 * WARM_UP)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def _optimizer(network: DescriberNetwork, config: DescriberConfig) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98)
    )


def feature_table(songs: Sequence[Song]) -> pd.DataFrame:
    """Return the songs' ten features, one row a song: what an encoder is fitted to."""
    return pd.DataFrame(np.stack([song.features for song in songs]), columns=list(FEATURE_NAMES))


def _fingerprint(spec: DescriberSpec, config: DescriberConfig, songs: dict[str, list[Song]]) -> str:
    """Name what a training depends on, so that only the same training is continued."""
    digest = hashlib.sha256(f"{spec} {config.model_dump_json()}".encode())
    for split in ("train", "validation"):
        for song in songs[split]:
            digest.update(song.md5.encode())
            digest.update(song.features.tobytes())
            parts = [[part.first_bar, part.bars, part.segments] for part in song.stretches]
            digest.update(json.dumps(parts).encode())
    return digest.hexdigest()


def _save(run: _Progressing, path: Path | UPath, fingerprint: str) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in run.network.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in run.best.items()}
    names = [name for name, _ in run.network.named_parameters()]
    for number, moments in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{names[number]}.{what}": tensor for what, tensor in moments.items()}
    about = {"fingerprint": fingerprint, "history": [asdict(record) for record in run.history]}
    metadata = {"format": CHECKPOINT_FORMAT, "about": json.dumps(about)}
    with written_whole(path) as file:
        file.write(
            save({name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}, metadata)
        )


def _restore(run: _Progressing, path: Path | UPath, fingerprint: str) -> None:
    """Continue from a checkpoint, if there is one of the same training."""
    if not path.exists():
        return
    about, tensors = read_safetensors(path.read_bytes(), CHECKPOINT_FORMAT, f"checkpoint {path}")
    if about.get("fingerprint") != fingerprint:
        return

    def part(prefix: str) -> dict[str, torch.Tensor]:
        return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}

    run.network.load_state_dict(part("network."))
    run.best = part("best.")
    run.history = [EpochRecord(**record) for record in about["history"]]
    moments = part("optimizer.")
    names = [name for name, _ in run.network.named_parameters()]
    state = run.optimizer.state_dict()
    state["state"] = {
        number: {what: moments[f"{name}.{what}"] for what in ("step", "exp_avg", "exp_avg_sq")}
        for number, name in enumerate(names)
        if f"{name}.step" in moments
    }
    run.optimizer.load_state_dict(state)
