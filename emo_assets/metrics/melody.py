"""The melody of a song: which part plays it, how it moves, and whether its motifs return."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.articulation import mean_or_nan
from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.metrics.texture import HIGHEST_LEAD, LOWEST_LEAD, MAX_OVERLAP
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MIN_MELODY_NOTES = 8
MAX_COUNTED_NOTES = 40
"""Notes from which a part gains nothing by more notes when the melody is chosen."""

MAX_REST = 2.0
"""Quarter notes. A longer rest ends a line."""

MOTIF_NOTES = 3
LARGEST_STEP, LARGEST_SKIP = 2, 7
"""Semitones: a whole tone, beyond which an interval is a skip, and a fifth, beyond which it is a leap."""


@lru_cache(maxsize=4)
def melody(song: ParsedSong) -> NoteArrays:
    """Return the notes of the part that is most like a melody; no notes if there is none.

    Only the highest note of each onset counts (twelfths of a quarter note). A part can be the melody if it
    has `MIN_MELODY_NOTES` of them, their mean pitch is between `LOWEST_LEAD` and `HIGHEST_LEAD`, and they
    overlap for at most `MAX_OVERLAP` of their sounding time. Of several it is the one with the largest
    product of the share of steps and the number of notes, at most `MAX_COUNTED_NOTES`.
    """
    best, found = -1.0, song.pitched.where(np.zeros(len(song.pitched), dtype=bool))
    for part in song.pitched_parts:
        line = _top_line(part)
        if len(line) < MIN_MELODY_NOTES or not LOWEST_LEAD <= line.pitch.mean() <= HIGHEST_LEAD:
            continue
        overlap = np.maximum(line.release[:-1] - line.onset[1:], 0).sum()
        if overlap > MAX_OVERLAP * (line.release - line.onset).sum():
            continue
        intervals = np.abs(np.diff(line.pitch))
        score = float(((intervals > 0) & (intervals <= LARGEST_STEP)).mean()) * min(
            len(line), MAX_COUNTED_NOTES
        )
        if score > best:
            best, found = score, line
    return found


def step_share(song: ParsedSong) -> float:
    """Return the share of steps among the melody's intervals other than repeated pitches, 0 to 1.

    Steps are one or two semitones. Intervals across a rest of `MAX_REST` are left out. Real excerpts of 16
    bars: 0.63. NaN without a melody that moves.
    """
    return mean_or_nan(_moves(song) <= LARGEST_STEP)


def leap_share(song: ParsedSong) -> float:
    """Return the share of intervals above a fifth among those that `step_share` counts, 0 to 1.

    Real excerpts of 16 bars: 0.06. NaN without a melody that moves.
    """
    return mean_or_nan(_moves(song) > LARGEST_SKIP)


def melodic_range(song: ParsedSong) -> float:
    """Return the semitones from the melody's lowest to its highest note, 0 to 127; NaN without a melody.

    Real excerpts of 16 bars: 13.
    """
    line = melody(song)
    return float(np.ptp(line.pitch)) if len(line) else float("nan")


def returning_motif_share(song: ParsedSong) -> float:
    """Return the share of the melody's motifs that occurred before, 0 to 1.

    A motif is each `MOTIF_NOTES` successive notes without a rest of `MAX_REST`: the twelfths of a quarter
    note between their onsets, and their intervals in semitones, so that it returns at another pitch, too.
    Repetitions of one pitch are no motifs. Real excerpts of 16 bars: 0.36. NaN without motifs.
    """
    line = melody(song)
    steps = np.round(np.diff(line.onset) * POSITIONS_PER_QUARTER).astype(np.int64).tolist()
    moves = list(zip(steps, np.diff(line.pitch).tolist(), _joined(line).tolist(), strict=True))
    seen: set[tuple[tuple[int, int, bool], ...]] = set()
    returns = []
    for first in range(len(moves) - MOTIF_NOTES + 2):
        motif = tuple(moves[first : first + MOTIF_NOTES - 1])
        if all(joined for _, _, joined in motif) and any(interval for _, interval, _ in motif):
            returns.append(motif in seen)
            seen.add(motif)
    return mean_or_nan(np.array(returns))


def _moves(song: ParsedSong) -> NDArray[np.int64]:
    """Return the absolute intervals of the melody in semitones, without repeated pitches and rests."""
    line = melody(song)
    intervals = np.abs(np.diff(line.pitch))
    return intervals[(intervals > 0) & _joined(line)]


def _joined(line: NoteArrays) -> NDArray[np.bool_]:
    """Return whether each note but the first follows the one before without a rest of `MAX_REST`."""
    return np.asarray(line.onset[1:] - line.release[:-1] < MAX_REST)


def _top_line(part: NoteArrays) -> NoteArrays:
    """Return the highest note of every onset, in twelfths of a quarter note."""
    onset = np.round(part.onset * POSITIONS_PER_QUARTER)
    order = np.lexsort((-part.pitch, onset))
    first = np.unique(onset[order], return_index=True)[1]
    mask = np.zeros(len(part), dtype=bool)
    mask[order[first]] = True
    return part.where(mask)
