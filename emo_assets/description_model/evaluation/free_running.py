"""Free-running evaluation: descriptions sampled for songs' features, compared with the songs bar by bar.

Many songs fit the same features, so similarity stays far below 1; it only ranks models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_assets.description_model.data.output_vocab import number_bars
from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.metrics.fidelity import precision_recall_f1
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.vocabulary import DescriptionKind

_BIN_FIELDS = {
    DescriptionKind.NOTE_DENSITY: "note_density",
    DescriptionKind.MEAN_VELOCITY: "mean_velocity",
    DescriptionKind.MEAN_PITCH: "mean_pitch",
    DescriptionKind.MEAN_DURATION: "mean_duration",
}


@dataclass(frozen=True)
class FreeRunningMetrics:
    """How samples compare with the songs whose features they were sampled for.

    Attributes:
        samples: number of descriptions sampled.
        validity: share of them that the grammar accepts.
        accuracy: for each ordered kind, share of bars with the song's bin.
        error: for each ordered kind, mean absolute distance from the song's bin, in bins.
        instrument_f1: mean F1 of the bars' sets of instruments.
        chord_f1: mean F1 of the bars' sets of chords.
    """

    samples: int
    validity: float
    accuracy: dict[DescriptionKind, float]
    error: dict[DescriptionKind, float]
    instrument_f1: float
    chord_f1: float


def free_running(
    description_model: DescriptionGenerator, songs: Sequence[DescribedSong], *, samples: int, seed: int
) -> FreeRunningMetrics:
    """Sample 12 bars for the features of songs in turn, and compare them with the songs' first bars.

    Args:
        description_model: generates the descriptions.
        songs: with features; at least one.
        samples: number of descriptions, at least one.
        seed: of the first sample; the others count up from it.
    """
    chosen = [songs[index % len(songs)] for index in range(samples)]
    features = [clipped_features(song) for song in chosen]
    sampled = description_model.generate(features, bars=WINDOW_BARS, seeds=range(seed, seed + samples))
    parsed = [_parse(ids) for ids in sampled]
    pairs = [
        pair
        for song, bars in zip(chosen, parsed, strict=True)
        if bars is not None
        for pair in zip(bars, first_bars(song), strict=False)
    ]
    distances = {
        kind: np.array([abs(getattr(one, field) - getattr(true, field)) for one, true in pairs])
        for kind, field in _BIN_FIELDS.items()
    }
    return FreeRunningMetrics(
        samples=samples,
        validity=float(np.mean([bars is not None for bars in parsed])),
        accuracy={kind: float((distance == 0).mean()) for kind, distance in distances.items()},
        error={kind: float(distance.mean()) for kind, distance in distances.items()},
        instrument_f1=float(
            np.mean([precision_recall_f1(true.instruments, one.instruments)[2] for one, true in pairs])
        ),
        chord_f1=float(np.mean([precision_recall_f1(true.chords, one.chords)[2] for one, true in pairs])),
    )


def clipped_features(song: DescribedSong) -> FeatureVector:
    """Return a song's features as a request, clipped to the ranges of `FeatureVector`."""
    values = {}
    for name, value in zip(FEATURE_NAMES, song.features.tolist(), strict=True):
        low, high = feature_range(name)
        values[name] = min(max(value, low), high)
    whole = {name: round(values[name]) for name in ("key", "mode", "time_signature")}
    return FeatureVector.from_values({**values, **whole})


def first_bars(song: DescribedSong) -> list[DescribedBar]:
    """Return at most the first 12 bars of a song."""
    bars = song.bar_runs[0].bars[:WINDOW_BARS]
    return DescriptionGrammar().parse(number_bars(token for bar in bars for token in bar))


def _parse(ids: Sequence[int]) -> list[DescribedBar] | None:
    """Parse a description; None if the grammar rejects it."""
    try:
        return DescriptionGrammar().parse(ids)
    except GrammarError:
        return None
