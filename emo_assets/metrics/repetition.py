"""How much bars and phrases repeat those before them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from emo_assets.metrics.articulation import mean_or_nan
from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.metrics.similarity import MIN_NOTES, BarNotes, bar_notes, jaccard

NEAR_COPY = 0.8
"""Jaccard similarity from which a bar counts as a copy of another."""

PHRASE_BARS = 4
"""Bars of a phrase."""


def repetition(song: ParsedSong, notes: NoteArrays, bars_back: int) -> float:
    """Return how much a bar repeats the most similar of the bars before it, 0 to 1.

    The mean over bars of the largest Jaccard overlap of the (sixteenth in the bar, pitch) of its notes with
    those of one of the `bars_back` bars before. Bars without such notes count neither as bars nor as
    predecessors. NaN if no bar has a predecessor.

    Args:
        song: the song.
        notes: the notes of the song that count.
        bars_back: how many bars before, 1 or more.
    """
    bar_of = song.bar_of(notes)
    steps = np.round((notes.onset - song.bar_edges[bar_of]) * 4).astype(np.int64)
    contents: dict[int, set[tuple[int, int]]] = {}
    for bar, step, pitch in zip(bar_of.tolist(), steps.tolist(), notes.pitch.tolist(), strict=True):
        contents.setdefault(bar, set()).add((step, pitch))
    overlaps = []
    for bar, content in contents.items():
        before = [contents[other] for other in range(bar - bars_back, bar) if other in contents]
        if before:
            overlaps.append(max(len(content & other) / len(content | other) for other in before))
    return float(np.mean(overlaps)) if overlaps else float("nan")


def copied_bar_share(
    song: ParsedSong, notes: NoteArrays | None = None, *, min_notes: int = MIN_NOTES
) -> float:
    """Return the share of bars that nearly copy an earlier bar.

    A bar copies another if the Jaccard similarity of their notes (`bar_notes`) is at least `NEAR_COPY`. Real
    excerpts of 16 bars: 0.29.

    Args:
        song: the song.
        notes: the notes of the song that count, all by default.
        min_notes: bars with fewer notes are not counted; they can be copied, though.

    Returns:
        0 to 1; NaN if no bar has enough notes.
    """
    bars = bar_notes(song, notes)
    copies = [
        any(jaccard(bar, earlier) >= NEAR_COPY for earlier in bars[:number] if earlier)
        for number, bar in enumerate(bars)
        if len(bar) >= min_notes
    ]
    return mean_or_nan(np.array(copies))


def phrase_contrast(song: ParsedSong) -> float:
    """Return how differently the pairs of phrases resemble each other, 0 or more.

    The standard deviation, over all pairs of phrases of `PHRASE_BARS` bars, of their mean Jaccard similarity
    bar by bar, with n - 1 in the denominator. Of the pitched notes' (position, pitch). A song in which all
    phrases are the same, or all different, has 0; one in which some return and others contrast (A A B A) up
    to 0.5. Bars after the last whole phrase are left out. Real excerpts of 16 bars: 0.17.

    Returns:
        NaN with fewer than three phrases, or without pitched notes.
    """
    bars = bar_notes(song, song.pitched)
    phrases = [
        bars[first : first + PHRASE_BARS] for first in range(0, len(bars) - PHRASE_BARS + 1, PHRASE_BARS)
    ]
    if len(phrases) < 3 or not len(song.pitched):
        return float("nan")
    similarities = [_phrase_similarity(one, other) for one, other in combinations(phrases, 2)]
    return float(np.std(similarities, ddof=1))


def _phrase_similarity(one: Sequence[BarNotes], other: Sequence[BarNotes]) -> float:
    return float(np.mean([jaccard(bar, counterpart) for bar, counterpart in zip(one, other, strict=True)]))
