"""Training a FIGARO on songs: the loop, its measurements, and how it goes on after being killed.

What a window is belongs to `batches`, what a file of weights is to `weights`.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional as F
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.figaro.config import TrainingConfig
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.training_batches import Batch, held_out_batches, random_batch
from emo_assets.progress import Progress, no_progress
from emo_assets.store import atomic_write
from emo_assets.tokens.batch import extract_contents
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.tokenize import MidiTokens
from emo_assets.tokens.vocabulary import PAD

ADAM_BETAS = (0.9, 0.98)
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class EpochRecord:
    """What one measurement found.

    Attributes:
        step: steps done.
        training_loss: nats a token over the steps since the last record.
        held_out_loss: nats a token on the held-out windows.
        seconds: of training since the last record, the measurement left out.
    """

    step: int
    training_loss: float
    held_out_loss: float
    seconds: float

    @property
    def perplexity(self) -> float:
        """Perplexity on the held-out windows: exp(held-out loss)."""
        return math.exp(self.held_out_loss)


@dataclass(frozen=True)
class TrainedFigaro:
    """A trained network with how it came about.

    Attributes:
        network: with the weights of the best record.
        config: what it was trained with.
        history: all records, oldest first.
    """

    network: FigaroNetwork
    config: TrainingConfig
    history: tuple[EpochRecord, ...]

    @property
    def best(self) -> EpochRecord:
        """The record whose weights were kept."""
        return min(self.history, key=lambda record: record.held_out_loss)


def read_songs(midi: Iterable[bytes], *, progress: Progress = no_progress) -> list[TrainingSong]:
    """Read MIDI files into songs; files that cannot be read are left out.

    Args:
        midi: contents of MIDI files.
        progress: told how many files are read.
    """
    items = ((str(number), content) for number, content in enumerate(midi))
    read = extract_contents(items, events=True, progress=progress)
    return [song_of(extracted.tokens) for extracted in read if extracted.tokens is not None]


def song_of(tokens: MidiTokens) -> TrainingSong:
    """Return what was read from a MIDI file, events and description, as a song to learn from."""
    return TrainingSong.of(tokens.events, DescriptionGrammar().format(tokens.description))


def is_held_out(song: TrainingSong, share: float) -> bool:
    """Say whether a song is measured on instead of learned from, by a hash of its events.

    A song's side depends on itself alone, so that it does not move when the data grow.

    Args:
        song: the song.
        share: of songs to hold out, 0 to 1.
    """
    return _hash(song) < share


def split_songs(songs: Sequence[TrainingSong], share: float) -> tuple[list[TrainingSong], list[TrainingSong]]:
    """Part songs into those to learn from and those held out, of which there is one at least.

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
    midi: Iterable[bytes],
    config: TrainingConfig,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
) -> TrainedFigaro:
    """Train a FIGARO on MIDI files.

    Args:
        midi: contents of MIDI files; those that cannot be read are left out.
        config: sizes, steps, seed.
        checkpoint: where the state is kept at every measurement. When a state of the same training on the
            same songs lies there, training goes on from it, to the same weights as without the stop.
        progress: told the steps done.
        on_epoch: told each measurement.

    Returns:
        The network with the weights that did best on the held-out songs, and the learning curve.

    Raises:
        InputError: too few songs, or the loss became NaN (what to change is said).
    """
    songs = read_songs(midi, progress=progress)
    return train_on_songs(songs, config, checkpoint=checkpoint, progress=progress, on_epoch=on_epoch)


def train_on_songs(
    songs: Sequence[TrainingSong],
    config: TrainingConfig,
    *,
    checkpoint: Path | UPath | None = None,
    progress: Progress = no_progress,
    on_epoch: Callable[[EpochRecord], None] = lambda record: None,
) -> TrainedFigaro:
    """Train on songs that are read already; otherwise as `train_figaro`."""
    learned, held_out = split_songs(songs, config.held_out_share)
    training = _Training(config, learned, held_out)
    if checkpoint is not None and checkpoint.exists():
        training.resume(checkpoint)
    while training.step < config.steps:
        training.advance()
        progress("training FIGARO", training.step, config.steps)
        if training.step % config.evaluate_every == 0 or training.step == config.steps:
            on_epoch(training.measure())
            if checkpoint is not None:
                training.save(checkpoint)
    return training.result()


