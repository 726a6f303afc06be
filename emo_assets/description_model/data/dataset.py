"""Windows of songs as tensors: cut anew each epoch, sorted by length, padded, masked.

Belongs here: what an epoch consists of, transposition and dropped features while training, and the tensors
that networks take. Padding never counts: its target is `IGNORE_INDEX`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS, NO_HINT
from emo_assets.description_model.data.feature_encoding import CONTINUOUS, FeatureEncoder
from emo_assets.description_model.data.key_estimation import KEY, KEYS, KeyEstimator
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE, OutputVocab, output_vocab
from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.data.tokenized_song import TokenizedSong, Window
from emo_assets.description_model.data.transposition import SHIFTS, chord_shift, key_shift
from emo_assets.description_model.specs import WINDOW_BARS, ModelConfig, ModelSpec
from emo_assets.features import FEATURE_NAMES
from emo_assets.tokens.vocabulary import PAD, DescriptionKind

IGNORE_INDEX = -1
"""Target of padded steps."""

BUCKET_BATCHES = 8
"""Windows are sorted by length within so many batches: little padding, and still a new order each epoch."""


@dataclass(frozen=True)
class Example:
    """A window with the features of its song.

    Attributes:
        window: the steps.
        features: the song's features, NaN where it has none, shape (10,).
        song: number of the song in its split.
        present: which of the ten features the network is told, shape (10,).
        above: semitones by which the key that its chords are written in stands above Spotify's key.
        noise: what is added to the continuous features, shape (7,); None for nothing.
    """

    window: Window
    features: NDArray[np.float64]
    song: int
    present: NDArray[np.bool_]
    above: int = 0
    noise: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Batch:
    """Tensors of one batch of windows, padded on the right.

    Attributes:
        inputs: token read, (batch, time).
        targets: index of the token to be written among the describer's outputs, `IGNORE_INDEX` on padding,
            (batch, time).
        bars: index of the target's bar in the window, (batch, time).
        places: number of the target's bar in the song, from 1, (batch, time).
        hints: output that an earlier bar has there, `NO_HINT` where none, (batch, time, lags).
        agreement: how well earlier bars agree, (batch, time, lags, AGREEMENT_SIZE).
        content: what stands in each bar of the window, (batch, 12, INPUT_VOCAB_SIZE).
        features: encoded features, 0 where not told, (batch, ENCODED_SIZE).
        present: which of the ten features are told, (batch, 10).
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    bars: torch.Tensor
    places: torch.Tensor
    hints: torch.Tensor
    agreement: torch.Tensor
    content: torch.Tensor
    features: torch.Tensor
    present: torch.Tensor

    def to(self, device: torch.device) -> Self:
        """Return the batch on `device`."""
        moved = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return replace(self, **moved)


@dataclass(frozen=True)
class WindowSpan:
    """Where a window is cut out: the number of the part, bars from `start` up to `stop`, and its steps."""

    part: int
    start: int
    stop: int
    steps: int


