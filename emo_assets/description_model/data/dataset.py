"""Songs as batches: windows are cut each epoch, grouped by length, padded and masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS, NO_HINT
from emo_assets.description_model.data.feature_encoding import FeatureEncoder, mask_features
from emo_assets.description_model.data.key_estimation import KEY, KEYS, KeyEstimator
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE, output_vocab
from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.data.tokenized_song import TokenizedSong, Window
from emo_assets.description_model.data.transposition import SHIFTS, chord_shift, key_shift
from emo_assets.description_model.specs import WINDOW_BARS, ModelConfig, ModelSpec
from emo_assets.features import FEATURE_NAMES
from emo_assets.tokens.vocabulary import PAD, DescriptionKind

IGNORE_INDEX = -1
"""Target of padding."""

BUCKET_BATCHES = 8
"""Windows are sorted by length within that many batches: little padding, and a random order each epoch."""


@dataclass(frozen=True)
class Example:
    """A window with its features.

    Attributes:
        window: the steps.
        features: NaN where missing, shape (10,).
        song: index of the song in its split.
        feature_mask: which features the model is given, shape (10,).
        key_offset: semitones from Spotify's key up to the estimated key.
    """

    window: Window
    features: NDArray[np.float64]
    song: int
    feature_mask: NDArray[np.bool_]
    key_offset: int = 0


@dataclass(frozen=True)
class Batch:
    """Windows, padded on the right.

    Attributes:
        inputs: previous tokens, (batch, time).
        targets: next outputs, `IGNORE_INDEX` for padding, (batch, time).
        bar_index: index of the target's bar in the window, (batch, time).
        bar_number: number of the target's bar in the song, from 1, (batch, time).
        hints: outputs that earlier bars suggest, `NO_HINT` for none, (batch, time, lags).
        agreement: how well earlier bars agreed, (batch, time, lags, AGREEMENT_SIZE).
        content: multi-hot tokens of each bar, (batch, 12, INPUT_VOCAB_SIZE).
        features: encoded features, 0 where masked, (batch, encoded).
        feature_mask: 1 for each feature that is given, (batch, 10).
    """

    inputs: Tensor
    targets: Tensor
    bar_index: Tensor
    bar_number: Tensor
    hints: Tensor
    agreement: Tensor
    content: Tensor
    features: Tensor
    feature_mask: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the batch on `device`."""
        return replace(self, **{field.name: getattr(self, field.name).to(device) for field in fields(self)})


@dataclass(frozen=True)
class WindowSpan:
    """A window to cut: index of the tokenized song, bars from `start` up to `stop`, and number of steps."""

    song: int
    start: int
    stop: int
    steps: int


