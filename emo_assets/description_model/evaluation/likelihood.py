"""Teacher-forced scores, token by token: how likely each true token was, and whether it was the first guess.

Belongs here: asking a trained network about windows, and the record of the answers. Baselines fill the same
record; means, intervals and tables are made of it in `scoring`. Padding never enters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
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
from emo_assets.description_model.data.transposition import chord_shift
from emo_assets.description_model.networks import DescriptionNetwork

MIN_KEY_SHARE = 0.005
"""Share of training songs below which a distance from Spotify's key is not considered."""

BITS_PER_NAT = float(1 / np.log(2))
"""Bits in a nat."""


@dataclass(frozen=True)
class TokenScores:
    """One entry a token that had to be predicted.

    Attributes:
        song: number of its song in the split, shape (tokens,).
        kind: index of its kind in `output_vocab.KINDS`, shape (tokens,).
        bits: negative binary logarithm of its probability, shape (tokens,).
        right: whether it was the most likely one, shape (tokens,).
        kl: divergence of the prediction from its soft label in bits, NaN for kinds without, shape (tokens,).
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
        return replace(
            self,
            song=self.song[mask],
            kind=self.kind[mask],
            bits=self.bits[mask],
            right=self.right[mask],
            kl=self.kl[mask],
        )


def concat_scores(parts: Sequence[TokenScores], bars: int) -> TokenScores:
    """Put scores together: of several songs, or of describers that write different kinds of the same bars.

    Args:
        parts: the scores.
        bars: how many bars they describe together.
    """
    return TokenScores(
        song=np.concatenate([part.song for part in parts]),
        kind=np.concatenate([part.kind for part in parts]),
        bits=np.concatenate([part.bits for part in parts]),
        right=np.concatenate([part.right for part in parts]),
        kl=np.concatenate([part.kl for part in parts]),
        bars=bars,
    )


@torch.no_grad()
def token_scores(
    network: DescriptionNetwork,
    source: DescriptionDataset,
    examples: Sequence[Example],
    *,
    label: SoftLabels | None = None,
    over_keys: bool = False,
    size: int = 64,
) -> TokenScores:
    """Ask a network about every token of some windows.

    Args:
        network: the network, in evaluation mode.
        source: where `examples` come from.
        examples: the windows.
        label: soft labels for the divergence; None to leave it out.
        over_keys: count every key in which the song may be, given Spotify's; otherwise chords are scored as
            written in the key that is heard, which a describer is not told.
        size: windows at once.
    """
    device = next(network.parameters()).device
    kinds = source.vocab.kind_index
    columns: list[tuple[NDArray[np.generic], ...]] = []
    for start in range(0, len(examples), size):
        part = examples[start : start + size]
        batch = source.collate(part).to(device)
        if over_keys and source.has_relative_chords:
            logs = marginalize_keys(network, source, part)
        else:
            logs = network(batch)[0]
        predicted, targets = drop_padding(logs, batch)
        nats = -predicted.gather(-1, targets[:, None]).squeeze(-1)
        kl = label.divergence(predicted, targets) if label else torch.full_like(nats, torch.nan)
        songs = torch.tensor([example.song for example in part], device=device)
        song_of = songs[:, None].expand_as(batch.targets)[batch.targets != IGNORE_INDEX]
        outcomes = (
            song_of,
            targets,
            nats.double() * BITS_PER_NAT,
            predicted.argmax(dim=-1) == targets,
            kl * BITS_PER_NAT,
        )
        columns.append(tuple(column.cpu().numpy() for column in outcomes))
    song, target, bits, right, kl_bits = (np.concatenate(column) for column in zip(*columns, strict=True))
    return TokenScores(
        song=song.astype(np.int64),
        kind=kinds[target.astype(np.int64)],
        bits=bits.astype(np.float64),
        right=right.astype(np.bool_),
        kl=kl_bits.astype(np.float64),
        bars=sum(len(example.window.content) for example in examples),
    )


def drop_padding(predicted: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Leave out padding.

    Args:
        predicted: log-probabilities, (batch, time, outputs).
        batch: with its targets, (batch, time).

    Returns:
        Log-probabilities (tokens, outputs) and targets (tokens,) of the steps that count.
    """
    counts = batch.targets != IGNORE_INDEX
    return predicted[counts], batch.targets[counts]


def marginalize_keys(
    network: DescriptionNetwork, source: DescriptionDataset, examples: Sequence[Example]
) -> torch.Tensor:
    """Return log-probabilities of each next token when nobody says in which key the chords are.

    p(token | past) = Σₖ p(k | past) · pₖ(token | past), where k is how far the song's key stands above
    Spotify's, p(k) the share of training songs that stand so, and p(k | past) ∝ p(k) · Πₜ pₖ(tokenₜ | pastₜ).
    Keys of less than 1 in 200 training songs are left out.

    Args:
        network: in evaluation mode.
        source: where `examples` come from.
        examples: windows, chords written in the key that is heard.

    Returns:
        (batch, time, outputs), chords in the key that is heard.
    """
    device = next(network.parameters()).device
    shares = np.where(source.key_estimator.offsets >= MIN_KEY_SHARE, source.key_estimator.offsets, 0)
    by_key, weights = [], []
    for above in np.flatnonzero(shares).tolist():
        moves = [chord_shift(example.key_offset - above) for example in examples]
        moved = [
            replace(example, window=transpose_window(example.window, move))
            for example, move in zip(examples, moves, strict=True)
        ]
        batch = source.collate(moved).to(device)
        logs = network(batch)[0]  # (batch, time, outputs)
        truth = logs.gather(-1, batch.targets.clamp(min=0)[..., None]).squeeze(-1)  # (batch, time)
        truth = truth.masked_fill(batch.targets == IGNORE_INDEX, 0)
        weights.append(np.log(shares[above] / shares.sum()) + truth.cumsum(dim=1) - truth)
        outputs = np.stack([source.vocab.index[move[source.vocab.token_ids]] for move in moves])
        place = torch.from_numpy(outputs).to(device)[:, None, :].expand_as(logs)
        by_key.append(logs.gather(-1, place))
    known = torch.stack(weights).log_softmax(dim=0)  # (keys, batch, time)
    return torch.logsumexp(torch.stack(by_key) + known[..., None], dim=0)