class DescriptionDataset:
    """The songs of a split, prepared for one describer.

    Args:
        songs: the songs.
        spec: the describer.
        config: its settings.
        encoder: the feature encoding.
        hearing: tells the key in which a song's chords are written, when they are written by degrees.
    """

    def __init__(
        self,
        songs: Sequence[DescribedSong],
        spec: ModelSpec,
        config: ModelConfig,
        encoder: FeatureEncoder,
        hearing: KeyEstimator,
    ) -> None:
        self.alphabet: OutputVocab = output_vocab(spec.writes)
        self.encoder = encoder
        self.hearing = hearing
        self.config = config
        self.songs = songs
        self._keys = [hearing.key_of(song) if config.degrees else 0 for song in songs]
        self._tellable = [visible_features(config) & ~np.isnan(song.features) for song in songs]
        self._parts: list[tuple[int, TokenizedSong, list[tuple[int, int]]]] = []
        for number, song in enumerate(songs):
            shift = chord_shift(-self._keys[number])
            for stretch in song.bar_runs:
                bars = [shift[bar].tolist() for bar in stretch.bars]
                steps = TokenizedSong(bars, stretch.first_bar, self.alphabet)
                self._parts.append((number, steps, stretch.segments))

    @property
    def writes_degrees(self) -> bool:
        """Whether the describer writes chords, and relative to the key."""
        return self.config.degrees and DescriptionKind.CHORD in self.alphabet.writes

    def segments(self) -> list[Example]:
        """Return the songs' segments as they are, with all features: what is validated and tested on."""
        return [
            Example(
                steps.window(start, stop),
                self.songs[song].features,
                song,
                self._tellable[song],
                self._above(song),
            )
            for song, steps, segments in self._parts
            for start, stop in segments
        ]

    def _above(self, song: int) -> int:
        key = self.songs[song].features[KEY]
        return 0 if np.isnan(key) else (self._keys[song] - int(key)) % KEYS

    def epoch(self, rng: np.random.Generator) -> list[WindowSpan]:
        """Return the windows of one epoch of training.

        Songs are cut at random bars (the first window always starts where the song does) or into their
        segments, as the configuration says.
        """
        cuts = []
        for part, (_, steps, segments) in enumerate(self._parts):
            bars = _random_cuts(len(steps), rng) if self.config.random_windows else segments
            cuts += [WindowSpan(part, start, stop, steps.steps_in(start, stop)) for start, stop in bars]
        return cuts

    def batches(self, cuts: Sequence[WindowSpan], size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """Put windows of similar length together, in random order.

        They are transpose_window, and told with some features missing or blurred, as the configuration says.

        Args:
            cuts: what `epoch` returned.
            size: windows a batch.
            rng: draws all that is random.
        """
        for group in _buckets(cuts, size, rng):
            yield self.collate([self._varied(cut, rng) for cut in group])

    def _varied(self, cut: WindowSpan, rng: np.random.Generator) -> Example:
        config = self.config
        song, steps, _ = self._parts[cut.part]
        window, features = steps.window(cut.start, cut.stop), self.songs[song].features
        if config.transpose:
            semitones = int(rng.choice(SHIFTS))
            # chords written relative to the key stay as they are when the key moves with them
            chords = -semitones if config.degrees else 0
            window = transpose_window(window, chord_shift(chords)[key_shift(semitones)])
            features = features.copy()
            features[KEY] = (features[KEY] + semitones) % KEYS
        present = (rng.random(len(FEATURE_NAMES)) >= config.drop_one_feature) & self._tellable[song]
        if rng.random() < config.drop_all_features:
            present[:] = False
        noise = None
        if config.feature_noise:
            noise = (config.feature_noise * rng.standard_normal(len(CONTINUOUS))).astype(np.float32)
        return Example(window, features, song, present, noise=noise)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """Pad examples to the longest of them and make tensors."""
        size = len(examples)
        time = max(len(example.window.inputs) for example in examples)
        inputs = np.full((size, time), PAD)
        targets = np.full((size, time), IGNORE_INDEX)
        bars = np.zeros((size, time), dtype=np.int64)
        places = np.ones((size, time), dtype=np.int64)
        hints = np.full((size, time, len(LAGS)), NO_HINT)
        agreed = np.zeros((size, time, len(LAGS), AGREEMENT_SIZE), dtype=np.float32)
        content = np.zeros((size, WINDOW_BARS, INPUT_VOCAB_SIZE), dtype=np.float32)
        output_of = np.append(self.alphabet.output_of, NO_HINT)
        for row, example in enumerate(examples):
            window = example.window
            length = len(window.inputs)
            inputs[row, :length] = window.inputs
            targets[row, :length] = output_of[window.targets]
            bars[row, :length] = window.bars
            places[row, :length] = window.bars + window.first_bar
            hints[row, :length] = output_of[window.hints]
            agreed[row, :length] = window.agreement
            content[row, : len(window.content)] = window.content
        features, present = _encoded(self.encoder, examples)
        arrays = (inputs, targets, bars, places, hints, agreed, content, features, present)
        return Batch(*(torch.from_numpy(array) for array in arrays))


def visible_features(config: ModelConfig) -> NDArray[np.bool_]:
    """Say which of the ten features a describer is told: all but the key, when chords are written by degrees.

    Returns:
        Shape (10,).
    """
    told = np.ones(len(FEATURE_NAMES), dtype=np.bool_)
    told[KEY] = not config.degrees
    return told


def _encoded(
    encoder: FeatureEncoder, examples: Sequence[Example]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Encode the features that examples tell.

    Returns:
        Encoded features with 0 where a feature is not told, shape (examples, ENCODED_SIZE), and which of
        the ten are told, shape (examples, 10).
    """
    features = encoder.encode(np.stack([example.features for example in examples]))
    for row, example in enumerate(examples):
        if example.noise is not None:
            features[row, : len(example.noise)] += example.noise
    present = np.stack([example.present for example in examples])
    return encoder.hide(features, present), present.astype(np.float32)


def _buckets(cuts: Sequence[WindowSpan], size: int, rng: np.random.Generator) -> list[list[WindowSpan]]:
    """Group windows of similar length, in random order."""
    order = rng.permutation(len(cuts))
    lengths = np.array([cuts[number].steps for number in order.tolist()])
    bucket = np.arange(len(order)) // (size * BUCKET_BATCHES)
    order = order[np.lexsort((lengths, bucket))]
    groups = [order[start : start + size].tolist() for start in range(0, len(order), size)]
    return [[cuts[number] for number in groups[place]] for place in rng.permutation(len(groups)).tolist()]


def _random_cuts(bars: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """WindowSpan a song into windows of 12 bars from a random bar on, and the 12 bars at its start."""
    offset = int(rng.integers(WINDOW_BARS))
    starts = [0, *range(offset, bars, WINDOW_BARS)] if offset else [*range(0, bars, WINDOW_BARS)]
    return [(start, min(start + WINDOW_BARS, bars)) for start in starts]


def transpose_window(window: Window, table: NDArray[np.int64]) -> Window:
    """Return a window with every token replaced as a table of `transposition` says."""
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
