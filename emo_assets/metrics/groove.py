"""How regular the rhythm is, from bar to bar and against the grid."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.metrics.timing import share_on_grid

POSITIONS = 12
"""Positions a quarter note at which onsets are counted."""

BASS_PROGRAMS = range(32, 40)

DRUM_GRID = 0.5
"""Quarter notes: the eighth-note grid that danceable drums keep to."""

_SMOOTHING = np.array([1.0, 4.0, 1.0])


def groove_regularity(song: ParsedSong) -> float:
    """Return how much each bar's rhythm is like the next one's.

    The onsets of the rhythm section (drums and basses; all notes where there is neither) are counted at 12
    positions a quarter note and smoothed by 1 4 1; regularity is the mean cosine similarity of neighbouring
    bars of equal length that both have onsets. Rank correlation with danceability: 0.94 in 240 composed
    songs, 0.25 in 214 real ones.

    Returns:
        0 to 1; NaN where no two neighbouring bars can be compared.
    """
    rhythm = song.notes.is_drum | np.isin(song.notes.program, list(BASS_PROGRAMS))
    counted = rhythm if rhythm.any() else np.ones_like(rhythm)
    histograms = _onset_histograms(song, counted)
    similarities = [
        _cosine(one, other)
        for one, other in pairwise(histograms)
        if len(one) == len(other) and one.any() and other.any()
    ]
    return float(np.mean(similarities)) if similarities else float("nan")


def on_grid_drums(song: ParsedSong) -> float:
    """Return the share of drum hits that start on the eighth-note grid; NaN without drums.

    Rank correlation with danceability: 0.80 in 240 composed songs, 0.11 in 214 real ones.
    """
    return share_on_grid(song, song.notes.where(song.notes.is_drum), DRUM_GRID)


def _onset_histograms(song: ParsedSong, counted: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Count each bar's onsets at its positions, smoothed, one array of shape (positions,) a bar."""
    histograms = []
    for bar, (begin, end) in enumerate(pairwise(song.bar_edges)):
        size = max(round((end - begin) * POSITIONS), 1)
        onsets = song.notes.onset[counted & (song.bar_of == bar)]
        positions = np.minimum(np.round((onsets - begin) * POSITIONS).astype(np.int64), size - 1)
        counts = np.bincount(positions, minlength=size)
        histograms.append(np.convolve(counts, _SMOOTHING, mode="same")[:size])
    return histograms


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
