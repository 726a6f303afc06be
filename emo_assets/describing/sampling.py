"""Descriptions from features: the describers as those who ask for descriptions see them.

The five specialised describers take turns: each writes its kind of tokens for the whole song, seeing what the
ones before it wrote, and their tokens are put in the grammar's order. How one of them writes is `stages`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from emo_assets.describing.alphabet import numbered
from emo_assets.describing.describers import SPECIALISED_ORDER
from emo_assets.describing.drawing import Draw
from emo_assets.describing.song_writing import Bars
from emo_assets.describing.stages import Stage
from emo_assets.describing.weights import TrainedDescriber, from_bytes
from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.progress import Progress, silent
from emo_assets.symbolic.grammar.descriptions import ANY_NUMBER_A_BAR, ONE_A_BAR
from emo_assets.symbolic.vocabulary import DESCRIPTIONS, MAX_BARS, DescriptionKind

LARGEST_BATCH = 256
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
            temperature: see `Draw`.
            top_p: see `Draw`.
            guidance: see `Draw`.
            progress: told the bars written.

        Returns:
            Token ids, valid by `DescriptionGrammar`, exactly `bars` bars, every bar in the time signature
            asked for (over 4), chords in the key asked for as far as the model learned; no BOS or EOS.

        Raises:
            InputError: a setting is out of range, or there are not as many seeds as feature vectors.
        """


class WindowedDescriber:
    """One or several trained describers that together write all kinds of tokens.

    Args:
        stages: who writes after whom; together they write every kind once.

    Raises:
        InputError: they do not.
    """

    def __init__(self, stages: Sequence[TrainedDescriber]) -> None:
        kinds = sorted(kind for stage in stages for kind in stage.spec.writes)
        if kinds != sorted(DescriptionKind):
            names = ", ".join(stage.spec.name for stage in stages) or "none"
            raise InputError(f"these describers do not write a whole description together: {names}")
        self._stages = [Stage(stage) for stage in stages]

    def describe(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = Draw.temperature,
        top_p: float = Draw.top_p,
        guidance: float = Draw.guidance,
        progress: Progress = silent,
    ) -> list[list[int]]:
        """See `Describer.describe`."""
        draw = Draw(temperature, top_p, guidance)
        if len(features) != len(seeds):
            raise InputError(f"{len(features)} feature vectors need as many seeds, got {len(seeds)}")
        if not 1 <= bars < MAX_BARS:
            raise InputError(f"bars must be 1 to {MAX_BARS - 1}, got {bars}")
        descriptions: list[list[int]] = []
        for start in range(0, len(features), LARGEST_BATCH):
            part = slice(start, start + LARGEST_BATCH)
            descriptions += self._describe(features[part], bars, seeds[part], draw)
            progress("describing", len(descriptions), len(features))
        return descriptions

    def _describe(
        self, features: Sequence[FeatureVector], bars: int, seeds: Sequence[int], draw: Draw
    ) -> list[list[int]]:
        songs: list[Bars] = [[[] for _ in range(bars)] for _ in features]
        for number, stage in enumerate(self._stages):
            generators = [np.random.default_rng([seed, number]) for seed in seeds]
            for song, written in zip(songs, stage.write(features, songs, generators, draw), strict=True):
                for bar, tokens in zip(song, written, strict=True):
                    bar.extend(tokens)
        return [numbered(token for bar in song for token in _in_order(bar)) for song in songs]


def full_describer(trained: TrainedDescriber) -> WindowedDescriber:
    """Return a describer that writes whole descriptions on its own (transformer, lstm_full).

    Raises:
        InputError: it does not.
    """
    return WindowedDescriber([trained])


def combined_describer(trained: Sequence[TrainedDescriber]) -> WindowedDescriber:
    """Return the five specialised describers as one, each seeing what those before it wrote.

    Raises:
        InputError: they are not those five.
    """
    by_name = {one.spec.name: one for one in trained}
    missing = [name for name in SPECIALISED_ORDER if name not in by_name]
    if missing:
        raise InputError(f"the combined describer needs {', '.join(missing)} too")
    return WindowedDescriber([by_name[name] for name in SPECIALISED_ORDER])


def describer_from(blobs: Sequence[bytes]) -> WindowedDescriber:
    """Return a describer from what `weights.to_bytes` wrote: one full one, or the five specialised ones.

    Raises:
        InputError: a file is damaged, or they do not write whole descriptions together.
    """
    trained = [from_bytes(blob) for blob in blobs]
    return full_describer(trained[0]) if len(trained) == 1 else combined_describer(trained)


_PLACE_IN_BAR = {kind: place for place, kind in enumerate((*ONE_A_BAR, *ANY_NUMBER_A_BAR))}


def _in_order(bar: Sequence[int]) -> list[int]:
    """Put the tokens of a bar in the grammar's order, those of a kind staying as they were written."""

    def place(token: int) -> int:
        kind = DESCRIPTIONS.kind(token)
        assert kind is not None  # noqa: S101 - specials are never written into a bar
        return _PLACE_IN_BAR[kind]

    return sorted(bar, key=place)
