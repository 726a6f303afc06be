"""How much plays, how loud, how high, on what: density, velocity, register, timbre and the lead line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong, bars_of

ACOUSTIC_PROGRAMS = frozenset(
    {0, 1, 3, 6, *range(8, 16), *range(19, 26), 32, *range(40, 50), 52, 53}
    | {*range(56, 62), *range(64, 80), *range(104, 118)}
)
"""General MIDI programs of instruments that sound without electricity, voices among them."""

LOWEST_LEAD, HIGHEST_LEAD = 55, 96
"""Mean pitches between which a line may lead: from G3, below which basses and cellos play, up to C7."""

MAX_OVERLAP = 0.2
MELODIC_STEP_SHARE = 0.4
MIN_STEP_SHARE = 0.05


def note_density(song: ParsedSong) -> float:
    """Return notes a quarter note, drums included, over all bars; 0 without notes.

    Rank correlation with energy: 0.95 in 240 composed songs, 0.21 in 214 real ones.
    """
    quarters = float(song.bar_edges[-1])
    return len(song.notes) / quarters if quarters else 0.0


def notes_a_second(song: ParsedSong) -> float:
    """Return notes a second, drums included, from the beginning to the last note's end; 0 without notes.

    Rank correlation with energy: 0.83 in 240 composed songs, 0.38 in 214 real ones.
    """
    return len(song.notes) / song.seconds if song.seconds else 0.0


def mean_velocity(song: ParsedSong) -> float:
    """Return the mean velocity of all notes, drums included, 1 to 127; NaN without notes.

    Rank correlation with loudness: 0.96 in 240 composed songs, none in 214 real ones, whose loudness is made
    by the mastering.
    """
    return float(song.notes.velocity.mean()) if len(song.notes) else float("nan")


def mean_pitch(song: ParsedSong) -> float:
    """Return the mean pitch, each note weighted by its seconds; NaN where no pitched note sounds."""
    notes = song.pitched
    seconds = notes.end - notes.start
    return float(notes.pitch @ seconds / seconds.sum()) if seconds.sum() else float("nan")


def acoustic_share(song: ParsedSong) -> float:
    """Return the share of acoustic ones among the instruments that play, counted anew in each bar.

    Of all pairs of a bar and a program that starts a note in it, the share whose program is acoustic. Drums
    are left out: General MIDI's standard kit stands for machines, too. Rank correlation with acousticness:
    0.95 in 240 composed songs, 0.41 in 214 real ones.

    Returns:
        0 to 1; NaN where no pitched note sounds.
    """
    notes = song.pitched
    if not len(notes):
        return float("nan")
    playing = np.unique(np.stack([bars_of(notes.onset, song.bar_edges), notes.program]), axis=1)
    return float(np.isin(playing[1], list(ACOUSTIC_PROGRAMS)).mean())


def drums_share(song: ParsedSong) -> float:
    """Return the share of bars in which a drum is hit; NaN without notes.

    Rank correlation with valence: 0.46 in 214 real songs.
    """
    bars = len(song.bar_edges) - 1
    return len(np.unique(song.bar_of[song.notes.is_drum])) / bars if bars else float("nan")


def lead_share(song: ParsedSong) -> float:
    """Return the share of bars with pitched notes in which some part plays a lead line.

    A part can lead when it moves as melodies do and broken chords do not: `MELODIC_STEP_SHARE` of its
    intervals
    are steps (one or two semitones), or `MIN_STEP_SHARE` of them are and it is played at least as loud as the
    average note. It leads in a bar when it starts a note there, hardly ever sounds two at once (overlap at
    most `MAX_OVERLAP` of its sounding time), and lies between `LOWEST_LEAD` and `HIGHEST_LEAD` on average.

    Rank correlation with instrumentalness: -0.86 in 240 composed songs, -0.98 in 150 in which it is spread
    evenly, -0.17 in 214 real ones.

    Returns:
        0 to 1; NaN where no pitched note sounds.
    """
    notes = song.pitched
    if not len(notes):
        return float("nan")
    average_velocity = notes.velocity.mean()
    leading: set[int] = set()
    for part in np.unique(notes.part):
        own = notes.where(notes.part == part)
        needed = MIN_STEP_SHARE if own.velocity.mean() >= average_velocity else MELODIC_STEP_SHARE
        if _step_share(own) >= needed:
            leading.update(_single_line_bars(own, song.bar_edges))
    return len(leading) / len(np.unique(bars_of(notes.onset, song.bar_edges)))


def _single_line_bars(part: NoteArrays, bar_edges: NDArray[np.float64]) -> list[int]:
    """Return the bars in which one part plays a single line in a lead's register."""
    in_bar = bars_of(part.onset, bar_edges)
    found = []
    for bar in np.unique(in_bar):
        notes = part.where(in_bar == bar)
        sounding = (notes.release - notes.onset).sum()
        overlap = np.maximum(notes.release[:-1] - notes.onset[1:], 0).sum()
        if overlap <= MAX_OVERLAP * sounding and LOWEST_LEAD <= notes.pitch.mean() <= HIGHEST_LEAD:
            found.append(int(bar))
    return found


def _step_share(part: NoteArrays) -> float:
    """Return the share of one or two semitones among the moves between successive notes, 0 for none."""
    intervals = np.abs(np.diff(part.pitch))
    moving = intervals[intervals > 0]
    return float((moving <= 2).mean()) if len(moving) else 0.0
