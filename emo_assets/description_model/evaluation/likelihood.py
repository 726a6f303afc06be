"""Teacher-forced likelihood: how probable each true token is, and whether it is the first guess.

`TokenScores` is the record of the answers; networks and baselines fill the same one. Padding is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from emo_assets.description_model.data.dataset import (
    IGNORE_INDEX,
    Batch,
    DescriptionDataset,
    Example,
    transpose_window,
)
from emo_assets.description_model.data.soft_labels import SoftLabels
from emo_assets.description_model.data.songs import DescribedSong, load_splits
from emo_assets.description_model.data.transposition import chord_shift
from emo_assets.description_model.networks import DescriptionNetwork
from emo_assets.description_model.weights import TrainedModel
from emo_assets.nn.sampling import apply_cfg

MIN_KEY_SHARE = 0.005
"""Key offsets that are rarer than this in the training songs are left out of `marginalize_keys`."""

BITS_PER_NAT = float(1 / np.log(2))

BATCH_SIZE = 64
"""Windows per batch."""


@dataclass(frozen=True)
class TokenScores:
    """One entry per predicted token.

    Attributes:
        song: index of its song in the split, shape (tokens,).
        kind: index of its kind in `output_vocab.KINDS`, shape (tokens,).
        bits: -log2 of its predicted probability, shape (tokens,).
        right: whether it was the most likely prediction, shape (tokens,).
        kl: KL divergence of the prediction from its soft label in bits, NaN without one, shape (tokens,).
        bars: number of bars described.
    """

    song: NDArray[np.int64]
    kind: NDArray[np.int64]
    bits: NDArray[np.float64]
    right: NDArray[np.bool_]
    kl: NDArray[np.float64]
    bars: int

    def only(self, kinds: Sequence[int]) -> TokenScores:
        """Return the entries of some kinds."""
        mask = np.isin(self.kind, kinds)
        return replace(self, **{name: getattr(self, name)[mask] for name in _PER_TOKEN})


_PER_TOKEN = ("song", "kind", "bits", "right", "kl")


def concat_scores(parts: Sequence[TokenScores], bars: int) -> TokenScores:
    """Concatenate scores of several songs, or of models that generate different kinds of the same bars.

    Args:
        parts: the scores.
        bars: how many bars they describe together.
    """
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PER_TOKEN}
    return TokenScores(**columns, bars=bars)


def score_songs(trained: TrainedModel, songs: Sequence[DescribedSong]) -> TokenScores:
    """Score one model on all segments of some songs, marginalizing over keys."""
    source, kind = trained.dataset(songs), trained.spec.label_kind
    label = SoftLabels(kind, trained.config.label_sigma) if kind else None
    return token_scores(trained.network(), source, source.segments(), label=label, any_key=True)


@torch.no_grad()
def token_scores(
    network: DescriptionNetwork,
    source: DescriptionDataset,
    examples: Sequence[Example],
    *,
    label: SoftLabels | None = None,
    any_key: bool = False,
    batch_size: int = BATCH_SIZE,
) -> TokenScores:
    """Score every token of some windows.

    Args:
        network: the network, in evaluation mode.
        source: the dataset of `examples`.
        examples: the windows.
        label: soft labels for `TokenScores.kl`; None leaves it NaN.
        any_key: average over the keys that the song may be in (`marginalize_keys`); otherwise chords are
            scored relative to the estimated key, which the model does not get.
        batch_size: windows per batch.
    """
    device = next(network.parameters()).device
    kinds = source.vocab.kind_index
    columns: list[tuple[NDArray[np.generic], ...]] = []
    for start in range(0, len(examples), batch_size):
        part = examples[start : start + batch_size]
        batch = source.collate(part).to(device)
        if any_key and source.has_relative_chords:
            logs = marginalize_keys(network, source, part)
        else:
            logs = network(batch)[0]
        predicted, targets = drop_padding(logs, batch)
        nats = -predicted.gather(-1, targets[:, None]).squeeze(-1)
        kl = label.divergence(predicted, targets) if label else torch.full_like(nats, torch.nan)
        songs = torch.tensor([example.song for example in part], device=device)
        song_of = songs[:, None].expand_as(batch.targets)[batch.targets != IGNORE_INDEX]
        right = predicted.argmax(dim=-1) == targets
        outcomes = (song_of, targets, nats.double() * BITS_PER_NAT, right, kl * BITS_PER_NAT)
        columns.append(tuple(column.cpu().numpy() for column in outcomes))
    song, target, bits, correct, kl_bits = (np.concatenate(column) for column in zip(*columns, strict=True))
    return TokenScores(
        song=song.astype(np.int64),
        kind=kinds[target.astype(np.int64)],
        bits=bits.astype(np.float64),
        right=correct.astype(np.bool_),
        kl=kl_bits.astype(np.float64),
        bars=sum(len(example.window.content) for example in examples),
    )


def drop_padding(predicted: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the steps without padding.

    Args:
        predicted: log-probabilities, (batch, time, outputs).
        batch: with its targets, (batch, time).

    Returns:
        Log-probabilities (tokens, outputs) and targets (tokens,).
    """
    counts = batch.targets != IGNORE_INDEX
    return predicted[counts], batch.targets[counts]


