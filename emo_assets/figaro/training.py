"""Training of FIGARO on songs, resumable to the same weights."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional as F
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.figaro.config import TrainingConfig
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.training_batches import Batch, held_out_batches, random_batch
from emo_assets.nn.training_loop import Checkpoint, NonFiniteLossError, TrainingLoop
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.batch import extract_files
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.tokenize import MidiTokens
from emo_assets.tokens.vocabulary import PAD

ADAM_BETAS = (0.9, 0.98)


@dataclass(frozen=True)
class TrainingRecord:
    """One measurement on the held-out windows.

    Attributes:
        step: steps so far.
        train_loss: nats per token over the steps since the last record.
        validation_loss: nats per token on the held-out windows.
        seconds: training time since the last record, without the measurement.
    """

    step: int
    train_loss: float
    validation_loss: float
    seconds: float

    @property
    def perplexity(self) -> float:
        """Perplexity on the held-out windows: exp(validation loss)."""
        return math.exp(self.validation_loss)


@dataclass(frozen=True)
class TrainedFigaro:
    """A trained network and its history.

    Attributes:
        network: with the weights of the best record.
        config: what it was trained with.
        history: all records, oldest first.
    """

    network: FigaroNetwork
    config: TrainingConfig
    history: tuple[TrainingRecord, ...]

    @property
    def best(self) -> TrainingRecord:
        """The record whose weights were kept."""
        return min(self.history, key=lambda record: record.validation_loss)


def read_songs(midi: Iterable[bytes], *, progress: Progress = no_progress) -> list[TrainingSong]:
    """Read MIDI files into songs; files that cannot be read are skipped.

    Args:
        midi: contents of MIDI files.
        progress: called with the number of files.
    """
    items = ((str(number), content) for number, content in enumerate(midi))
    read = extract_files(items, events=True, progress=progress)
    return [song_of(extracted.tokens) for extracted in read if extracted.tokens is not None]


def song_of(tokens: MidiTokens) -> TrainingSong:
    """Return the events and the description of a MIDI file as a song to train on."""
    return TrainingSong.from_ids(tokens.events, DescriptionGrammar().format(tokens.description))


def is_held_out(song: TrainingSong, share: float) -> bool:
    """Return whether a song is held out, by a hash of its events; it does not depend on other songs.

    Args:
        song: the song.
        share: of songs to hold out, 0 to 1.
    """
    return _hash(song) < share


def split_songs(songs: Sequence[TrainingSong], share: float) -> tuple[list[TrainingSong], list[TrainingSong]]:
    """Split songs into training songs and held-out songs, at least one of them.

    Args:
        songs: at least two.
        share: of songs to hold out, 0 to 1.

    Raises:
        InputError: there are fewer than two songs.
    """
    if len(songs) < 2:
        raise InputError(
            f"training FIGARO needs songs to learn from and to measure on, got {len(songs)} readable MIDI "
            "files; give it more"
        )
    held_out = [song for song in songs if is_held_out(song, share)] or [min(songs, key=_hash)]
    out = {id(song) for song in held_out}
    return [song for song in songs if id(song) not in out], held_out


def _hash(song: TrainingSong) -> float:
    """Return a number in [0, 1) that a song's events decide."""
    digest = hashlib.sha256(song.events.astype("<i2").tobytes()).digest()
    return int.from_bytes(digest[:4], "little") / 2**32


def train_figaro(
    songs: Sequence[TrainingSong],
    config: TrainingConfig,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = no_progress,
    on_record: Callable[[TrainingRecord], None] = lambda record: None,
) -> TrainedFigaro:
    """Train a FIGARO on songs.

    Args:
        songs: training songs and held-out songs.
        config: sizes, steps, seed.
        checkpoint: keeps the state after each measurement. An interrupted training on the same songs
            continues from it, to the same weights.
        progress: called with the number of steps.
        on_record: called with each new record.

    Returns:
        The network with the weights that did best on the held-out songs, and its history.

    Raises:
        InputError: there are too few songs, the checkpoint is damaged, or the loss became NaN or infinite.
    """
    training = _Training(config, songs, checkpoint, progress)
    loop = training.loop
    try:
        loop.run(training.epoch, is_finished=lambda: training.step >= config.steps, on_epoch=on_record)
    except NonFiniteLossError as error:
        raise InputError(
            f"training FIGARO: the loss is not a number at step {training.step}; "
            f"lower the learning rate ({config.learning_rate:g}) or lengthen the warmup ({config.warmup})"
        ) from error
    training.network.load_state_dict(loop.best_weights)
    return TrainedFigaro(training.network.cpu().eval(), config, tuple(loop.history))


