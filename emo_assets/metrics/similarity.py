"""How similar songs are to one another, and how much of them is copied."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MIN_NOTES = 4
"""Bars with fewer notes resemble many others by chance and never count as copied."""

BarNotes = frozenset[tuple[int, int, bool]]
"""A bar's notes as (position, pitch, whether it is a drum): without what may differ between copies."""


def bar_notes(song: ParsedSong, notes: NoteArrays | None = None) -> list[BarNotes]:
    """Return the notes of each bar, regardless of instrument and velocity.

    A note shortly before a bar line belongs to the bar after it (`ParsedSong.nearest_bar_of`).

    Args:
        song: the song.
        notes: the notes of the song that count, all by default.
    """
    notes = song.notes if notes is None else notes
    bar_of = song.nearest_bar_of(notes)
    offsets = np.round((notes.onset - song.bar_edges[bar_of]) * POSITIONS_PER_QUARTER).astype(np.int64)
    positions = np.maximum(offsets, 0)
    bars: list[set[tuple[int, int, bool]]] = [set() for _ in range(len(song.bar_edges) - 1)]
    rows = zip(bar_of.tolist(), positions.tolist(), notes.pitch.tolist(), notes.is_drum.tolist(), strict=True)
    for bar, position, pitch, is_drum in rows:
        bars[bar].add((position, pitch, is_drum))
    return [frozenset(bar) for bar in bars]


def jaccard(one: BarNotes, other: BarNotes) -> float:
    """Return the share of common notes among the notes of two bars, 0 to 1; 1 if both are empty."""
    return len(one & other) / len(one | other) if one or other else 1.0


def distance(one: ParsedSong, other: ParsedSong) -> float:
    """Return the mean Jaccard distance between the notes of corresponding bars.

    Only bars that both songs have count, except those that are empty in both.

    Returns:
        0 (the same notes) to 1 (none in common); NaN if no bar can be compared.
    """
    shares = [
        jaccard(ours, theirs)
        for ours, theirs in zip(bar_notes(one), bar_notes(other), strict=False)
        if ours or theirs
    ]
    return 1 - float(np.mean(shares)) if shares else float("nan")


def copied_share(song: ParsedSong, known: Collection[BarNotes]) -> float:
    """Return the share of bars that are in `known`, among bars with at least `MIN_NOTES` notes.

    Args:
        song: the song.
        known: bars of other songs from `bar_notes`; a set, for fast lookup.

    Returns:
        0 to 1; NaN if no bar has enough notes.
    """
    bars = [bar for bar in bar_notes(song) if len(bar) >= MIN_NOTES]
    return sum(bar in known for bar in bars) / len(bars) if bars else float("nan")
