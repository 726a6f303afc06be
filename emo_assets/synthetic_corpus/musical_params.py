"""From the ten features to musical quantities, with moderate noise."""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

MIN_LOUDNESS, MAX_LOUDNESS = -26.0, -1.0
"""Loudness in dB between which velocities follow it."""


@dataclass(frozen=True)
class MusicalParams:
    """A song's musical quantities.

    Attributes:
        notes_per_beat: notes of all parts per quarter note, averaged over the song; follows energy.
        major_share: share of the chords with a major third; follows valence, and the mode.
        looseness: 0 for a steady groove, 1 for a free one; decreases with danceability.
        velocity: mean MIDI velocity; follows loudness, and energy a little.
        acoustic_share: share of acoustic instruments; follows acousticness.
        sung_share: share of the bars in which the lead sings; decreases with instrumentalness.
        register: semitones by which the upper parts are raised; follows valence.
        melodic_rise: scale steps by which a melody rises over a phrase; follows valence.
        melody_rate: melody notes per beat; follows energy.
    """

    notes_per_beat: float
    major_share: float
    looseness: float
    velocity: float
    acoustic_share: float
    sung_share: float
    register: int
    melodic_rise: float
    melody_rate: float


def musical_params(features: FeatureVector, rng: SeededRandom) -> MusicalParams:
    """Return the musical quantities for a song with these features."""
    mode_share = 0.16 if features.mode else 0.02
    loudness = (features.loudness - MIN_LOUDNESS) / (MAX_LOUDNESS - MIN_LOUDNESS)
    return MusicalParams(
        notes_per_beat=(2.6 + 13.0 * features.energy) * (1 + rng.spread(0.06)),
        major_share=_clip(mode_share + 0.84 * features.valence + rng.spread(0.04), 0.05, 1.0),
        looseness=_clip((0.86 - features.danceability) / 0.66 + rng.spread(0.04), 0.0, 1.0),
        velocity=42 + 58 * _clip(loudness, 0.0, 1.15) + 6 * features.energy + rng.spread(1.5),
        acoustic_share=_clip(features.acousticness * 1.04 - 0.02 + rng.spread(0.03), 0.0, 1.0),
        sung_share=_clip(0.75 - 0.84 * features.instrumentalness + rng.spread(0.006), 0.0, 1.0),
        register=round(13 * (features.valence - 0.5) + rng.spread(0.8)),
        melodic_rise=4 * (features.valence - 0.5) + rng.spread(0.5),
        melody_rate=0.55 + 0.6 * features.energy + rng.spread(0.06),
    )


def _clip(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
