"""Chord detection from the chroma of beats.

Follows FIGARO's public code: each span of one to four beats gets its best chord, and the best sequence of
spans is found by dynamic programming.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from emo_assets.music_theory import CHORD_TONES
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, CHORDS

MAX_SPAN_BEATS = 4
"""Beats of the longest span."""

SOUNDING_THRESHOLD = 10.0
"""A pitch class sounds in a span when its loudness is above this."""

SILENCE = len(CHORDS) - 1
"""Index of `N:N`."""

_SILENCE_SCORE = 10
_NO_CHORD_SCORE = -100

_TONES = {quality: set(tones) - {7} for quality, tones in CHORD_TONES.items()}
"""Semitones above the root of each quality, without the perfect fifth."""

_FIFTH = {"maj": 7, "min": 7, "dim": 9, "dom7": 7, "maj7": 7, "min7": 7}
"""The tone that confirms a quality; for dim it is the diminished seventh, and aug has none."""

_MILD_NON_CHORD_TONE = {"min": 8, "min7": 8, "dim": 10}
"""The tone that, like 2 and 5, costs least in a quality; 9 in all others."""


def detect_chords(chroma: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Detect the chords of a song.

    Args:
        chroma: loudness of the pitch classes in each beat, shape (12, beats), at least one beat.

    Returns:
        (beat, index into `vocabulary.CHORDS`) of each change, the first at beat 0. A chord follows itself
        when its lowest tone changes.
    """
    spans = _spans(chroma)
    count = chroma.shape[1]
    best: list[float] = [0.0] + [-np.inf] * count
    came_from = [0] * (count + 1)
    for start in range(count):
        so_far = best[start]
        for length, span in enumerate(spans, 1):
            end = start + length
            if end > count:
                break
            score = so_far + _best_chord(span[start])[0]
            if score > best[end]:
                best[end] = score
                came_from[end] = start
    path = []
    end = count
    while end:
        start = came_from[end]
        path.append((start, _best_chord(spans[end - start - 1][start])[1:]))
        end = start
    changes = groupby(reversed(path), key=lambda step: step[1])
    return [(next(steps)[0], chord) for (chord, _), steps in changes]


def _spans(chroma: NDArray[np.float64]) -> list[list[int]]:
    """Return the pitch classes that sound in each span, as bits, by length and start."""
    weights = 1 << np.arange(12)
    spans = []
    total = chroma
    for length in range(1, min(MAX_SPAN_BEATS, chroma.shape[1]) + 1):
        if length > 1:
            total = total[:, :-1] + chroma[:, length - 1 :]
        spans.append((weights @ (total > SOUNDING_THRESHOLD)).tolist())
    return spans


@cache
def _best_chord(tones: int) -> tuple[int, int, int]:
    """Return the score, the chord and the lowest pitch class of a set of pitch classes.

    Args:
        tones: bit i is set when pitch class i sounds.
    """
    sounding = [tone for tone in range(12) if tones >> tone & 1]
    if not sounding:
        return _SILENCE_SCORE, SILENCE, 0
    candidates = [_score_root(root, {(tone - root) % 12 for tone in sounding}) for root in sounding]
    score, chord = max(candidates, key=lambda candidate: candidate[0])
    return score, chord, sounding[0]


def _score_root(root: int, tones: set[int]) -> tuple[int, int]:
    """Return the score and the chord on a root; `tones` are in semitones above it."""
    quality = _quality(tones)
    chord = root * len(CHORD_QUALITIES) + CHORD_QUALITIES.index(quality)
    if quality == "None":
        return _NO_CHORD_SCORE, chord
    score = 0
    for tone in tones - _TONES[quality]:
        if tone == _FIFTH.get(quality):
            score += 10
        elif tone in (2, 5, _MILD_NON_CHORD_TONE.get(quality, 9)):
            score -= 1
        elif (quality, tone) != ("aug", 11):  # FIGARO forgets this one
            score -= 2
    return score, chord


def _quality(tones: set[int]) -> str:
    if (3 in tones) == (4 in tones):
        return "None"
    if 3 in tones:
        if 6 in tones:
            return "dim"
        return "min7" if 10 in tones else "min"
    if 8 in tones:
        return "aug"
    if 10 in tones:
        return "dom7"
    return "maj7" if 11 in tones else "maj"
