"""Training time of an epoch at the paper's sizes, compared with a loop like that of the paper's code.

Both train the same networks with the same optimizer on the same segments. The paper's loop reads stringified
tokens, looks up features row by row, builds labels element by element, and pads every row to the longest
description of the data set, for every kind of token. A few batches are timed and the time is scaled to the
paper's 9,700 training rows: ours as usual batches and one with the longest.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from emo_assets.description_model.data.dataset import Batch, DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.output_vocab import merge_bar_tokens
from emo_assets.description_model.data.soft_labels import SoftLabels, soft_labels
from emo_assets.description_model.data.songs import DescribedSong, load_songs
from emo_assets.description_model.evaluation.likelihood import drop_padding
from emo_assets.description_model.networks import DescriptionNetwork, build_network
from emo_assets.description_model.specs import (
    MODEL_SPECS,
    WINDOW_BARS,
    ModelConfig,
    ModelSpec,
    config_for,
)
from emo_assets.features import FEATURE_NAMES
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import DESCRIPTIONS
from emo_assets_tests.benchmarks.figure import Figure

ROWS = 9_700
"""Training rows of the paper: nine tenths of 10,742."""

LONGEST = 322
"""Tokens of its longest description; 113 to 184 are usual."""

BATCHES = 2
"""Batches of usual rows timed of each network."""


def segments(count: int, *, longest: bool, seed: int = 0) -> pd.DataFrame:
    """Return a training set of segments of 12 bars, as long as real ones: about 160 tokens.

    Args:
        count: how many.
        longest: whether the first is as long as the longest, 322 tokens.
        seed: of what they hold.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        crowded = longest and number == 0
        bars = [
            DescribedBar(
                time_signature=5,
                note_density=int(rng.integers(2, 12)),
                mean_velocity=int(rng.integers(15, 28)),
                mean_pitch=int(rng.integers(10, 18)),
                mean_duration=int(rng.integers(20, 33)),
                instruments=tuple(sorted(rng.permutation(129)[: 16 if crowded else 5].tolist())),
                chords=tuple(rng.integers(0, 97, 4 if crowded else int(rng.integers(1, 4))).tolist()),
            )
            for bar in range(WINDOW_BARS)
        ]
        rows.append(
            {
                "md5": f"{number:032x}",
                "artist_keys": [str(number)],
                "split": "train",
                **dict.fromkeys(FEATURE_NAMES, 0.5),
                "segment": 0,
                "first_bar": 1,
                "tokens": np.array(DescriptionGrammar().format(bars)),
            }
        )
    return pd.DataFrame(rows)


def our_epoch(spec: ModelSpec, config: ModelConfig) -> float:
    """Return the seconds that our training takes for `ROWS` rows, one of them the longest."""
    usual = _our_seconds(spec, config, segments(config.batch * BATCHES, longest=False)) / BATCHES
    with_longest = _our_seconds(spec, config, segments(config.batch, longest=True))
    return usual * (ROWS / config.batch - 1) + with_longest


def _our_seconds(spec: ModelSpec, config: ModelConfig, table: pd.DataFrame) -> float:
    songs = load_songs(table, "train")
    source = _dataset(songs, songs, spec, config)
    network, optimizer = _fresh(spec, config)
    label = SoftLabels(spec.label_kind, config.label_sigma) if spec.label_kind else None
    rng = np.random.default_rng(0)
    started = time.perf_counter()
    for batch in source.batches(source.epoch(rng), config.batch, rng):
        predicted, targets = drop_padding(network(batch)[0], batch)
        if label is not None:
            loss = label.divergence(predicted, targets).mean()
        else:
            loss = F.nll_loss(predicted, targets)
        _step(network, optimizer, loss)
    return time.perf_counter() - started


def _dataset(
    songs: Sequence[DescribedSong], fitted: Sequence[DescribedSong], spec: ModelSpec, config: ModelConfig
) -> DescriptionDataset:
    encoder = FeatureEncoder.fit(np.stack([song.features for song in fitted]))
    return DescriptionDataset(songs, spec, config, encoder, KeyEstimator.fit(fitted[:1]))