class _Training:
    """The state of one training: weights, moments, best weights and learning curve."""

    def __init__(
        self, config: TrainingConfig, learned: Sequence[TrainingSong], held_out: Sequence[TrainingSong]
    ) -> None:
        self.config = config
        self.songs = learned
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        context = config.network.context
        self.held_out = held_out_batches(held_out, config.held_out_windows, config.batch, context)
        self.corpus = _fingerprint(learned)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.network = FigaroNetwork(config.network).to(self.device)
        weights = list(self.network.parameters())
        matrices = [weight for weight in weights if weight.dim() > 1]
        vectors = [weight for weight in weights if weight.dim() <= 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors},
        ]
        self.optimizer = torch.optim.AdamW(
            groups,
            betas=ADAM_BETAS,
            weight_decay=0.0,
            fused=True,
        )
        self.step = 0
        self.history: list[EpochRecord] = []
        self.best = self._weights()
        self._losses: list[float] = []
        self._started = time.perf_counter()

    def advance(self) -> None:
        """Do one step."""
        config = self.config
        batch = random_batch(self.songs, config.seed, self.step, config.batch, config.network.context)
        for group in self.optimizer.param_groups:
            group["lr"] = config.learning_rate_at(self.step)
        loss = self._loss(batch)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip)
        if not (math.isfinite(loss.item()) and math.isfinite(norm.item())):
            raise InputError(
                f"training FIGARO broke down at step {self.step}: the loss is no number; "
                f"lower the learning rate ({config.learning_rate:g}) or lengthen the warmup ({config.warmup})"
            )
        self.optimizer.step()
        self._losses.append(loss.item())
        self.step += 1

    def measure(self) -> EpochRecord:
        """Measure on the held-out windows, keep the weights when they are the best so far."""
        seconds = time.perf_counter() - self._started
        total, tokens = 0.0, 0
        with torch.no_grad():
            for batch in self.held_out:
                count = int((batch.targets != PAD).sum())
                total += self._loss(batch).item() * count
                tokens += count
        average = sum(self._losses) / max(1, len(self._losses))
        record = EpochRecord(self.step, average, total / tokens, seconds)
        self.history.append(record)
        if record.held_out_loss <= min(past.held_out_loss for past in self.history):
            self.best = self._weights()
        self._losses.clear()
        self._started = time.perf_counter()
        return record

    def result(self) -> TrainedFigaro:
        """Return the network with the best weights."""
        self.network.load_state_dict(self.best)
        return TrainedFigaro(self.network.cpu().eval(), self.config, tuple(self.history))

    def save(self, path: Path | UPath) -> None:
        """Write everything that `resume` needs."""
        tensors = {f"weights.{name}": weight for name, weight in self._weights().items()}
        tensors |= {f"best.{name}": weight for name, weight in self.best.items()}
        for name, weight in self.network.named_parameters():
            for moment in _MOMENTS:
                tensors[f"{moment}.{name}"] = self.optimizer.state[weight][moment].contiguous()
        about = {
            "config": self.config.model_dump_json(),
            "corpus": self.corpus,
            "history": json.dumps([asdict(record) for record in self.history]),
        }
        with atomic_write(path) as file:
            file.write(save(tensors, about))

    def resume(self, path: Path | UPath) -> None:
        """Take up the state in `path` if it belongs to this training on these songs; else start anew.

        A state from before the learning rate began to fall also serves a training of other length.
        """
        try:
            with safe_open(path, "pt") as file:
                about = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            kept = TrainingConfig.model_validate_json(about["config"])
            history = [EpochRecord(**record) for record in json.loads(about["history"])]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: is not a state of training; remove it to start anew") from error
        same_so_far = kept.model_copy(update={"steps": self.config.steps}) == self.config and all(
            kept.learning_rate_at(step) == self.config.learning_rate_at(step)
            for step in range(history[-1].step)
        )
        if about["corpus"] != self.corpus or not same_so_far:
            return
        self.history = history
        self.step = history[-1].step
        for name, weight in self.network.named_parameters():
            weight.data.copy_(tensors[f"weights.{name}"])
            self.best[name] = tensors[f"best.{name}"]
            state = {moment: tensors[f"{moment}.{name}"].to(self.device) for moment in _MOMENTS}
            self.optimizer.state[weight] = {"step": torch.tensor(float(self.step)), **state}

    def _loss(self, batch: Batch) -> Tensor:
        """Nats a token of the next events, padding left out."""
        events, bars, positions, targets, description, description_bars = (
            torch.from_numpy(ids).to(self.device)  # (windows, context)
            for ids in (
                batch.events,
                batch.bars,
                batch.positions,
                batch.targets,
                batch.description,
                batch.description_bars,
            )
        )
        with _reduced_precision(self.device):
            memory = self.network.encode(description, description_bars)  # (windows, context, d_model)
            logits = self.network(events, bars, positions, memory)  # (windows, context, events)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=PAD)

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.detach().cpu().clone() for name, weight in self.network.named_parameters()}


def _reduced_precision(device: torch.device) -> AbstractContextManager[object]:
    """Multiply in bfloat16 where the machine does so natively: three times as fast as float32 then."""
    native = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


def _fingerprint(songs: Sequence[TrainingSong]) -> str:
    digest = hashlib.sha256()
    for song in songs:
        digest.update(song.events.astype("<i2").tobytes())
    return digest.hexdigest()