class DescriptionDataset:
    """The songs of a split as windows for one model.

    Args:
        songs: the songs.
        spec: the model.
        config: its settings.
        encoder: encodes the features.
        key_estimator: estimates the key that chords are relative to.
    """

    def __init__(
        self,
        songs: Sequence[DescribedSong],
        spec: ModelSpec,
        config: ModelConfig,
        encoder: FeatureEncoder,
        key_estimator: KeyEstimator,
    ) -> None:
        self.vocab = output_vocab(spec.target_kinds)
        self.encoder = encoder
        self.key_estimator = key_estimator
        self.config = config
        self.songs = songs
        self._keys = [key_estimator.estimate(song) if config.degrees else 0 for song in songs]
        self._masks = [visible_features(config) & ~np.isnan(song.features) for song in songs]
        self._runs: list[tuple[int, TokenizedSong, list[tuple[int, int]]]] = []
        for number, song in enumerate(songs):
            shift = chord_shift(-self._keys[number])
            for run in song.bar_runs:
                bars = [shift[bar].tolist() for bar in run.bars]
                self._runs.append((number, TokenizedSong(bars, run.first_bar, self.vocab), run.segments))

    @property
    def has_relative_chords(self) -> bool:
        """Whether the model generates chords relative to the key."""
        return self.config.degrees and DescriptionKind.CHORD in self.vocab.kinds

    def segments(self) -> list[Example]:
        """Return the segments unchanged and with all features, for validation and test."""
        return [
            Example(
                tokenized.window(start, stop),
                self.songs[song].features,
                song,
                self._masks[song],
                self._key_offset(song),
            )
            for song, tokenized, segments in self._runs
            for start, stop in segments
        ]

    def _key_offset(self, song: int) -> int:
        key = self.songs[song].features[KEY]
        return 0 if np.isnan(key) else (self._keys[song] - int(key)) % KEYS

    def epoch(self, rng: np.random.Generator) -> list[WindowSpan]:
        """Return the windows of one training epoch, cut at random bars or at segments."""
        spans = []
        for index, (_, tokenized, segments) in enumerate(self._runs):
            cuts = _random_cuts(len(tokenized), rng) if self.config.random_windows else segments
            spans += [WindowSpan(index, start, stop, tokenized.steps_in(start, stop)) for start, stop in cuts]
        return spans

    def batches(self, spans: Sequence[WindowSpan], size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield augmented windows in batches of similar length, in random order.

        Args:
            spans: what `epoch` returned.
            size: windows per batch.
            rng: the source of all randomness.
        """
        for group in _buckets(spans, size, rng):
            yield self.collate([self._augmented(span, rng) for span in group])

    def _augmented(self, span: WindowSpan, rng: np.random.Generator) -> Example:
        """Cut a window; transpose it and mask features as configured."""
        config = self.config
        song, tokenized, _ = self._runs[span.song]
        window, features = tokenized.window(span.start, span.stop), self.songs[song].features
        if config.transpose:
            semitones = int(rng.choice(SHIFTS))
            # chords relative to the key stay as they are when the key moves
            chords = -semitones if config.degrees else 0
            window = transpose_window(window, chord_shift(chords)[key_shift(semitones)])
            features = features.copy()
            features[KEY] = (features[KEY] + semitones) % KEYS
        mask = (rng.random(len(FEATURE_NAMES)) >= config.drop_one_feature) & self._masks[song]
        if rng.random() < config.drop_all_features:
            mask[:] = False
        return Example(window, features, song, mask)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """Pad examples to the longest and make tensors."""
        size = len(examples)
        time = max(len(example.window.inputs) for example in examples)
        inputs = np.full((size, time), PAD)
        targets = np.full((size, time), IGNORE_INDEX)
        bar_index = np.zeros((size, time), dtype=np.int64)
        bar_number = np.ones((size, time), dtype=np.int64)
        hints = np.full((size, time, len(LAGS)), NO_HINT)
        agreement = np.zeros((size, time, len(LAGS), AGREEMENT_SIZE), dtype=np.float32)
        content = np.zeros((size, WINDOW_BARS, INPUT_VOCAB_SIZE), dtype=np.float32)
        output_index = np.append(self.vocab.index, NO_HINT)  # looks up NO_HINT, too
        for row, window in enumerate(example.window for example in examples):
            length = len(window.inputs)
            inputs[row, :length] = window.inputs
            targets[row, :length] = output_index[window.targets]
            bar_index[row, :length] = window.bars
            bar_number[row, :length] = window.bars + window.first_bar
            hints[row, :length] = output_index[window.hints]
            agreement[row, :length] = window.agreement
            content[row, : len(window.content)] = window.content
        features = self.encoder.encode(np.stack([example.features for example in examples]))
        mask = np.stack([example.feature_mask for example in examples])
        features = mask_features(features, mask)
        arrays = (inputs, targets, bar_index, bar_number, hints, agreement, content, features)
        return Batch(*map(torch.from_numpy, (*arrays, mask.astype(np.float32))))


def visible_features(config: ModelConfig) -> NDArray[np.bool_]:
    """Return which features a model is given: all but the key if chords are relative to it, shape (10,)."""
    visible = np.ones(len(FEATURE_NAMES), dtype=np.bool_)
    visible[KEY] = not config.degrees
    return visible


def transpose_window(window: Window, table: NDArray[np.int64]) -> Window:
    """Replace every token by a lookup table of `transposition`."""
    content = np.zeros_like(window.content)
    bars, tokens = np.nonzero(window.content)
    content[bars, table[tokens]] = True
    return replace(
        window,
        inputs=table[window.inputs],
        targets=table[window.targets],
        hints=table[window.hints],
        content=content,
    )


def _buckets(spans: Sequence[WindowSpan], size: int, rng: np.random.Generator) -> list[list[WindowSpan]]:
    """Group windows of similar length, in random order."""
    order = rng.permutation(len(spans))
    lengths = np.array([spans[index].steps for index in order.tolist()])
    bucket = np.arange(len(order)) // (size * BUCKET_BATCHES)
    order = order[np.lexsort((lengths, bucket))]
    groups = [order[start : start + size].tolist() for start in range(0, len(order), size)]
    return [[spans[index] for index in groups[group]] for group in rng.permutation(len(groups)).tolist()]


def _random_cuts(bars: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Cut a song into windows of 12 bars from a random bar on, and one at its start."""
    offset = int(rng.integers(WINDOW_BARS))
    starts = [0, *range(offset, bars, WINDOW_BARS)] if offset else [*range(0, bars, WINDOW_BARS)]
    return [(start, min(start + WINDOW_BARS, bars)) for start in starts]
