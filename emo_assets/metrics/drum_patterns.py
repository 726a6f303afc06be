"""Whether drums keep a pattern and a backbeat."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from emo_assets.metrics.articulation import mean_or_nan
from emo_assets.metrics.note_rates import SNARES
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.metrics.repetition import copied_bar_share
from emo_assets.metrics.similarity import bar_notes
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

BACKBEAT_POSITIONS = frozenset({POSITIONS_PER_QUARTER, 3 * POSITIONS_PER_QUARTER})
"""Beats 2 and 4 of a bar of four quarter notes."""


def copied_drum_bar_share(song: ParsedSong) -> float:
    """Return the share of bars with drums whose drums nearly copy those of an earlier bar, 0 to 1.

    As `copied_bar_share`, from one hit a bar. Real excerpts of 16 bars: 0.70. NaN without drums.
    """
    return copied_bar_share(song, song.drums, min_notes=1)


def distinct_drum_bar_share(song: ParsedSong) -> float:
    """Return the number of different drum bars / the number of bars with drums, above 0 to 1.

    Two bars differ if a (position, drum key) of one is absent from the other; velocities do not count. Real
    excerpts of 16 bars: 0.46. NaN without drums.
    """
    bars = [bar for bar in bar_notes(song, song.drums) if bar]
    return len(set(bars)) / len(bars) if bars else float("nan")


def backbeat_bar_share(song: ParsedSong) -> float:
    """Return the share of bars with drums whose snare, side stick or clap hits beats 2 and 4, 0 to 1.

    Hits count that round to the beat in twelfths of a quarter note. Bars of other lengths than four quarter
    notes are left out. Real excerpts of 16 bars: 0.61. NaN if no bar is left.
    """
    lengths = [end - start for start, end in pairwise(song.bar_edges.tolist())]
    backbeats = [
        {position for position, key, _ in bar if key in SNARES} >= BACKBEAT_POSITIONS
        for bar, length in zip(bar_notes(song, song.drums), lengths, strict=True)
        if bar and abs(length - 4) < 1e-6
    ]
    return mean_or_nan(np.array(backbeats))
