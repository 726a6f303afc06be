"""Feature vectors distributed as those of real songs, and styles that suit them.

Feelings are drawn as places among real songs: uniform, and weakly correlated where those of real songs are.
A style is drawn by its weight and by how near its usual features are; meters come in fixed shares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from emo_assets.features import FeatureVector, feature_range
from emo_assets.metrics.ear import FEELINGS, default_ear
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import STYLES, FeatureProfile, Style

SHARE_OF_THREE, SHARE_OF_FIVE, SHARE_OF_ONE = 0.07, 0.015, 0.005
"""Shares of songs in 3/4, 5/4 and 1/4; the rest is in 4/4."""

_KEY_WEIGHTS = (11.6, 9.7, 10.0, 3.3, 7.8, 8.2, 6.8, 11.2, 6.5, 10.1, 6.5, 8.3)
"""Frequency of each key in percent, as in the real table."""

_LENGTHS = (32, 40, 40, 48)

_FACTORS = {
    "valence": (0.65, 0.2),
    "danceability": (0.65, 0.0),
    "energy": (0.15, 0.65),
    "acousticness": (0.0, -0.6),
    "loudness": (0.0, 0.75),
}
"""How places follow two factors that songs have in common: mood, and drive."""

_STYLE_WIDTHS = {"energy": 0.2, "danceability": 0.2, "valence": 0.3, "acousticness": 0.3}
"""Differences from a style's usual features that make it less likely by a factor of 0.6."""

_ANY_STYLE = 0.02
"""Share of a style's weight that remains for features far from its usual ones."""

_TEMPO_MARGIN = 0.15
"""Share of a style's range of tempos by which songs may be slower or faster."""

LISTING_NOISE = 0.06
"""Standard deviation of the difference between the place heard and the place listed."""


@dataclass(frozen=True)
class SongPlan:
    """The arguments of `compose_song` for one song.

    Attributes:
        features: what it is composed from.
        style: its style.
        bars: its length.
        seed: of everything that is random.
        listed: its features in the Spotify table.
    """

    features: FeatureVector
    style: Style
    bars: int
    seed: int
    listed: FeatureVector


def sample_songs(songs: int, seed: int) -> list[SongPlan]:
    """Draw songs. Except for the meters, a song does not depend on how many follow.

    Args:
        songs: number of songs, at least 0.
        seed: equal seeds give equal songs.
    """
    return [
        sample_variants(meter, seed, number, 1)[0] for number, meter in enumerate(sample_meters(songs, seed))
    ]


def sample_meters(songs: int, seed: int) -> list[int]:
    """Return a time signature for each song, in the shares of real songs."""
    rng = SeededRandom(seed, "meters")
    rare = [3] * round(SHARE_OF_THREE * songs)
    rare += [5] * round(SHARE_OF_FIVE * songs) + [1] * round(SHARE_OF_ONE * songs)
    return rng.shuffled(rare + [4] * (songs - len(rare)))


def sample_variants(time_signature: int, seed: int, number: int, variants: int) -> list[SongPlan]:
    """Return plans for one song that differ in all but their feelings, key, meter and length.

    Args:
        time_signature: beats in a bar.
        seed: of the corpus.
        number: of the song in the corpus.
        variants: how many; the first ones are the same for any number.
    """
    rng = SeededRandom(seed, "song", number)
    places = _sample_places(rng)
    ear = default_ear()
    feelings = {name: _significant(float(ear.value_at(name, place))) for name, place in places.items()}
    key, bars = rng.weighted(range(12), _KEY_WEIGHTS), rng.pick(_LENGTHS)
    return [
        _sample_variant(feelings, key, time_signature, bars, rng.child("variant", variant))
        for variant in range(variants)
    ]


def _sample_places(rng: SeededRandom) -> dict[str, float]:
    mood, drive = rng.spread(1.0), rng.spread(1.0)
    places = {}
    for name, (by_mood, by_drive) in _FACTORS.items():
        own = (1 - by_mood * by_mood - by_drive * by_drive) ** 0.5
        places[name] = NormalDist().cdf(by_mood * mood + by_drive * drive + own * rng.spread(1.0))
    return places


def _sample_variant(
    feelings: dict[str, float], key: int, time_signature: int, bars: int, rng: SeededRandom
) -> SongPlan:
    styles = list(STYLES.values())
    weights = [_style_weight(style.profile, feelings, time_signature) for style in styles]
    style = rng.weighted(styles, weights)
    slow, fast = style.profile.tempo
    margin = _TEMPO_MARGIN * (fast - slow)
    instrumentalness = _instrumentalness(style.profile, rng)
    loudness = feelings["loudness"] - 1.0 * instrumentalness + rng.spread(0.8)
    haste = 0.65 * rng.uniform() + 0.35 * feelings["valence"]
    major = 0.38 + 0.54 * feelings["valence"] + style.profile.major_bias
    features = FeatureVector(
        danceability=feelings["danceability"],
        energy=feelings["energy"],
        key=key,
        loudness=round(min(-0.5, loudness), 3),
        mode=int(rng.bernoulli(min(0.95, max(0.05, major)))),
        acousticness=feelings["acousticness"],
        instrumentalness=_significant(instrumentalness),
        valence=feelings["valence"],
        tempo=round(slow - margin + (fast - slow + 2 * margin) * haste, 3),
        time_signature=time_signature,
    )
    return SongPlan(features, style, bars, rng.below(2**31), features)


def _style_weight(profile: FeatureProfile, feelings: dict[str, float], time_signature: int) -> float:
    """Return how likely a style is for a song with these feelings."""
    distance = 0.0
    for name, width in _STYLE_WIDTHS.items():
        difference = (feelings[name] - getattr(profile, name)) / width
        distance += difference * difference / 2
    weight = profile.weight * (math.exp(-distance) + _ANY_STYLE)
    return weight if time_signature == 4 else weight * profile.waltz_weight


def list_features(plan: SongPlan, places: dict[str, float]) -> FeatureVector:
    """Return the features of a composed song in the Spotify table: what the ear hears, with some noise.

    Args:
        plan: the song.
        places: where the ear places it among real songs, 0 to 1, for each of `FEELINGS`.
    """
    ear = default_ear()
    rng = SeededRandom(plan.seed, "listed")
    heard = {}
    for name in FEELINGS:
        place = min(0.999, max(0.001, places[name] + rng.spread(LISTING_NOISE)))
        low, high = feature_range(name)
        heard[name] = _significant(min(high, max(low, float(ear.value_at(name, place)))))
    return plan.features.model_copy(update=heard)


def _instrumentalness(profile: FeatureProfile, rng: SeededRandom) -> float:
    """Draw instrumentalness: 0 for two thirds of the sung songs, else small; large for instrumental ones."""
    if rng.bernoulli(profile.instrumental_share):
        return min(0.97, 0.35 + 0.62 * max(rng.uniform(), rng.uniform()))
    if rng.bernoulli(0.68):
        return 0.0
    small = rng.uniform()
    return 0.35 * small * small * small


def _significant(value: float) -> float:
    """Round to three significant digits, as Spotify does."""
    return float(f"{value:.3g}")
