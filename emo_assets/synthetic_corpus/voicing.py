"""Chords to sounding pitches, each voicing as near as can be to the one before it."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from emo_assets.synthetic_corpus.harmony import Chord

LOWEST_CLOSE_PITCH = 50
"""Below it, notes less than a fourth apart sound muddy."""


@lru_cache(maxsize=65536)
def voice_chord(chord: Chord, previous: tuple[int, ...] | None, centre: int, voices: int) -> tuple[int, ...]:
    """Return the pitches that play `chord`, ascending.

    Args:
        chord: the chord.
        previous: the voicing before it, or none at the start.
        centre: the pitch that voicings stay around.
        voices: how many notes, 2 to 4. With two the bass is trusted with the root.

    Returns:
        `voices` pitches: of all inversions within an octave of the centre the one whose voices move least.
    """
    tones = _chosen_tones(chord, voices)
    best: tuple[float, tuple[int, ...]] | None = None
    for inversion in range(len(tones)):
        ordered = tones[inversion:] + tones[:inversion]
        for octave in (-12, 0):
            lowest = centre + octave + (ordered[0] - centre) % 12
            pitches = [lowest]
            for tone in ordered[1:]:
                pitches.append(pitches[-1] + ((tone - pitches[-1]) % 12 or 12))
            away = abs(sum(pitches) / len(pitches) - centre)
            moved = 0.0
            if previous is not None and len(previous) == len(pitches):
                moved = sum(abs(a - b) for a, b in zip(previous, pitches, strict=True))
            rubbing = sum(b - a == 1 for a, b in pairwise(pitches))
            muddy = sum(b - a < 5 for a, b in pairwise(pitches) if a < LOWEST_CLOSE_PITCH)
            cost = moved + away * 1.5 + 5 * rubbing + 2 * muddy
            if best is None or cost < best[0]:
                best = (cost, tuple(pitches))
    if best is None:
        raise ValueError(f"{chord.name} has no tones to voice")
    return best[1]


def _chosen_tones(chord: Chord, voices: int) -> tuple[int, ...]:
    """Return which pitch classes are played: the third and the seventh before fifth and root."""
    root, third, fifth, *seventh = chord.tones
    if voices >= 4:
        return (root, third, fifth, *(seventh or [root]))
    if voices == 3:
        return (root, third, *(seventh or [fifth]))
    return (third, *(seventh or [fifth]))


def nearest_pitch(pitch_class: int, pitch: int) -> int:
    """Return the pitch of `pitch_class` nearest to `pitch`; of two equally near ones the higher."""
    up = (pitch_class - pitch) % 12
    return pitch + up if up <= 6 else pitch + up - 12
