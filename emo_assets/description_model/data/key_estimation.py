"""In which key a described song is, heard from its chords.

Chords are written relative to the key, so that a describer learns each progression once and not twelve
times, and a sampled song stands in the key that is asked for. In about a third of real songs the chords of
the MIDI file are in another key than Spotify's (wrong keys, wrong links, transposed MIDI). So a describer
learns from the key that is heard, and a description's likelihood given Spotify's key counts all twelve,
each with the share of training songs that stand so far from Spotify's key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.songs import DescribedSong
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, DESCRIPTIONS, DescriptionKind

KEYS = 12
MODES = 2
KEY, MODE = FEATURE_NAMES.index("key"), FEATURE_NAMES.index("mode")

EFFECTIVE_CHORDS = 20.0
"""Independent chords that a song counts for, however long it is: its chords repeat."""

EM_ITERATIONS = 6
"""Rounds of expectation maximisation; real songs settle after three or four."""

_CHORDS = DESCRIPTIONS.span(DescriptionKind.CHORD)


@dataclass(frozen=True)
class KeyEstimator:
    """Hears keys by how often each chord stands on each degree of a scale.

    Attributes:
        profiles: binary logarithm of the share of each chord in songs in C, by mode (minor, major), root and
            quality, shape (2, 12, 8).
        offsets: share of songs whose chords stand so many semitones above Spotify's key, shape (12,).
    """

    profiles: NDArray[np.float64]
    offsets: NDArray[np.float64]

    @classmethod
    def fitted(cls, songs: Sequence[DescribedSong]) -> Self:
        """Learn profiles and offsets from Spotify's keys and from each other, by expectation maximisation.

        Args:
            songs: the training split; songs without features have no say.
        """
        told = [song for song in songs if not np.isnan(song.features[KEY])]
        first = np.full(KEYS, 0.5 / (KEYS - 1))
        first[0] = 0.5
        counts = [chord_counts(song) for song in told]
        keys = [np.roll(first, int(song.features[KEY])) for song in told]
        hearing = cls(np.zeros((MODES, KEYS, len(CHORD_QUALITIES))), first)
        for _ in range(EM_ITERATIONS):
            totals = np.full((MODES, KEYS, len(CHORD_QUALITIES)), 0.5)
            apart = np.full(KEYS, 0.1)
            for song, count, shares in zip(told, counts, keys, strict=True):
                for key, share in enumerate(shares.tolist()):
                    totals[int(song.features[MODE])] += share * np.roll(count, -key, axis=0)
                apart += np.roll(shares, -int(song.features[KEY]))
            profiles = np.log2(totals / totals.sum(axis=(1, 2), keepdims=True))
            hearing = cls(profiles, apart / apart.sum())
            keys = [hearing.key_posterior(song) for song in told]
        return hearing

    def key_posterior(self, song: DescribedSong) -> NDArray[np.float64]:
        """Return how likely each key is, given its chords and, if told, Spotify's key; shape (12,)."""
        bits = self._by_key(chord_counts(song))  # (modes, keys)
        if np.isnan(song.features[KEY]):
            shares = np.exp2(bits - bits.max()).sum(axis=0)
        else:
            by_key = bits[int(song.features[MODE])] + np.log2(np.roll(self.offsets, int(song.features[KEY])))
            shares = np.exp2(by_key - by_key.max())
        likely: NDArray[np.float64] = shares / shares.sum()
        return likely

    def key_of(self, song: DescribedSong) -> int:
        """Return the likeliest key of a song, 0 for C."""
        return int(self.key_posterior(song).argmax())

    def _by_key(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the binary log-likelihood of chords in each mode and key, shape (2, 12)."""
        in_c = np.stack([np.roll(counts, -key, axis=0) for key in range(KEYS)])  # (keys, roots, qualities)
        result: NDArray[np.float64] = np.einsum("krq,mrq->mk", in_c, self.profiles)
        return result

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {"profiles": self.profiles.tolist(), "offsets": self.offsets.tolist()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Build the hearing from what `as_json` returned.

        Raises:
            InputError: it is not that.
        """
        try:
            profiles = np.array(values["profiles"], dtype=np.float64)
            offsets = np.array(values["offsets"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the key profiles are damaged ({error}); train the model anew") from error
        if profiles.shape != (MODES, KEYS, len(CHORD_QUALITIES)) or offsets.shape != (KEYS,):
            raise InputError("the key profiles are damaged (wrong shape); train the model anew")
        return cls(profiles, offsets)


def chord_counts(song: DescribedSong) -> NDArray[np.float64]:
    """Count a song's chords by root and quality, scaled to `EFFECTIVE_CHORDS` in all, shape (12, 8).

    Silence does not count; a song without chords has nothing but zeros.
    """
    tokens = np.array([token for part in song.bar_runs for bar in part.bars for token in bar], dtype=np.int64)
    chords = tokens[(tokens >= _CHORDS.start) & (tokens < _CHORDS.stop - 1)] - _CHORDS.start
    counts = np.bincount(chords, minlength=KEYS * len(CHORD_QUALITIES)).astype(np.float64)
    by_root = counts.reshape(KEYS, len(CHORD_QUALITIES))
    scaled: NDArray[np.float64] = by_root * (EFFECTIVE_CHORDS / max(counts.sum(), 1.0))
    return scaled
