"""Density, velocity, timbre and the lead line."""

from __future__ import annotations

import math

import numpy as np

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong

ACOUSTIC_PROGRAMS = frozenset(
    {0, 1, 3, 6, *range(8, 16), *range(19, 26), 32, *range(40, 50), 52, 53}
    | {*range(56, 62), *range(64, 80), *range(104, 118)}
)
"""General MIDI programs of instruments that sound without electricity, including voices."""

LOWEST_LEAD, HIGHEST_LEAD = 55, 96
"""Range of a lead line's mean pitch: from G3, below which basses and cellos play, to C7."""

MAX_OVERLAP = 0.2
MELODIC_STEP_SHARE = 0.4
MIN_STEP_SHARE = 0.05


def note_density(song: ParsedSong) -> float:
    """Return notes per quarter note, including drums, over all bars; 0 without notes.

    Rank correlation with energy: 0.95 in 240 composed songs, 0.21 in 214 real ones.
    """
    quarters = float(song.bar_edges[-1])
    return len(song.notes) / quarters if quarters else 0.0


def empty_beat_share(song: ParsedSong) -> float:
    """Return the share of beats in which no note sounds, including drums, 0 to 1; NaN without bars.

    Beats are quarter notes from the song's beginning; the last may be cut off by the last bar line.
    """
    beats = math.ceil(float(song.bar_edges[-1]) - 1e-6)
    sounding = np.zeros(beats, dtype=bool)
    first = np.floor(song.notes.onset + 1e-6).astype(np.int64)
    last = np.ceil(song.notes.release - 1e-6).astype(np.int64)
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        sounding[begin : max(end, begin + 1)] = True
    return 1 - float(sounding.mean()) if beats else float("nan")


def mean_velocity(song: ParsedSong) -> float:
    """Return the mean velocity of all notes, including drums, 1 to 127; NaN without notes.

    Rank correlation with loudness: 0.96 in 240 composed songs, 0 in 214 real ones, whose loudness comes from
    mastering.
    """
    return float(song.notes.velocity.mean()) if len(song.notes) else float("nan")


def acoustic_share(song: ParsedSong) -> float:
    """Return the share of acoustic programs among all pairs of a bar and a program that starts a note in it.

    Drums do not count: General MIDI's standard kit represents drum machines, too. Rank correlation with
    acousticness: 0.95 in 240 composed songs, 0.41 in 214 real ones.

    Returns:
        0 to 1; NaN if no pitched note sounds.
    """
    notes = song.pitched
    if not len(notes):
        return float("nan")
    playing = np.unique(np.stack([song.bar_of(notes), notes.program]), axis=1)
    return float(np.isin(playing[1], list(ACOUSTIC_PROGRAMS)).mean())


def lead_share(song: ParsedSong) -> float:
    """Return the share of bars with pitched notes in which some part plays a lead line.

    A part can lead if it moves as melodies do and broken chords do not: `MELODIC_STEP_SHARE` of its intervals
    are steps (one or two semitones), or `MIN_STEP_SHARE` of them are and its mean velocity is at least the
    song's. It leads in a bar if it starts a note there, its notes overlap for at most `MAX_OVERLAP` of their
    sounding time, and their mean pitch is between `LOWEST_LEAD` and `HIGHEST_LEAD`.

    Rank correlation with instrumentalness: -0.86 in 240 composed songs, -0.98 in 150 with evenly distributed
    instrumentalness, -0.17 in 214 real ones.

    Returns:
        0 to 1; NaN if no pitched note sounds.
    """
    notes = song.pitched
    if not len(notes):
        return float("nan")
    mean_velocity = notes.velocity.mean()
    leading: set[int] = set()
    for part in np.unique(notes.part):
        own = notes.where(notes.part == part)
        needed = MIN_STEP_SHARE if own.velocity.mean() >= mean_velocity else MELODIC_STEP_SHARE
        if _step_share(own) >= needed:
            leading.update(_single_line_bars(song, own))
    return len(leading) / len(np.unique(song.bar_of(notes)))


def _single_line_bars(song: ParsedSong, part: NoteArrays) -> list[int]:
    """Return the bars in which one part plays a single line in a lead's register."""
    bar_of = song.bar_of(part)
    found = []
    for bar in np.unique(bar_of):
        notes = part.where(bar_of == bar)
        sounding = (notes.release - notes.onset).sum()
        overlap = np.maximum(notes.release[:-1] - notes.onset[1:], 0).sum()
        if overlap <= MAX_OVERLAP * sounding and LOWEST_LEAD <= notes.pitch.mean() <= HIGHEST_LEAD:
            found.append(int(bar))
    return found


def _step_share(part: NoteArrays) -> float:
    """Return the share of one or two semitones among the intervals between successive notes, 0 for none."""
    intervals = np.abs(np.diff(part.pitch))
    moving = intervals[intervals > 0]
    return float((moving <= 2).mean()) if len(moving) else 0.0
