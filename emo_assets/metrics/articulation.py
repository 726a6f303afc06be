"""How notes are played: lengths, overlap, velocities, registers and intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

SHORT_SECONDS, LONG_SECONDS = 0.2, 1.0

MIN_LINE_ONSETS = 4
"""Onsets below which a part is too short to have an articulation or a melody."""

MAX_PHRASE_QUARTERS = 4
"""Quarter notes. Longer intervals between onsets are rests."""

MAX_LINE_VOICES, LOWEST_LINE = 1.15, 52
"""A part is a melodic line with fewer notes per onset than this and a mean pitch above E3."""

MIN_BASS_NOTES = 5

_PART_ONSETS_PER_QUARTER = 24


def mean_or_nan(values: NDArray[np.bool_] | NDArray[np.int64] | NDArray[np.float64]) -> float:
    """Return the mean, NaN of an empty array."""
    return float(np.mean(values)) if len(values) else float("nan")


def spread_or_nan(values: NDArray[np.int64]) -> float:
    """Return the standard deviation, 0 or more, in the values' unit; NaN of an empty array."""
    return float(np.std(values)) if len(values) else float("nan")


def velocity_spread_in_bars(song: ParsedSong) -> float:
    """Return the spread of velocities around their bar's level, 0 to 63; NaN without notes.

    The square root of the variance of all velocities less the variance of the bars' mean velocities, at
    least 0.
    """
    notes = song.notes
    if not len(notes):
        return float("nan")
    bar_of = song.bar_of(notes)
    counts = np.bincount(bar_of)
    levels = np.bincount(bar_of, notes.velocity)[counts > 0] / counts[counts > 0]
    return math.sqrt(max(float(np.var(notes.velocity) - np.var(levels)), 0.0))


def restarted_note_share(song: ParsedSong) -> float:
    """Return the share of notes that start while their pitch sounds in the same part, 0 to 1.

    Of drums, too. Two notes that start together count as one restart. Synthesizers end both notes at the
    first note-off. NaN without notes.
    """
    notes = song.notes
    order = np.lexsort((notes.onset, notes.pitch, notes.part))
    part, pitch, onset, release = (
        values[order] for values in (notes.part, notes.pitch, notes.onset, notes.release)
    )
    again = (part[1:] == part[:-1]) & (pitch[1:] == pitch[:-1]) & (onset[1:] < release[:-1] - 1e-6)
    return float(again.sum() / len(notes)) if len(notes) else float("nan")


def low_pitch(song: ParsedSong) -> float:
    """Return the 10th percentile of the pitched notes, as a MIDI pitch 0 to 127; NaN without them."""
    return float(np.percentile(song.pitched.pitch, 10)) if len(song.pitched) else float("nan")


def mean_pitch_above_bass(song: ParsedSong) -> float:
    """Return the mean MIDI pitch of pitched notes other than basses, 0 to 127; NaN for none."""
    basses = np.isin(song.pitched.program, np.unique(song.basses.program))
    return mean_or_nan(song.pitched.pitch[~basses])


def log_note_seconds(song: ParsedSong) -> float:
    """Return log(0.01 + mean length of the pitched notes in seconds), -4.6 or more; NaN without them."""
    return float(np.log(mean_or_nan(_seconds(song)) + 0.01))


def short_note_share(song: ParsedSong) -> float:
    """Return the share of pitched notes shorter than `SHORT_SECONDS`, 0 to 1; NaN without them."""
    return mean_or_nan(_seconds(song) < SHORT_SECONDS)


def long_note_share(song: ParsedSong) -> float:
    """Return the share of pitched notes longer than `LONG_SECONDS`, 0 to 1; NaN without them."""
    return mean_or_nan(_seconds(song) > LONG_SECONDS)


def legato(song: ParsedSong) -> float:
    """Return how much of the time to a part's next onset its notes fill, 0 (staccato) to 1.5 (overlapping).

    The mean of length / interval, at most 1.5, over the onsets of a part (twenty-fourths of a quarter note),
    averaged over parts by their number of onsets. Intervals above `MAX_PHRASE_QUARTERS` are left out; a part
    without others counts as 1. NaN if no part has `MIN_LINE_ONSETS` onsets.
    """
    ratios, onsets = [], []
    for part in song.pitched_parts:
        positions, first = _part_onsets(part)
        if len(positions) < MIN_LINE_ONSETS:
            continue
        intervals = np.diff(positions) / _PART_ONSETS_PER_QUARTER
        lengths = (part.release - part.onset)[first][:-1]
        filled = np.clip(lengths / intervals, 0.0, 1.5)[intervals <= MAX_PHRASE_QUARTERS]
        ratios.append(float(filled.mean()) if len(filled) else 1.0)
        onsets.append(len(positions))
    return weighted_mean(ratios, onsets)


def melodic_step_share(song: ParsedSong) -> float:
    """Return the share of one or two semitones among the intervals of melodic lines, 0 to 1.

    Lines are parts with `MIN_LINE_ONSETS` onsets or more, fewer than `MAX_LINE_VOICES` notes per onset and a
    mean pitch above `LOWEST_LINE`. Repeated notes count as intervals. NaN without such a part.
    """
    intervals = []
    for part in song.pitched_parts:
        positions, first = _part_onsets(part)
        single = len(part) < MAX_LINE_VOICES * len(positions) and part.pitch.mean() > LOWEST_LINE
        if len(positions) >= MIN_LINE_ONSETS and single:
            intervals.append(np.abs(np.diff(part.pitch[first])))
    if not intervals:
        return float("nan")
    return mean_or_nan(np.isin(np.concatenate(intervals), (1, 2)))


def sounding_notes(song: ParsedSong) -> float:
    """Return how many pitched notes sound at a time on average, 0 or more; 0 without pitched notes.

    The sum of their seconds / `playing_seconds`.
    """
    return float(_seconds(song).sum()) / song.playing_seconds


def notes_per_onset(song: ParsedSong) -> float:
    """Return pitched notes / distinct onsets in twelfths of a quarter note, 1 or more; 0 without them."""
    onsets = np.unique(np.round(song.pitched.onset * POSITIONS_PER_QUARTER))
    return len(song.pitched) / max(len(onsets), 1)


def bass_repeated_pitch_share(song: ParsedSong) -> float:
    """Return the share of bass notes that repeat the pitch before, 0 to 1.

    NaN below `MIN_BASS_NOTES` notes.
    """
    return mean_or_nan(_bass_intervals(song) == 0)


def bass_interval(song: ParsedSong) -> float:
    """Return the mean interval between successive bass notes, semitones, 0 to 127.

    NaN below `MIN_BASS_NOTES` notes.
    """
    return mean_or_nan(_bass_intervals(song))


def weighted_mean(values: Sequence[float], weights: Sequence[int]) -> float:
    """Return the weighted mean, NaN of no values."""
    return float(np.average(values, weights=weights)) if values else float("nan")


def _seconds(song: ParsedSong) -> NDArray[np.float64]:
    """Return the length of every pitched note."""
    return song.pitched.end - song.pitched.start


def _part_onsets(part: NoteArrays) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return a part's distinct onsets in 24ths of a quarter note and the index of the first note of each."""
    positions, first = np.unique(np.round(part.onset * _PART_ONSETS_PER_QUARTER), return_index=True)
    return positions, first


def _bass_intervals(song: ParsedSong) -> NDArray[np.int64]:
    """Return the absolute intervals between successive bass notes in semitones, none for a few notes."""
    pitch = song.basses.pitch
    return np.abs(np.diff(pitch if len(pitch) >= MIN_BASS_NOTES else pitch[:0]))
