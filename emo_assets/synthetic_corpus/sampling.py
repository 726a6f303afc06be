"""Which songs a corpus holds: feature vectors that are distributed as those of real songs are.

Styles come as often as their habits say, meters in fixed shares; within a style energy, danceability, valence
and acousticness lie around its means, and loudness follows energy, with a long quiet tail.
"""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import Habits, Style
from emo_assets.synthetic_corpus.styles import STYLES

SHARE_OF_THREE, SHARE_OF_FIVE, SHARE_OF_ONE = 0.07, 0.015, 0.005
"""Shares of songs in 3/4, 5/4 and 1/4; the rest is in 4/4."""

_KEY_WEIGHTS = (11.6, 9.7, 10.0, 3.3, 7.8, 8.2, 6.8, 11.2, 6.5, 10.1, 6.5, 8.3)
"""How common each key is, in percent: as in the real table."""

_LENGTHS = (32, 40, 40, 48)


@dataclass(frozen=True)
class SongPlan:
    """A song to be composed: what it shall sound like, its style, bars and seed."""

    features: FeatureVector
    style: Style
    bars: int
    seed: int


def sample_songs(songs: int, seed: int) -> list[SongPlan]:
    """Draw `songs` songs; the first ones do not depend on how many follow, but for the meters.

    Args:
        songs: how many, at least 0.
        seed: equal seeds give equal songs.
    """
    meters = _meters(songs, SeededRandom(seed, "meters"))
    return [_sample_song(meter, seed, number) for number, meter in enumerate(meters)]


def _meters(songs: int, rng: SeededRandom) -> list[int]:
    """Return a time signature for each song, in the shares that real songs have."""
    rare = [3] * round(SHARE_OF_THREE * songs)
    rare += [5] * round(SHARE_OF_FIVE * songs) + [1] * round(SHARE_OF_ONE * songs)
    return rng.shuffled(rare + [4] * (songs - len(rare)))


def _sample_song(time_signature: int, seed: int, number: int) -> SongPlan:
    rng = SeededRandom(seed, "song", number)
    styles = list(STYLES.values())
    weights = [_weight(style.habits, time_signature) for style in styles]
    style = rng.weighted(styles, weights)
    features = _sample_features(style.habits, time_signature, rng)
    return SongPlan(features, style, rng.pick(_LENGTHS), rng.below(2**31))


def _weight(habits: Habits, time_signature: int) -> float:
    if time_signature == 4:
        return habits.weight
    return habits.weight * habits.three


def _sample_features(habits: Habits, time_signature: int, rng: SeededRandom) -> FeatureVector:
    # Mood is what valence and danceability have in common; drive what energy, loudness and, downwards,
    # acousticness have.
    mood, drive = rng.spread(1.0), rng.spread(1.0)
    energy = _share(habits.energy + 0.12 * drive + rng.spread(0.06))
    valence = _share(habits.valence + 0.15 * mood + rng.spread(0.15))
    danceability = _share(habits.danceability + 0.06 * mood + rng.spread(0.10))
    acousticness = _acousticness(habits, drive, rng)
    instrumentalness = _instrumentalness(habits, rng)
    calm = 1 - energy
    loudness = -4.4 - 4.0 * calm - 16.0 * calm * calm * calm - 1.0 * instrumentalness + rng.spread(1.9)
    slow, fast = habits.tempo
    return FeatureVector(
        danceability=_significant(danceability),
        energy=_significant(energy),
        key=rng.weighted(range(12), _KEY_WEIGHTS),
        loudness=round(min(-0.5, loudness), 3),
        mode=int(rng.bernoulli(min(0.95, max(0.05, 0.38 + 0.54 * valence + habits.mode)))),
        acousticness=_significant(acousticness),
        instrumentalness=_significant(instrumentalness),
        valence=_significant(valence),
        tempo=round(rng.between(slow, fast), 3),
        time_signature=time_signature,
    )


def _acousticness(habits: Habits, drive: float, rng: SeededRandom) -> float:
    """Draw acousticness: near 0 for most songs of electric styles, spread widely for the others."""
    if habits.acousticness < 0.3:
        share = rng.uniform()
        return min(0.95, 5.0 * habits.acousticness * share * share * share)
    wide = habits.acousticness - 0.12 * drive + rng.spread(0.12)
    return min(0.996, max(0.002, wide))


def _instrumentalness(habits: Habits, rng: SeededRandom) -> float:
    """Draw instrumentalness: 0 for two thirds of the sung songs, else small; large for instrumental ones."""
    if rng.bernoulli(habits.instrumental):
        return min(0.97, 0.35 + 0.62 * max(rng.uniform(), rng.uniform()))
    if rng.bernoulli(0.68):
        return 0.0
    small = rng.uniform()
    return 0.35 * small * small * small


def _share(value: float) -> float:
    """Keep a feature of 0 to 1 away from its ends, where real songs have none, by bending."""
    low, high = 0.03, 0.985
    if value > high - 0.08:
        value = high - 0.08 * 0.08 / (value - high + 0.16)
    if value < low + 0.08:
        value = low + 0.08 * 0.08 / (0.16 + low - value)
    return value


def _significant(value: float) -> float:
    """Round to the three significant digits that Spotify gives."""
    return float(f"{value:.3g}")
