"""The colour of the sound: brightness, saturation and the room, as they suit audio features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.audio.loudness import peak
from emo_assets.features import FeatureVector

SHELF_HZ = 2_000.0
"""Where the treble's filter has half of its gain: above most fundamentals, below most overtones."""

MAX_WIDTH = 0.75
"""Largest ratio of the difference of the channels to their mean, both as standard deviations."""

MAX_BRIGHTNESS = 8.0
MAX_DRIVE = 9.0


@dataclass(frozen=True)
class Tone:
    """The colour of a song's sound.

    Attributes:
        brightness: gain of the treble in dB, -8 (muffled) to 8 (brilliant).
        drive: level in dB above which peaks saturate, 0 (clean) to 9.
        room: size of the reverb's room, 0 (booth) to 1 (cathedral).
        damping: how much the room absorbs treble, 0 to 1.
    """

    brightness: float = 0.0
    drive: float = 0.0
    room: float = 0.3
    damping: float = 0.2


NEUTRAL = Tone()


def suitable_tone(features: FeatureVector) -> Tone:
    """Return the tone that suits a song's features.

    The more energy, the brighter and the more saturated; the more acoustic, the warmer, the cleaner and the
    larger the room.
    """
    acoustic, energy = features.acousticness, features.energy
    return Tone(
        brightness=MAX_BRIGHTNESS * (energy - acoustic),
        drive=MAX_DRIVE * energy * (1 - acoustic),
        room=0.2 + 0.5 * acoustic,
        damping=0.1 + 0.4 * acoustic,
    )


def apply_tone(samples: NDArray[np.float32], sample_rate: int, tone: Tone) -> NDArray[np.float32]:
    """Return samples with a tone's saturation and brightness, no wider than `MAX_WIDTH`; their level changes.

    Saturation is `tanh(g x) / g`, `x` scaled to a peak of 1. Brightness is a high shelf of second order
    (R. Bristow-Johnson's audio EQ cookbook, slope 0.5).

    Args:
        samples: shape (frames, 2).
        sample_rate: frames per second.
        tone: the tone; the room belongs to the synthesizer.
    """
    from scipy.signal import sosfilt

    highest = peak(samples)
    if tone.drive > 0 and highest > 0:
        gain = np.float32(10 ** (tone.drive / 20))
        samples = np.tanh(samples * (gain / highest)) * (highest / gain)
    if tone.brightness:
        shelf = _high_shelf(min(SHELF_HZ, sample_rate / 4), sample_rate, tone.brightness)
        samples = sosfilt(shelf, samples, axis=0).astype(np.float32)
    return limit_width(samples)


def limit_width(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples whose channels differ at most by `MAX_WIDTH`, narrowed evenly if they differ more.

    Some presets of sound fonts have channels in opposite phase, which a single loudspeaker would cancel.
    """
    middle, side = samples.mean(axis=1), (samples[:, 0] - samples[:, 1]) / 2
    widest, width = MAX_WIDTH * float(middle.std()), float(side.std())
    if width <= widest or not widest:
        return samples
    side *= np.float32(widest / width)
    return np.stack([middle + side, middle - side], axis=1)


def _high_shelf(frequency: float, sample_rate: int, gain_db: float) -> NDArray[np.float64]:
    """Return a shelving filter as one second-order section, shape (1, 6)."""
    slope = 0.5
    amplitude = 10 ** (gain_db / 40)
    angle = 2 * np.pi * frequency / sample_rate
    cosine = np.cos(angle)
    alpha = np.sin(angle) / 2 * np.sqrt((amplitude + 1 / amplitude) * (1 / slope - 1) + 2)
    root = 2 * np.sqrt(amplitude) * alpha
    plus, minus = amplitude + 1, amplitude - 1
    numerator = amplitude * np.array(
        [plus + minus * cosine + root, -2 * (minus + plus * cosine), plus + minus * cosine - root]
    )
    denominator = np.array(
        [plus - minus * cosine + root, 2 * (minus - plus * cosine), plus - minus * cosine - root]
    )
    section: NDArray[np.float64] = np.concatenate([numerator, denominator])[None] / denominator[0]
    return section
