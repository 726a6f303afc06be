"""What the ten features mean for the music: the one place where they become musical quantities.

Each quantity follows its feature with moderate noise, as two bands asked for the same would differ. How a
quantity is reached (which notes, which instruments) is decided by the modules that make the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

QUIETEST, LOUDEST = -26.0, -1.0
"""Loudness in dB between which velocities follow it."""


@dataclass(frozen=True)
class MusicalParams:
    """A song's musical quantities.

    Attributes:
        notes_a_beat: notes of all parts per quarter note, averaged over the song; follows energy.
        bright_share: share of the chords that have a major third; follows valence, and the mode.
        looseness: 0 for a steady groove, 1 for a free one; follows danceability downwards.
        velocity: mean MIDI velocity; follows loudness, and energy a little.
        acoustic_share: share of the instruments that are natural ones; follows acousticness.
        sung_share: share of the bars in which the lead sings; follows instrumentalness downwards.
        register: semitones by which the upper parts are raised; follows valence.
        rise: scale steps by which melodies tend to rise over a phrase; follows valence.
        melody_rate: melody notes a beat; follows energy.
    """

    notes_a_beat: float
    bright_share: float
    looseness: float
    velocity: float
    acoustic_share: float
    sung_share: float
    register: int
    rise: float
    melody_rate: float


def musical_params(features: FeatureVector, rng: SeededRandom) -> MusicalParams:
    """Return the musical quantities that `features` ask for, with this song's own deviations."""
    mode_share = 0.16 if features.mode else 0.02
    loudness = (features.loudness - QUIETEST) / (LOUDEST - QUIETEST)
    return MusicalParams(
        notes_a_beat=(2.6 + 13.0 * features.energy) * (1 + rng.spread(0.06)),
        bright_share=_within(mode_share + 0.84 * features.valence + rng.spread(0.04), 0.05, 1.0),
        looseness=_within((0.86 - features.danceability) / 0.66 + rng.spread(0.04), 0.0, 1.0),
        velocity=42 + 58 * _within(loudness, 0.0, 1.15) + 6 * features.energy + rng.spread(1.5),
        acoustic_share=_within(features.acousticness * 1.04 - 0.02 + rng.spread(0.03), 0.0, 1.0),
        sung_share=_within(0.75 - 0.84 * features.instrumentalness + rng.spread(0.006), 0.0, 1.0),
        register=round(13 * (features.valence - 0.5) + rng.spread(0.8)),
        rise=4 * (features.valence - 0.5) + rng.spread(0.5),
        melody_rate=0.55 + 0.6 * features.energy + rng.spread(0.06),
    )


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
