"""Which chord sounds from which beat on, guessed from the chroma of the beats.

Follows FIGARO's public code: every span of one to four beats is given its best chord, and the best sequence
of spans wins.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import CHORD_QUALITIES, CHORDS

MAX_SPAN_BEATS = 4
"""Beats that a single guess looks at."""

SOUNDING_THRESHOLD = 10.0
"""A pitch class whose loudness over a span is above this is on."""

SILENCE = len(CHORDS) - 1
"""Index of `N:N`."""

_SILENCE_SCORE = 10
_NO_CHORD_SCORE = -100

_TONES = {
    "maj": (0, 4),
    "min": (0, 3),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "dom7": (0, 4, 10),
    "maj7": (0, 4, 11),
    "min7": (0, 3, 10),
}
"""Tones of each quality, in semitones above the root, its fifth left out."""

_FIFTH = {"maj": 7, "min": 7, "dim": 9, "dom7": 7, "maj7": 7, "min7": 7}
"""The tone that speaks for a quality. For dim it is the diminished seventh; aug has none."""

_NEAR_OUTSIDERS = {
    "maj": (2, 5, 9),
    "min": (2, 5, 8),
    "dim": (2, 5, 10),
    "aug": (2, 5, 9),
    "dom7": (2, 5, 9),
    "maj7": (2, 5, 9),
    "min7": (2, 5, 8),
}
_FAR_OUTSIDERS = {
    "maj": (1, 3, 6, 8, 10, 11),
    "min": (1, 4, 6, 9, 11),
    "dim": (1, 4, 7, 8, 11),
    "aug": (1, 3, 6, 7, 10),
    "dom7": (1, 3, 6, 8, 11),
    "maj7": (1, 3, 6, 8, 10),
    "min7": (1, 4, 6, 9, 11),
}


def detect_chords(chroma: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Find the chords of a piece.

    Args:
        chroma: loudness of the pitch classes in each beat, shape (12, beats), at least one beat.

    Returns:
        (beat, index into `vocabulary.CHORDS`) of every change, the first at beat 0. A chord follows itself
        where only its lowest tone changes.
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
            score = so_far + _guess(span[start])[0]
            if score > best[end]:
                best[end] = score
                came_from[end] = start
    path = []
    end = count
    while end:
        start = came_from[end]
        path.append((start, _guess(spans[end - start - 1][start])[1:]))
        end = start
    changes = groupby(reversed(path), key=lambda step: step[1])
    return [(next(steps)[0], chord) for (chord, _), steps in changes]


def _spans(chroma: NDArray[np.float64]) -> list[list[int]]:
    """Return the sets of tones that are on in each span, as bits, by length and start."""
    weights = 1 << np.arange(12)
    spans = []
    total = chroma
    for length in range(1, min(MAX_SPAN_BEATS, chroma.shape[1]) + 1):
        if length > 1:
            total = total[:, :-1] + chroma[:, length - 1 :]
        spans.append((weights @ (total > SOUNDING_THRESHOLD)).tolist())
    return spans


@cache
def _guess(tones: int) -> tuple[int, int, int]:
    """Return the score, the chord and the lowest pitch class of a set of tones.

    Args:
        tones: bit i says whether pitch class i is on.
    """
    sounding = [tone for tone in range(12) if tones >> tone & 1]
    if not sounding:
        return _SILENCE_SCORE, SILENCE, 0
    guesses = [_guess_on_root(root, {(tone - root) % 12 for tone in sounding}) for root in sounding]
    score, chord = max(guesses, key=lambda guess: guess[0])
    return score, chord, sounding[0]


def _guess_on_root(root: int, tones: set[int]) -> tuple[int, int]:
    """Return score and chord when `root` is the root; `tones` are the semitones above it."""
    quality = _quality(tones)
    chord = root * len(CHORD_QUALITIES) + CHORD_QUALITIES.index(quality)
    if quality == "None":
        return _NO_CHORD_SCORE, chord
    score = 0
    for tone in tones.difference(_TONES[quality]):
        if tone in _NEAR_OUTSIDERS[quality]:
            score -= 1
        elif tone in _FAR_OUTSIDERS[quality]:
            score -= 2
        elif tone == _FIFTH.get(quality):
            score += 10
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
