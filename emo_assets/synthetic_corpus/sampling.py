"""Feature vectors distributed as those of real songs.

Styles are drawn by their weights, meters in fixed shares. Within a style energy, danceability, valence and
acousticness lie around its means; loudness follows energy, with a long quiet tail.
"""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES, FeatureProfile, Style

SHARE_OF_THREE, SHARE_OF_FIVE, SHARE_OF_ONE = 0.07, 0.015, 0.005
"""Shares of songs in 3/4, 5/4 and 1/4; the rest is in 4/4."""

_KEY_WEIGHTS = (11.6, 9.7, 10.0, 3.3, 7.8, 8.2, 6.8, 11.2, 6.5, 10.1, 6.5, 8.3)
"""Frequency of each key in percent, as in the real table."""

_LENGTHS = (32, 40, 40, 48)


@dataclass(frozen=True)
class SongPlan:
    """The arguments of `compose_song` for one song."""

    features: FeatureVector
    style: Style
    bars: int
    seed: int


def sample_songs(songs: int, seed: int) -> list[SongPlan]:
    """Draw songs. Except for the meters, a song does not depend on how many follow.

    Args:
        songs: number of songs, at least 0.
        seed: equal seeds give equal songs.
    """
    meters = _meters(songs, SeededRandom(seed, "meters"))
    return [_sample_song(meter, seed, number) for number, meter in enumerate(meters)]


def _meters(songs: int, rng: SeededRandom) -> list[int]:
    """Return a time signature for each song, in the shares of real songs."""
    rare = [3] * round(SHARE_OF_THREE * songs)
    rare += [5] * round(SHARE_OF_FIVE * songs) + [1] * round(SHARE_OF_ONE * songs)
    return rng.shuffled(rare + [4] * (songs - len(rare)))


def _sample_song(time_signature: int, seed: int, number: int) -> SongPlan:
    rng = SeededRandom(seed, "song", number)
    styles = list(STYLES.values())
    weights = [style.profile.weight for style in styles]
    if time_signature != 4:
        weights = [style.profile.weight * style.profile.waltz_weight for style in styles]
    style = rng.weighted(styles, weights)
    features = _sample_features(style.profile, time_signature, rng)
    return SongPlan(features, style, rng.pick(_LENGTHS), rng.below(2**31))


def _sample_features(profile: FeatureProfile, time_signature: int, rng: SeededRandom) -> FeatureVector:
    # Mood is the common factor of valence and danceability; drive that of energy, loudness and (negatively)
    # acousticness.
    mood, drive = rng.spread(1.0), rng.spread(1.0)
    energy = _share(profile.energy + 0.12 * drive + rng.spread(0.06))
    valence = _share(profile.valence + 0.15 * mood + rng.spread(0.15))
    danceability = _share(profile.danceability + 0.06 * mood + rng.spread(0.10))
    acousticness = _acousticness(profile, drive, rng)
    instrumentalness = _instrumentalness(profile, rng)
    calm = 1 - energy
    loudness = -4.4 - 4.0 * calm - 16.0 * calm * calm * calm - 1.0 * instrumentalness + rng.spread(1.9)
    slow, fast = profile.tempo
    haste = 0.65 * rng.uniform() + 0.35 * valence
    return FeatureVector(
        danceability=_significant(danceability),
        energy=_significant(energy),
        key=rng.weighted(range(12), _KEY_WEIGHTS),
        loudness=round(min(-0.5, loudness), 3),
        mode=int(rng.bernoulli(min(0.95, max(0.05, 0.38 + 0.54 * valence + profile.major_bias)))),
        acousticness=_significant(acousticness),
        instrumentalness=_significant(instrumentalness),
        valence=_significant(valence),
        tempo=round(slow + (fast - slow) * haste, 3),
        time_signature=time_signature,
    )


def _acousticness(profile: FeatureProfile, drive: float, rng: SeededRandom) -> float:
    """Draw acousticness: near 0 for most songs of electric styles, with a wide spread for the others."""
    if profile.acousticness < 0.3:
        share = rng.uniform()
        return min(0.95, 5.0 * profile.acousticness * share * share * share)
    wide = profile.acousticness - 0.12 * drive + rng.spread(0.12)
    return min(0.996, max(0.002, wide))


def _instrumentalness(profile: FeatureProfile, rng: SeededRandom) -> float:
    """Draw instrumentalness: 0 for two thirds of the sung songs, else small; large for instrumental ones."""
    if rng.bernoulli(profile.instrumental_share):
        return min(0.97, 0.35 + 0.62 * max(rng.uniform(), rng.uniform()))
    if rng.bernoulli(0.68):
        return 0.0
    small = rng.uniform()
    return 0.35 * small * small * small


def _share(value: float) -> float:
    """Compress a feature near 0 and 1: real songs have no extreme values."""
    low, high = 0.03, 0.985
    if value > high - 0.08:
        value = high - 0.08 * 0.08 / (value - high + 0.16)
    if value < low + 0.08:
        value = low + 0.08 * 0.08 / (0.16 + low - value)
    return value


def _significant(value: float) -> float:
    """Round to three significant digits, as Spotify does."""
    return float(f"{value:.3g}")
