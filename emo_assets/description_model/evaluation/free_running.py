"""Descriptions sampled for songs' features, laid beside the songs: valid at all, and alike bar by bar?

Belongs here: the sampling for the scoreboard and the pure functions that compare two descriptions. A
describer may write another good song for the same features, so likeness is bounded far below 1; it tells
describers apart, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from emo_assets.description_model.data.output_vocab import number_bars
from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.specs import ORDERED_KINDS, WINDOW_BARS
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.vocabulary import DescriptionKind


@dataclass(frozen=True)
class FreeRunningMetrics:
    """What came of sampling.

    Attributes:
        samples: how many descriptions were sampled.
        validity: share of them that the grammar accepts.
        accuracy: for each ordered kind, share of bars with the very bin of the song's bar.
        error: for each ordered kind, mean absolute distance from the song's bin, in bins.
        instrument_f1: mean over bars of F1 between the sets of instruments.
        chord_f1: likewise of chords.
    """

    samples: int
    validity: float
    accuracy: dict[DescriptionKind, float]
    error: dict[DescriptionKind, float]
    instrument_f1: float
    chord_f1: float


def free_running(
    describer: DescriptionGenerator, songs: Sequence[DescribedSong], *, samples: int, seed: int
) -> FreeRunningMetrics:
    """Sample 12 bars for the features of songs in turn, and compare them with the songs' first bars.

    Args:
        describer: whatever writes descriptions.
        songs: with features; at least one.
        samples: how many descriptions, at least one.
        seed: of the first; the others count on.
    """
    chosen = [songs[number % len(songs)] for number in range(samples)]
    asked = [clipped_features(song) for song in chosen]
    written = describer.generate(asked, bars=WINDOW_BARS, seeds=range(seed, seed + samples))
    valid = [is_valid(ids) for ids in written]
    pairs = [
        pair
        for song, ids, fine in zip(chosen, written, valid, strict=True)
        if fine
        for pair in zip(DescriptionGrammar().parse(ids), first_bars(song), strict=False)
    ]
    distances = {
        kind: np.array([abs(_bin(one, kind) - _bin(other, kind)) for one, other in pairs])
        for kind in ORDERED_KINDS
    }
    return FreeRunningMetrics(
        samples=samples,
        validity=float(np.mean(valid)),
        accuracy={kind: float((distance == 0).mean()) for kind, distance in distances.items()},
        error={kind: float(distance.mean()) for kind, distance in distances.items()},
        instrument_f1=float(
            np.mean([f1(set(one.instruments), set(other.instruments)) for one, other in pairs])
        ),
        chord_f1=float(np.mean([f1(set(one.chords), set(other.chords)) for one, other in pairs])),
    )


def f1(written: Set[int], true: Set[int]) -> float:
    """Return the F1 score 2·|A ∩ B| / (|A| + |B|) of two sets; 1 when both are empty."""
    if not written and not true:
        return 1.0
    return 2 * len(written & true) / (len(written) + len(true))


def is_valid(ids: Sequence[int]) -> bool:
    """Say whether the grammar accepts a description."""
    try:
        DescriptionGrammar().check(ids)
    except GrammarError:
        return False
    return True


def clipped_features(song: DescribedSong) -> FeatureVector:
    """Return a song's features as a request, cut to the ranges that a request may have."""
    values = {}
    for name, value in zip(FEATURE_NAMES, song.features.tolist(), strict=True):
        low, high = feature_range(name)
        values[name] = min(max(value, low), high)
    whole = {name: round(values[name]) for name in ("key", "mode", "time_signature")}
    return FeatureVector.from_values({**values, **whole})


def first_bars(song: DescribedSong) -> list[DescribedBar]:
    """Return at most the first 12 bars that a song has."""
    bars = song.bar_runs[0].bars[:WINDOW_BARS]
    return DescriptionGrammar().parse(number_bars(token for bar in bars for token in bar))


def _bin(bar: DescribedBar, kind: DescriptionKind) -> int:
    match kind:
        case DescriptionKind.NOTE_DENSITY:
            return bar.note_density
        case DescriptionKind.MEAN_VELOCITY:
            return bar.mean_velocity
        case DescriptionKind.MEAN_PITCH:
            return bar.mean_pitch
        case _:
            return bar.mean_duration
