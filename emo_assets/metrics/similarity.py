"""How alike songs are: to one another, and to songs that somebody has heard before."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from emo_assets.metrics.parsed_song import ParsedSong

POSITIONS = 12
"""Positions a quarter note to which onsets are rounded before bars are compared."""

MIN_NOTES = 4
"""Bars with fewer notes are like many others by chance and never count as copied."""

BarNotes = frozenset[tuple[int, int, bool]]
"""A bar's notes without what may differ between copies: (position, pitch, whether it is a drum)."""


def bar_notes(song: ParsedSong) -> list[BarNotes]:
    """Return what each bar plays, whoever plays it and however loud."""
    notes = song.notes
    positions = np.round((notes.onset - song.bar_edges[song.bar_of]) * POSITIONS).astype(np.int64)
    bars: list[set[tuple[int, int, bool]]] = [set() for _ in range(len(song.bar_edges) - 1)]
    rows = zip(
        song.bar_of.tolist(), positions.tolist(), notes.pitch.tolist(), notes.is_drum.tolist(), strict=True
    )
    for bar, position, pitch, is_drum in rows:
        bars[bar].add((position, pitch, is_drum))
    return [frozenset(bar) for bar in bars]


def distance(one: ParsedSong, other: ParsedSong) -> float:
    """Return how different two songs are, bar against bar.

    One minus the mean, over the bars that both have, of the share of notes that the two bars have in common
    among all notes of either (Jaccard); bars that are empty in both are left out.

    Returns:
        0 (the same notes) to 1 (none in common); NaN where no bar can be compared.
    """
    shares = [
        len(ours & theirs) / len(ours | theirs)
        for ours, theirs in zip(bar_notes(one), bar_notes(other), strict=False)
        if ours or theirs
    ]
    return 1 - float(np.mean(shares)) if shares else float("nan")


def copied_share(song: ParsedSong, known: Collection[BarNotes]) -> float:
    """Return the share of bars, among those with at least `MIN_NOTES` notes, that stand in `known`.

    Args:
        song: the song.
        known: bars of other songs, as `bar_notes` returns them; a set, so that looking up is quick.

    Returns:
        0 to 1; NaN where no bar has enough notes.
    """
    bars = [bar for bar in bar_notes(song) if len(bar) >= MIN_NOTES]
    return sum(bar in known for bar in bars) / len(bars) if bars else float("nan")