class _Training:
    """The data and the loop of one training; an epoch ends with a measurement."""

    def __init__(
        self,
        config: TrainingConfig,
        songs: Sequence[TrainingSong],
        checkpoint: Path | UPath | None,
        progress: Progress,
    ) -> None:
        self.config = config
        self.progress = progress
        self.songs, held_out = split_songs(songs, config.held_out_share)
        self.held_out = held_out_batches(
            held_out,
            config.held_out_windows,
            config.batch,
            config.network.context,
            copying=config.network.copying,
        )
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.network = FigaroNetwork(config.network).to(self.device)
        identity = {"config": config.model_dump(), "songs": _fingerprint(self.songs)}
        state = Checkpoint(checkpoint, identity, self._can_continue) if checkpoint is not None else None
        self.loop = TrainingLoop(self.network, self._optimizer(), TrainingRecord, state)
        self.step = self.loop.history[-1].step if self.loop.history else 0

    def epoch(self) -> TrainingRecord:
        """Train until the next measurement, and measure."""
        config = self.config
        losses: list[float] = []
        started = time.perf_counter()
        while not losses or (self.step % config.evaluate_every and self.step < config.steps):
            batch = random_batch(
                self.songs,
                config.seed,
                self.step,
                config.batch,
                config.network.context,
                copying=config.network.copying,
            )
            rate = config.learning_rate_at(self.step)
            losses.append(
                self.loop.step(self._loss(batch), learning_rate=rate, max_gradient_norm=config.clip)
            )
            self.step += 1
            self.progress("training FIGARO", self.step, config.steps)
        seconds = time.perf_counter() - started
        return TrainingRecord(self.step, sum(losses) / len(losses), self._validation_loss(), seconds)

    def _validation_loss(self) -> float:
        """Return the nats per token on the held-out windows."""
        total, tokens = 0.0, 0
        with torch.no_grad():
            for batch in self.held_out:
                count = int((batch.targets != PAD).sum())
                total += self._loss(batch).item() * count
                tokens += count
        return total / tokens

    def _loss(self, batch: Batch) -> Tensor:
        """Return the nats per token of the next events, without padding."""
        events, bars, positions, copied, numbers, targets, description, description_bars = (
            torch.from_numpy(ids).to(
                self.device
            )  # (windows, context), copied and numbers with one more dimension
            for ids in batch
        )
        with _reduced_precision(self.device):
            memory = self.network.encode(description, description_bars)  # (windows, context, d_model)
            logits = self.network(
                events, bars, positions, memory, copied, numbers
            )  # (windows, context, events)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=PAD)

    def _optimizer(self) -> torch.optim.AdamW:
        """Return AdamW with weight decay for the matrices alone."""
        weights = list(self.network.parameters())
        groups: list[dict[str, Any]] = [
            {
                "params": [weight for weight in weights if weight.dim() > 1],
                "weight_decay": self.config.weight_decay,
            },
            {"params": [weight for weight in weights if weight.dim() <= 1]},
        ]
        return torch.optim.AdamW(groups, betas=ADAM_BETAS, weight_decay=0.0, fused=True)

    def _can_continue(self, identity: Mapping[str, Any], history: list[dict[str, Any]]) -> bool:
        """Return whether a stored training was the same so far.

        Until the learning rate begins to fall, it also serves a training of another number of steps.
        """
        try:
            stored = TrainingConfig.model_validate(identity["config"])
        except ValidationError:
            return False
        return (
            identity["songs"] == _fingerprint(self.songs)
            and stored.model_copy(update={"steps": self.config.steps}) == self.config
            and all(
                stored.learning_rate_at(step) == self.config.learning_rate_at(step)
                for step in range(history[-1]["step"])
            )
        )


def _reduced_precision(device: torch.device) -> AbstractContextManager[object]:
    """Multiply in bfloat16 where the machine does so natively: three times as fast as float32 there."""
    native = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


def _fingerprint(songs: Sequence[TrainingSong]) -> str:
    digest = hashlib.sha256()
    for song in songs:
        digest.update(song.events.astype("<i2").tobytes())
    return digest.hexdigest()
