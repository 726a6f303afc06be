"""Descriptions from features: the describers as those who ask for descriptions see them.

The five specialised describers take turns: each writes its kind of tokens for the whole song, seeing what the
ones before it wrote, and their tokens are put in the grammar's order. How one of them writes is `stages`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from emo_assets.description_model.autoregressive import SequenceGenerator
from emo_assets.description_model.data.output_vocab import number_bars
from emo_assets.description_model.decoding_state import Bars
from emo_assets.description_model.specs import SPECIALIZED_MODELS
from emo_assets.description_model.weights import TrainedModel, from_bytes
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.nn.sampling import SamplingParams
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import MANY_PER_BAR, ONE_PER_BAR
from emo_assets.tokens.vocabulary import DESCRIPTIONS, MAX_BARS, DescriptionKind

MAX_BATCH = 256
"""Songs at once: more would only take more memory."""


class Describer(Protocol):
    """Whatever writes descriptions from features."""

    def describe(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = ...,
        top_p: float = ...,
        guidance: float = ...,
        progress: Progress = ...,
    ) -> list[list[int]]:
        """Write one description a feature vector.

        Args:
            features: what each song should sound like.
            bars: length of each song, 1 to 511.
            seeds: one a song; a song depends on its features, its seed and `bars` alone, not on the others.
            temperature: see `SamplingParams`.
            top_p: see `SamplingParams`.
            guidance: see `SamplingParams`.
            progress: told the bars written.

        Returns:
            Token ids, valid by `DescriptionGrammar`, exactly `bars` bars, every bar in the time signature
            asked for (over 4), chords in the key asked for as far as the model learned; no BOS or EOS.

        Raises:
            InputError: a setting is out of range, or there are not as many seeds as feature vectors.
        """


class DescriptionGenerator:
    """One or several trained describers that together write all kinds of tokens.

    Args:
        stages: who writes after whom; together they write every kind once.

    Raises:
        InputError: they do not.
    """

    def __init__(self, stages: Sequence[TrainedModel]) -> None:
        kinds = sorted(kind for stage in stages for kind in stage.spec.writes)
        if kinds != sorted(DescriptionKind):
            names = ", ".join(stage.spec.name for stage in stages) or "none"
            raise InputError(f"these describers do not write a whole description together: {names}")
        self._stages = [SequenceGenerator(stage) for stage in stages]

    def describe(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = SamplingParams.temperature,
        top_p: float = SamplingParams.top_p,
        guidance: float = SamplingParams.guidance,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """See `Describer.describe`."""
        draw = SamplingParams(temperature, top_p, guidance)
        if len(features) != len(seeds):
            raise InputError(f"{len(features)} feature vectors need as many seeds, got {len(seeds)}")
        if not 1 <= bars < MAX_BARS:
            raise InputError(f"bars must be 1 to {MAX_BARS - 1}, got {bars}")
        descriptions: list[list[int]] = []
        for start in range(0, len(features), MAX_BATCH):
            part = slice(start, start + MAX_BATCH)
            descriptions += self._describe(features[part], bars, seeds[part], draw)
            progress("describing", len(descriptions), len(features))
        return descriptions

    def _describe(
        self, features: Sequence[FeatureVector], bars: int, seeds: Sequence[int], draw: SamplingParams
    ) -> list[list[int]]:
        songs: list[Bars] = [[[] for _ in range(bars)] for _ in features]
        for number, stage in enumerate(self._stages):
            generators = [np.random.default_rng([seed, number]) for seed in seeds]
            for song, written in zip(songs, stage.write(features, songs, generators, draw), strict=True):
                for bar, tokens in zip(song, written, strict=True):
                    bar.extend(tokens)
        return [number_bars(token for bar in song for token in _in_order(bar)) for song in songs]


def full_describer(trained: TrainedModel) -> DescriptionGenerator:
    """Return a describer that writes whole descriptions on its own (transformer, lstm_full).

    Raises:
        InputError: it does not.
    """
    return DescriptionGenerator([trained])


def combined_describer(trained: Sequence[TrainedModel]) -> DescriptionGenerator:
    """Return the five specialised describers as one, each seeing what those before it wrote.

    Raises:
        InputError: they are not those five.
    """
    by_name = {one.spec.name: one for one in trained}
    missing = [name for name in SPECIALIZED_MODELS if name not in by_name]
    if missing:
        raise InputError(f"the combined describer needs {', '.join(missing)} too")
    return DescriptionGenerator([by_name[name] for name in SPECIALIZED_MODELS])


def describer_from(blobs: Sequence[bytes]) -> DescriptionGenerator:
    """Return a describer from what `weights.to_bytes` wrote: one full one, or the five specialised ones.

    Raises:
        InputError: a file is damaged, or they do not write whole descriptions together.
    """
    trained = [from_bytes(blob) for blob in blobs]
    return full_describer(trained[0]) if len(trained) == 1 else combined_describer(trained)


_PLACE_IN_BAR = {kind: place for place, kind in enumerate((*ONE_PER_BAR, *MANY_PER_BAR))}


def _in_order(bar: Sequence[int]) -> list[int]:
    """Put the tokens of a bar in the grammar's order, those of a kind staying as they were written."""

    def place(token: int) -> int:
        kind = DESCRIPTIONS.kind(token)
        assert kind is not None  # noqa: S101 - specials are never written into a bar
        return _PLACE_IN_BAR[kind]

    return sorted(bar, key=place)
