"""Generates descriptions from features.

Models that generate one kind of token each take turns: each generates its tokens for the whole song, given
the tokens of those before. A model sees 12 bars; longer songs are generated in overlapping windows.

A planned song (`song_form`) gets a band first, drawn from a draft of four bars. Then the plan constrains what
each model generates (`form_constraint`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from emo_assets.description_model.band import Band, choose_band
from emo_assets.description_model.data.dataset import Batch, visible_features
from emo_assets.description_model.data.feature_encoding import mask_features
from emo_assets.description_model.data.output_vocab import number_bars, output_vocab
from emo_assets.description_model.data.transposition import chord_shift
from emo_assets.description_model.decoding_state import Bars, DecodingState, StepInput
from emo_assets.description_model.form_constraint import FormConstraint, InstrumentCounter, LogitsProcessor
from emo_assets.description_model.song_form import SongForm
from emo_assets.description_model.specs import SPECIALIZED_MODELS, WINDOW_BARS
from emo_assets.description_model.weights import TrainedModel
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.nn.sampling import SamplingParams, apply_cfg
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import MANY_PER_BAR, ONE_PER_BAR
from emo_assets.tokens.vocabulary import DESCRIPTIONS, MAX_BARS, DescriptionKind

MAX_BATCH = 256
"""Songs that are generated at once, limited to save memory."""

OVERLAP_BARS = 6
"""Bars by which windows overlap."""

DRAFT_FIRST_BAR, DRAFT_BARS = 8, 4
"""Bars of the draft from which a band is chosen: there, songs have left their intro."""


class DescriptionGenerator:
    """Generates descriptions with one or several trained models.

    Args:
        models: models that together generate each kind of token once.

    Raises:
        InputError: they do not.
    """

    def __init__(self, models: Sequence[TrainedModel]) -> None:
        kinds = sorted(kind for model in models for kind in model.spec.target_kinds)
        if kinds != sorted(DescriptionKind):
            names = ", ".join(model.spec.name for model in models) or "none"
            raise InputError(
                f"these models do not generate whole descriptions together: {names}; "
                f"choose transformer, lstm_full, or all of {', '.join(SPECIALIZED_MODELS)}"
            )
        if len(models) > 1:
            models = sorted(models, key=lambda model: SPECIALIZED_MODELS.index(model.spec.name))
        self._generators = [SequenceGenerator(model) for model in models]

    def generate(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = SamplingParams.temperature,
        top_p: float = SamplingParams.top_p,
        guidance: float = SamplingParams.guidance,
        forms: Sequence[SongForm] | None = None,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Generate one description per feature vector.

        Args:
            features: the requested features.
            bars: length of each song, 1 to 511.
            seeds: one per song; a song depends on its features, its seed and `bars` only.
            temperature: see `SamplingParams`.
            top_p: see `SamplingParams`.
            guidance: see `SamplingParams`.
            forms: the plan of each song, of `bars` bars; without, the models decide alone.
            progress: called with the number of songs.

        Returns:
            Token ids without BOS and EOS, valid by `DescriptionGrammar`, with exactly `bars` bars, each in
            the requested time signature (over 4).

        Raises:
            InputError: an argument is out of range, or there are not as many seeds as feature vectors.
        """
        params = SamplingParams(temperature, top_p, guidance)
        if len(features) != len(seeds):
            raise InputError(f"{len(features)} feature vectors need as many seeds, got {len(seeds)}")
        if not 1 <= bars < MAX_BARS:
            raise InputError(f"bars must be 1 to {MAX_BARS - 1}, got {bars}")
        descriptions: list[list[int]] = []
        for start in range(0, len(features), MAX_BATCH):
            part = slice(start, start + MAX_BATCH)
            planned = None if forms is None else forms[part]
            descriptions += self._generate(features[part], bars, seeds[part], params, planned)
            progress("generating descriptions", len(descriptions), len(features))
        return descriptions

    def _generate(
        self,
        features: Sequence[FeatureVector],
        bars: int,
        seeds: Sequence[int],
        params: SamplingParams,
        forms: Sequence[SongForm] | None,
    ) -> list[list[int]]:
        songs: list[Bars] = [[[] for _ in range(bars)] for _ in features]
        plans = None
        if forms is not None:
            rngs = [np.random.default_rng([seed, len(self._generators)]) for seed in seeds]
            plans = list(
                zip(forms, self._generators[0].choose_bands(features, forms, rngs, params), strict=True)
            )
        for index, generator in enumerate(self._generators):
            rngs = [np.random.default_rng([seed, index]) for seed in seeds]
            for song, generated in zip(
                songs, generator.generate(features, songs, rngs, params, plans), strict=True
            ):
                for bar, tokens in zip(song, generated, strict=True):
                    bar.extend(tokens)
        return [number_bars(token for bar in song for token in sorted(bar, key=_rank)) for song in songs]


