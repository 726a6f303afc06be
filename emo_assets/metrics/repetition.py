"""How much bars repeat the bars before them."""

from __future__ import annotations

import numpy as np

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong


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