def plain_epoch(spec: ModelSpec, config: ModelConfig, table: pd.DataFrame) -> float:
    """Return the seconds that a loop in the manner of the paper's code takes for `ROWS` rows."""
    songs = load_songs(table, "train")
    source = _dataset(songs[:1], songs, spec, config)  # only for the shapes of a batch
    network, optimizer = _fresh(spec, config)
    stored = pd.DataFrame(
        {
            "md5": table["md5"],
            "tokens": [str(DESCRIPTIONS.decode(tokens.tolist())) for tokens in table["tokens"]],
            **{name: table[name] for name in FEATURE_NAMES},
        }
    )
    kinds = [str(kind) for kind in spec.target_kinds]
    started, rows = time.perf_counter(), 0
    for start in range(0, len(stored), config.batch):
        tokens, labels, features = [], [], []
        for number in range(start, min(start + config.batch, len(stored))):
            row = stored.iloc[number]
            written = [t for t in ast.literal_eval(row["tokens"]) if any(kind in t for kind in kinds)]
            ids = merge_bar_tokens([DESCRIPTIONS.tokens.index(token) for token in written])
            tokens.append(np.pad(ids, (0, LONGEST - len(ids))))
            labels.append(_plain_labels(source, spec, config, tokens[-1]))
            features.append(stored[stored["md5"] == row["md5"]][list(FEATURE_NAMES)].to_numpy(dtype=float)[0])
        batch = _padded_batch(source, np.stack(tokens), np.stack(features))
        predicted = network(batch)[0].clamp(min=-100)  # (batch, LONGEST, outputs)
        _step(network, optimizer, -(torch.stack(labels) * predicted).sum(dim=-1).mean())
        rows += len(tokens)
    return (time.perf_counter() - started) / rows * ROWS


def _plain_labels(
    source: DescriptionDataset, spec: ModelSpec, config: ModelConfig, tokens: NDArray[np.int64]
) -> torch.Tensor:
    """Build the labels of one row, element by element."""
    outputs = source.vocab.token_ids
    labels = torch.zeros(len(tokens), len(outputs))
    soft = soft_labels(spec.label_kind, config.label_sigma) if spec.label_kind else None
    for place, token in enumerate(tokens.tolist()):
        right = int(source.vocab.index[token])
        if soft is None:
            labels[place, right] = 1.0
            continue
        for neighbour in (right - 1, right, right + 1):
            if 0 <= neighbour < len(outputs):
                labels[place, neighbour] = float(soft[right, neighbour])
    return labels


def _padded_batch(
    source: DescriptionDataset, tokens: NDArray[np.int64], features: NDArray[np.float64]
) -> Batch:
    """Make a batch of rows that are all as long as the longest description."""
    one = source.collate(source.segments())
    size = len(tokens)
    encoded = torch.from_numpy(source.encoder.encode(features))

    def wide(tensor: torch.Tensor) -> torch.Tensor:
        return torch.zeros(size, LONGEST, *tensor.shape[2:], dtype=tensor.dtype)

    return replace(
        one,
        inputs=torch.from_numpy(tokens),
        targets=wide(one.targets),
        bar_index=wide(one.bar_index),
        bar_number=wide(one.bar_number) + 1,
        hints=wide(one.hints) - 1,
        agreement=wide(one.agreement),
        content=one.content.expand(size, -1, -1),
        features=encoded,
        feature_mask=torch.ones(size, len(FEATURE_NAMES)),
    )


def _fresh(spec: ModelSpec, config: ModelConfig) -> tuple[DescriptionNetwork, torch.optim.AdamW]:
    torch.manual_seed(0)
    network = build_network(spec, config).train()
    return network, torch.optim.AdamW(network.parameters(), lr=config.learning_rate)


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def figures() -> Iterator[Figure]:
    """Time an epoch of each model at the paper's sizes, ours and the plain loop's."""
    torch.set_num_threads(1)
    totals = {"ours": 0.0, "plain": 0.0}
    for spec in MODEL_SPECS:
        config = config_for(spec.name, "paper")
        ours = our_epoch(spec, config)
        plain = plain_epoch(spec, config, segments(config.batch, longest=True))
        totals["ours"] += ours
        totals["plain"] += plain
        yield Figure(
            f"epoch of {spec.name}, {ROWS:,} rows",
            ours,
            "s",
            f"plain loop {plain:,.0f} s: {plain / ours:.1f} times as long",
        )
    yield Figure(
        "epoch of all seven",
        totals["ours"],
        "s",
        f"plain loop {totals['plain']:,.0f} s: {totals['plain'] / totals['ours']:.1f} times as long",
    )
