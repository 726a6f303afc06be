"""Estimates the key of a song from its chords.

Chords are written relative to the key, so that a model learns each progression once instead of twelve times
and generates songs in the requested key. In about a third of real songs the chords of the MIDI file are in
another key than Spotify's (wrong keys, wrong links, transposed MIDI). So models train on the estimated key,
and the likelihood of a description given Spotify's key marginalizes over all twelve, weighted by how many
training songs are that far from Spotify's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, model_validator

from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.features import FEATURE_NAMES
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, DESCRIPTIONS, DescriptionKind

KEYS = 12
MODES = 2
KEY, MODE = FEATURE_NAMES.index("key"), FEATURE_NAMES.index("mode")

EFFECTIVE_CHORDS = 20.0
"""Number of independent chords that a song counts as, however long it is, because its chords repeat."""

EM_ITERATIONS = 6
"""Iterations of expectation maximization; real songs converge in three or four."""

_CHORDS = DESCRIPTIONS.span(DescriptionKind.CHORD)
_PROFILES = (MODES, KEYS, len(CHORD_QUALITIES))


def _array(values: Any) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


_Array = Annotated[
    NDArray[np.float64], BeforeValidator(_array), PlainSerializer(lambda array: array.tolist())
]


class KeyEstimator(BaseModel):
    """Estimates keys from how often each chord is on each degree of a scale.

    Attributes:
        profiles: log2 of each chord's share in songs in C, by mode (minor, major), root and quality,
            shape (2, 12, 8).
        offsets: share of training songs by semitones from Spotify's key up to the chords' key, shape (12,).
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    profiles: _Array
    offsets: _Array

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        if self.profiles.shape != _PROFILES or self.offsets.shape != (KEYS,):
            raise ValueError("the key profiles have the wrong shape")
        return self

    @classmethod
    def fit(cls, songs: Sequence[DescribedSong]) -> Self:
        """Fit profiles and offsets by expectation maximization.

        Args:
            songs: the training split; songs without features are ignored.
        """
        songs = [song for song in songs if not np.isnan(song.features[KEY])]
        offsets = np.full(KEYS, 0.5 / (KEYS - 1))
        offsets[0] = 0.5
        counts = [chord_counts(song) for song in songs]
        posteriors = [np.roll(offsets, int(song.features[KEY])) for song in songs]
        estimator = cls(profiles=np.zeros(_PROFILES), offsets=offsets)
        for _ in range(EM_ITERATIONS):
            totals = np.full(_PROFILES, 0.5)
            offset_totals = np.full(KEYS, 0.1)
            for song, count, posterior in zip(songs, counts, posteriors, strict=True):
                for key, share in enumerate(posterior.tolist()):
                    totals[int(song.features[MODE])] += share * np.roll(count, -key, axis=0)
                offset_totals += np.roll(posterior, -int(song.features[KEY]))
            profiles = np.log2(totals / totals.sum(axis=(1, 2), keepdims=True))
            estimator = cls(profiles=profiles, offsets=offset_totals / offset_totals.sum())
            posteriors = [estimator.key_posterior(song) for song in songs]
        return estimator

    def key_posterior(self, song: DescribedSong) -> NDArray[np.float64]:
        """Return the probability of each key given the chords and Spotify's key, if any, shape (12,)."""
        counts = chord_counts(song)  # (roots, qualities)
        in_c = np.stack([np.roll(counts, -key, axis=0) for key in range(KEYS)])  # (keys, roots, qualities)
        bits = np.einsum("krq,mrq->mk", in_c, self.profiles)  # (modes, keys)
        if np.isnan(song.features[KEY]):
            weights = np.exp2(bits - bits.max()).sum(axis=0)
        else:
            by_key = bits[int(song.features[MODE])] + np.log2(np.roll(self.offsets, int(song.features[KEY])))
            weights = np.exp2(by_key - by_key.max())
        posterior: NDArray[np.float64] = weights / weights.sum()
        return posterior

    def estimate(self, song: DescribedSong) -> int:
        """Return the most likely key, 0 for C."""
        return int(self.key_posterior(song).argmax())


def chord_counts(song: DescribedSong) -> NDArray[np.float64]:
    """Count a song's chords by root and quality, scaled to `EFFECTIVE_CHORDS` in all, shape (12, 8).

    Bars without a chord do not count; a song without chords has all zeros.
    """
    tokens = np.array([token for run in song.bar_runs for bar in run.bars for token in bar], dtype=np.int64)
    chords = tokens[(tokens >= _CHORDS.start) & (tokens < _CHORDS.stop - 1)] - _CHORDS.start
    counts = np.bincount(chords, minlength=KEYS * len(CHORD_QUALITIES)).astype(np.float64)
    by_root = counts.reshape(KEYS, len(CHORD_QUALITIES))
    scaled: NDArray[np.float64] = by_root * (EFFECTIVE_CHORDS / max(counts.sum(), 1.0))
    return scaled
