"""How much plays, how loud, how high, on what: density, velocity, register, timbre and the lead line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.listening.song import HeardNotes, Song, bars_of

ACOUSTIC_PROGRAMS = frozenset(
    {0, 1, 3, 6, *range(8, 16), *range(19, 26), 32, *range(40, 50), 52, 53}
    | {*range(56, 62), *range(64, 80), *range(104, 118)}
)
"""General MIDI programs of instruments that sound without electricity, voices among them."""

LOWEST_LEAD, HIGHEST_LEAD = 55, 96
"""Mean pitches between which a line may lead: from G3, below which basses and cellos play, up to C7."""

MOST_OVERLAP = 0.2
LEAST_ONSETS = 2
LEAST_STEPS = 0.25


def note_density(song: Song) -> float:
    """Return notes a quarter note, drums included, over all bars; 0 without notes."""
    quarters = float(song.bar_edges[-1])
    return len(song.notes) / quarters if quarters else 0.0


def notes_a_second(song: Song) -> float:
    """Return notes a second, drums included, from the beginning to the last note's end; 0 without notes."""
    return len(song.notes) / song.seconds if song.seconds else 0.0


def mean_velocity(song: Song) -> float:
    """Return the mean velocity of all notes, drums included, 1 to 127; NaN without notes."""
    return float(song.notes.velocity.mean()) if len(song.notes) else float("nan")


def mean_pitch(song: Song) -> float:
    """Return the mean pitch, each note weighted by its seconds; NaN where no pitched note sounds."""
    notes = song.pitched
    seconds = notes.end - notes.start
    return float(notes.pitch @ seconds / seconds.sum()) if seconds.sum() else float("nan")


def acoustic_share(song: Song) -> float:
    """Return the share of sounding time that acoustic programs play; NaN where no pitched note sounds.

    Drums are left out: General MIDI's standard kit stands for machines, too.
    """
    notes = song.pitched
    seconds = notes.end - notes.start
    acoustic = np.isin(notes.program, list(ACOUSTIC_PROGRAMS))
    return float(seconds[acoustic].sum() / seconds.sum()) if seconds.sum() else float("nan")


def lead_share(song: Song) -> float:
    """Return the share of bars with pitched notes in which some part plays a lead line.

    A part leads in a bar when it plays at least two notes there, hardly ever two at once (overlap below a
    fifth of its sounding time), between `LOWEST_LEAD` and `HIGHEST_LEAD` on average, and when over the whole
    song at least a quarter of its intervals are steps (one or two semitones), as in melodies and unlike in
    broken chords.

    Returns:
        0 to 1; NaN where no pitched note sounds.
    """
    notes = song.pitched
    if not len(notes):
        return float("nan")
    leading: set[int] = set()
    for part in np.unique(notes.part):
        own = notes.where(notes.part == part)
        if _step_share(own) >= LEAST_STEPS:
            leading.update(_leading_bars(own, song.bar_edges))
    return len(leading) / len(np.unique(bars_of(notes.onset, song.bar_edges)))


def _leading_bars(part: HeardNotes, bar_edges: NDArray[np.float64]) -> list[int]:
    """Return the bars in which the notes of one part could be a lead line."""
    in_bar = bars_of(part.onset, bar_edges)
    found = []
    for bar in np.unique(in_bar):
        notes = part.where(in_bar == bar)
        sounding = (notes.release - notes.onset).sum()
        overlap = np.maximum(notes.release[:-1] - notes.onset[1:], 0).sum()
        if (
            len(notes) >= LEAST_ONSETS
            and overlap <= MOST_OVERLAP * sounding
            and LOWEST_LEAD <= notes.pitch.mean() <= HIGHEST_LEAD
        ):
            found.append(int(bar))
    return found


def _step_share(part: HeardNotes) -> float:
    """Return the share of one or two semitones among the intervals between successive notes, 0 for none."""
    intervals = np.abs(np.diff(part.pitch))
    moving = intervals[intervals > 0]
    return float((moving <= 2).mean()) if len(moving) else 0.0
