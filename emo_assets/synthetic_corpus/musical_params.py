"""From the ten features to musical quantities, with noise, and quantities that no feature decides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_VELOCITY_OF_LOUDNESS = (
    (-40.0, 30.0),
    (-20.0, 58.0),
    (-12.0, 80.0),
    (-8.0, 92.0),
    (-5.0, 102.0),
    (-2.0, 118.0),
)
"""Mean velocity by loudness in dB; linear in between."""


@dataclass(frozen=True)
class MusicalParams:
    """A song's musical quantities.

    Attributes:
        notes_per_beat: notes of all parts per quarter note, averaged over the song. Notes per second follow
            energy.
        major_share: share of the chords with a major third; follows valence, and the mode.
        looseness: 0 for a steady groove, 1 for a free one; decreases with danceability.
        velocity: mean MIDI velocity; follows loudness.
        dynamics: factor on accents, from a machine's 0.15 to an expressive player's 4.
        acoustic_share: share of acoustic instruments; follows acousticness.
        sung_share: share of the bars in which the lead sings; decreases with instrumentalness.
        register: semitones by which the upper parts are raised; follows valence.
        melodic_rise: scale steps by which a melody rises over a phrase; follows valence.
        melody_rate: melody notes per beat; follows energy.
        fullness: share of the style's optional instruments that play.
        has_drums: whether there are drums where the style has them; sad acoustic songs lack them most.
        drum_bias: how much busier (below 0: less busy) the drums are than the band, in levels; follows
            valence.
        percussion: number of percussion instruments that join the style's drums; follows valence.
        articulation: factor on the duration of notes, from staccato's 0.4 to legato's 1.4.
    """

    notes_per_beat: float
    major_share: float
    looseness: float
    velocity: float
    dynamics: float
    acoustic_share: float
    sung_share: float
    register: int
    melodic_rise: float
    melody_rate: float
    fullness: float
    has_drums: bool
    drum_bias: float
    percussion: int
    articulation: float


def musical_params(features: FeatureVector, rng: SeededRandom) -> MusicalParams:
    """Return the musical quantities for a song with these features."""
    mode_share = 0.16 if features.mode else 0.02
    notes_per_second = (4.0 + 38.0 * features.energy) * (1 + rng.spread(0.25))
    melody_rate = (0.8 + 1.1 * features.energy) * (1 + rng.spread(0.2)) * 60 / features.tempo + 0.2
    return MusicalParams(
        notes_per_beat=_clip(notes_per_second * 60 / features.tempo, 1.5, 30.0),
        major_share=_clip(mode_share + 0.84 * features.valence + rng.spread(0.04), 0.05, 1.0),
        looseness=_clip((0.86 - features.danceability) / 0.66 + rng.spread(0.04), 0.0, 1.0),
        velocity=_interpolate(features.loudness, _VELOCITY_OF_LOUDNESS) + rng.spread(3.0),
        dynamics=_clip(1.9 + rng.spread(0.85), 0.15, 4.0),
        acoustic_share=_clip(features.acousticness * 1.04 - 0.02 + rng.spread(0.05), 0.0, 1.0),
        sung_share=_clip(0.75 - 0.84 * features.instrumentalness + rng.spread(0.006), 0.0, 1.0),
        register=round(_clip(14 * (features.valence - 0.5) + rng.spread(5.5) - 1, -10.0, 15.0)),
        melodic_rise=4 * (features.valence - 0.5) + rng.spread(0.5),
        melody_rate=_clip(melody_rate, 0.4, 1.8),
        fullness=_clip(0.2 + 0.55 * features.energy + rng.spread(0.34), 0.0, 1.0),
        has_drums=not rng.bernoulli(0.01 + 0.2 * features.acousticness * (1 - features.valence)),
        drum_bias=0.08 + 0.55 * (features.valence - 0.5) + rng.spread(0.3),
        percussion=int(max(0.0, 2.4 * features.valence * rng.uniform() + rng.spread(0.7))),
        articulation=_clip(0.88 - 0.2 * (features.danceability - 0.5) + rng.spread(0.25), 0.4, 1.4),
    )


def _clip(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _interpolate(value: float, points: tuple[tuple[float, float], ...]) -> float:
    """Return y at x = `value` on the line through `points`; beyond its ends, the end's y."""
    if value <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if value <= right:
            return low + (high - low) * (value - left) / (right - left)
    return points[-1][1]