def marginalize_keys(
    network: DescriptionNetwork, source: DescriptionDataset, examples: Sequence[Example]
) -> torch.Tensor:
    """Return log-probabilities of each next token when the key of the chords is unknown.

    p(token | past) = Σₖ p(k | past) · pₖ(token | past), where k is the interval from Spotify's key to the
    song's, p(k) its share of the training songs, and p(k | past) ∝ p(k) · Πₜ pₖ(tokenₜ | pastₜ).

    Args:
        network: in evaluation mode.
        source: the dataset of `examples`.
        examples: windows, chords relative to the estimated key.

    Returns:
        (batch, time, outputs), chords relative to the estimated key.
    """
    device = next(network.parameters()).device
    shares = np.where(source.key_estimator.offsets >= MIN_KEY_SHARE, source.key_estimator.offsets, 0)
    by_key, weights = [], []
    for above in np.flatnonzero(shares).tolist():
        shifts = [chord_shift(example.key_offset - above) for example in examples]
        shifted = [
            replace(example, window=transpose_window(example.window, shift))
            for example, shift in zip(examples, shifts, strict=True)
        ]
        batch = source.collate(shifted).to(device)
        logs = network(batch)[0]  # (batch, time, outputs)
        truth = logs.gather(-1, batch.targets.clamp(min=0)[..., None]).squeeze(-1)  # (batch, time)
        truth = truth.masked_fill(batch.targets == IGNORE_INDEX, 0)
        weights.append(np.log(shares[above] / shares.sum()) + truth.cumsum(dim=1) - truth)
        outputs = np.stack([source.vocab.index[shift[source.vocab.token_ids]] for shift in shifts])
        index = torch.from_numpy(outputs).to(device)[:, None, :].expand_as(logs)
        by_key.append(logs.gather(-1, index))
    posterior = torch.stack(weights).log_softmax(dim=0)  # (keys, batch, time)
    return torch.logsumexp(torch.stack(by_key) + posterior[..., None], dim=0)


@torch.no_grad()
def cfg_nll(trained: TrainedModel, songs: Sequence[DescribedSong], guidance: float) -> float:
    """Return the negative log-likelihood of songs under classifier-free guidance, in bits per bar.

    The distribution of each token is proportional to p(·)^(1-g) · p(·|features)^g, as in sampling
    (`nn.sampling.apply_cfg`). Chords are scored relative to the estimated key.

    Args:
        trained: the model; tokens of the kinds that it generates count.
        songs: with features.
        guidance: g: 1 as learned, 0 without features.
    """
    source, network = trained.dataset(songs), trained.network()
    examples = source.segments()
    bits, bars = 0.0, sum(len(example.window.content) for example in examples)
    for start in range(0, len(examples), BATCH_SIZE):
        batch = source.collate(examples[start : start + BATCH_SIZE])
        hidden = replace(
            batch,
            features=torch.zeros_like(batch.features),
            feature_mask=torch.zeros_like(batch.feature_mask),
        )
        conditional, targets = drop_padding(network(batch)[0], batch)
        unconditional, _ = drop_padding(network(hidden)[0], hidden)
        guided = apply_cfg(conditional.double().numpy(), unconditional.double().numpy(), guidance)
        logs = torch.from_numpy(guided).log_softmax(dim=-1)  # (tokens, outputs)
        bits -= float(logs.gather(-1, targets[:, None]).sum()) * BITS_PER_NAT
    return bits / bars


def permute_features(songs: Sequence[DescribedSong], *, seed: int) -> list[DescribedSong]:
    """Return songs with their features permuted, so that each has another song's (permutation importance).

    Key and mode are permuted with the rest: a model that generates chords relative to the key gets a
    wrong key.

    Args:
        songs: two or more with features.
        seed: of the permutation.
    """
    order = np.random.default_rng(seed).permutation(len(songs))
    given = {int(taker): int(giver) for taker, giver in zip(order, np.roll(order, 1), strict=True)}
    return [replace(song, features=songs[given[index]].features) for index, song in enumerate(songs)]


def bits_by_song(scores: TokenScores, songs: Sequence[DescribedSong]) -> NDArray[np.float64]:
    """Return the bits of each song, shape (songs,)."""
    bits: NDArray[np.float64] = np.bincount(scores.song, scores.bits, len(songs)).astype(np.float64)
    return bits


def validation_nll(
    candidates: Mapping[str, Sequence[TrainedModel]], training_set: pd.DataFrame
) -> pd.DataFrame:
    """Return the negative log-likelihood of the validation songs, the criterion for champions.

    Args:
        candidates: by name, each one full model or the five specialized ones.
        training_set: the `training_set` table.

    Returns:
        One row per candidate and song: `model`, `md5`, `bits` (of the song's segments), `bars`.
    """
    songs = load_splits(training_set)["validation"]
    bars = [sum(len(run.bars) for run in song.bar_runs) for song in songs]
    frames = []
    for name, models in candidates.items():
        bits = sum(bits_by_song(score_songs(model, songs), songs) for model in models)
        frames.append(
            pd.DataFrame({"model": name, "md5": [song.md5 for song in songs], "bits": bits, "bars": bars})
        )
    return pd.concat(frames, ignore_index=True)
