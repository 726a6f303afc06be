"""How regular the rhythm is, from bar to bar and against the grid."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.listening.song import Song
from emo_assets.listening.timing import share_on_grid

POSITIONS = 12
"""Positions a quarter note at which onsets are counted."""

DRUM_GRID = 0.5
"""Quarter notes: the eighth-note grid that danceable drums keep to."""

_SMOOTHING = np.array([1.0, 4.0, 1.0])


def groove_regularity(song: Song) -> float:
    """Return how much each bar's rhythm is like the next one's.

    The onsets of a bar, drums included, are counted at 12 positions a quarter note and smoothed by 1 4 1;
    regularity is the mean cosine similarity of neighbouring bars of equal length that both have notes.

    Returns:
        0 to 1; NaN where no two neighbouring bars can be compared.
    """
    lengths = np.diff(song.bar_edges)
    histograms = [_onset_histogram(song, bar) for bar in range(len(lengths))]
    similarities = [
        _cosine(one, other)
        for one, other in pairwise(histograms)
        if len(one) == len(other) and one.any() and other.any()
    ]
    return float(np.mean(similarities)) if similarities else float("nan")


def on_grid_drums(song: Song) -> float:
    """Return the share of drum hits that start on the eighth-note grid; NaN without drums."""
    return share_on_grid(song, song.notes.where(song.notes.is_drum), DRUM_GRID)


def _onset_histogram(song: Song, bar: int) -> NDArray[np.float64]:
    """Count a bar's onsets at its positions, smoothed, shape (positions in the bar,)."""
    begin, end = song.bar_edges[bar : bar + 2]
    size = max(round((end - begin) * POSITIONS), 1)
    onsets = song.notes.onset[song.bar_of == bar]
    positions = np.minimum(np.round((onsets - begin) * POSITIONS).astype(np.int64), size - 1)
    return np.convolve(np.bincount(positions, minlength=size), _SMOOTHING, mode="same")[:size]


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