class SequenceGenerator:
    """Generates the tokens of one trained model."""

    def __init__(self, model: TrainedModel) -> None:
        self.vocab = output_vocab(model.spec.target_kinds)
        self._config = model.config
        self._encoder = model.encoder
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = model.network().to(self._device)

    def generate(
        self,
        features: Sequence[FeatureVector],
        songs: Sequence[Bars],
        rngs: Sequence[np.random.Generator],
        params: SamplingParams,
        plans: Sequence[tuple[SongForm, Band]] | None = None,
    ) -> list[Bars]:
        """Generate this model's tokens of each bar.

        Args:
            features: one per song.
            songs: the tokens of earlier models; all songs have the same number of bars.
            rngs: one per song.
            params: how to sample.
            plans: the form and the band of each song, if they are planned.

        Returns:
            The generated tokens of each song and bar.
        """
        keys = [self._transposition(vector) for vector in features]
        processors: Sequence[LogitsProcessor | None] = [None] * len(features)
        if plans is not None:
            processors = [
                FormConstraint(self.vocab, form, band, tonic=int(vector.key) - key, mode=int(vector.mode))
                for vector, key, (form, band) in zip(features, keys, plans, strict=True)
            ]
        states = [
            DecodingState(self.vocab, vector, _transpose(song, -key), rng, process)
            for vector, song, key, rng, process in zip(features, songs, keys, rngs, processors, strict=True)
        ]
        bars = len(songs[0])
        starts = range(0, max(bars - OVERLAP_BARS, 1), WINDOW_BARS - OVERLAP_BARS)
        windows = [(start, min(start + WINDOW_BARS, bars)) for start in starts]
        self._generate_windows(states, features, windows, params)
        return [_transpose(state.bars, key) for state, key in zip(states, keys, strict=True)]

    def choose_bands(
        self,
        features: Sequence[FeatureVector],
        forms: Sequence[SongForm],
        rngs: Sequence[np.random.Generator],
        params: SamplingParams,
    ) -> list[Band]:
        """Choose the band of each song from a draft of a few bars. The model must generate instruments.

        Args:
            features: one per song.
            forms: the plan of each song.
            rngs: one per song.
            params: how to sample.
        """
        counters = [InstrumentCounter(self.vocab) for _ in features]
        states = [
            DecodingState(self.vocab, vector, [], rng, counter)
            for vector, rng, counter in zip(features, rngs, counters, strict=True)
        ]
        for state in states:
            state.bars = [[] for _ in range(DRAFT_FIRST_BAR)]
        self._generate_windows(states, features, [(DRAFT_FIRST_BAR, DRAFT_FIRST_BAR + DRAFT_BARS)], params)
        first = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
        return [
            choose_band(
                [
                    [token - first.start for token in bar if token in first]
                    for bar in state.bars[DRAFT_FIRST_BAR:]
                ],
                counter.expected,
                meter=int(vector.time_signature),
                needs_lead=any(bar.has_lead for bar in form.bars),
                rng=rng,
            )
            for state, counter, vector, form, rng in zip(states, counters, features, forms, rngs, strict=True)
        ]

    def _transposition(self, features: FeatureVector) -> int:
        """Return by how many semitones chords are above those that the network writes."""
        return int(features.key) if self._config.degrees else 0

    @torch.no_grad()
    def _generate_windows(
        self,
        states: Sequence[DecodingState],
        features: Sequence[FeatureVector],
        windows: Sequence[tuple[int, int]],
        params: SamplingParams,
    ) -> None:
        """Generate windows of bars, in order.

        Args:
            states: the songs.
            features: one per song.
            windows: first bar and end of each.
            params: how to sample.
        """
        mask = np.broadcast_to(visible_features(self._config), (len(features), len(FEATURE_NAMES)))
        encoded = mask_features(
            self._encoder.encode(np.stack([vector.as_array() for vector in features])), mask
        )
        conditions = (torch.from_numpy(encoded), torch.from_numpy(mask.astype(np.float32)))
        for start, stop in windows:
            content = np.stack([state.start_window(start, stop) for state in states])
            self._generate_window(states, torch.from_numpy(content), *conditions, params)

    def _generate_window(
        self,
        states: Sequence[DecodingState],
        content: Tensor,
        features: Tensor,
        feature_mask: Tensor,
        params: SamplingParams,
    ) -> None:
        """Generate until every window is full.

        Args:
            states: the songs.
            content: multi-hot tokens of earlier models, (songs, 12, INPUT_VOCAB_SIZE).
            features: encoded features, (songs, encoded).
            feature_mask: which features are given, (songs, 10).
            params: how to sample.
        """
        repeats = 1
        if params.guidance != 1:  # the second half of the batch is without features
            repeats = 2
            content = content.repeat(2, 1, 1)
            features = torch.cat([features, torch.zeros_like(features)])
            feature_mask = torch.cat([feature_mask, torch.zeros_like(feature_mask)])
        content, features, feature_mask = (
            tensor.to(self._device) for tensor in (content, features, feature_mask)
        )
        cache = None
        while not all(state.is_finished for state in states):
            steps = [state.next_input() for state in states] * repeats
            columns = {
                name: torch.from_numpy(np.array(values)[:, None]).to(self._device)  # (songs, 1, ...)
                for name, values in zip(StepInput._fields, zip(*steps, strict=True), strict=True)
            }
            batch = Batch(
                **columns,
                targets=columns["inputs"],
                content=content,
                features=features,
                feature_mask=feature_mask,
            )
            predicted, cache = self._network(batch, cache)  # (repeats · songs, 1, outputs)
            logits = predicted[:, 0].double().cpu().numpy()  # (repeats · songs, outputs)
            if repeats == 2:
                logits = apply_cfg(logits[: len(states)], logits[len(states) :], params.guidance)
            for state, row in zip(states, logits, strict=True):
                state.append_sample(row, params)


def _transpose(bars: Bars, semitones: int) -> Bars:
    table = chord_shift(semitones)
    return [table[bar].tolist() for bar in bars]


_KIND_RANK = {kind: rank for rank, kind in enumerate((*ONE_PER_BAR, *MANY_PER_BAR))}


def _rank(token: int) -> int:
    """Return the rank of a token's kind within a bar, as the grammar orders them."""
    kind = DESCRIPTIONS.kind(token)
    assert kind is not None  # noqa: S101 - models do not generate special tokens inside a bar
    return _KIND_RANK[kind]
