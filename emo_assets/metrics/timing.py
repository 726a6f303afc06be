"""Tempo, meter and the beat: what a song's clock says, and how its notes keep to it."""

from __future__ import annotations

import numpy as np

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong, bar_quarters, bars_of

GRID_TOLERANCE = 1 / 24
"""Quarter notes. What starts no farther from a grid line than that (21 ms at 120) is on it: half a step of
FIGARO's grid of 12 a quarter note."""


def tempo(song: ParsedSong) -> float:
    """Return the tempo that rules for the most seconds, in quarter notes a minute.

    Tempos that differ by less than 0.5 count as one, named after the first. Without notes: the first tempo.
    """
    ends = [time for time, _ in song.tempos[1:]] + [max(song.seconds, song.tempos[-1][0])]
    seconds: dict[int, float] = {}
    names: dict[int, float] = {}
    for (begin, beats_a_minute), end in zip(song.tempos, ends, strict=True):
        name = round(2 * beats_a_minute)
        names.setdefault(name, beats_a_minute)
        seconds[name] = seconds.get(name, 0.0) + max(min(end, song.seconds) - begin, 0.0)
    return names[max(seconds, key=seconds.__getitem__)]


def time_signature(song: ParsedSong) -> tuple[int, int]:
    """Return the numerator and denominator that rule over the most quarter notes; the first one of equals.

    Without notes: the first time signature of the file, 4/4 where it has none.
    """
    end = float(song.bar_edges[-1])
    followings = [begin for begin, _, _ in song.meters[1:]] + [np.inf]
    lengths: dict[tuple[int, int], float] = {}
    for (begin, numerator, denominator), following in zip(song.meters, followings, strict=True):
        meter = (numerator, denominator)
        lengths[meter] = lengths.get(meter, 0.0) + max(min(following, end) - begin, 0.0)
    return max(lengths, key=lengths.__getitem__)


def beats_in_bar(song: ParsedSong) -> float:
    """Return the length of the ruling meter's bar in quarter notes: 4 for 4/4, 3 for 3/4 and 6/8."""
    return bar_quarters(*time_signature(song))


def bars(song: ParsedSong) -> int:
    """Return how many bars there are, from the file's first to the one in which the last note starts."""
    return len(song.bar_edges) - 1


def on_beat_share(song: ParsedSong) -> float:
    """Return the share of notes, drums included, that start on a quarter-note beat of their bar.

    NaN without notes.
    """
    return share_on_grid(song, song.notes, 1.0)


def share_on_grid(song: ParsedSong, notes: NoteArrays, step: float) -> float:
    """Return the share of `notes` that start within `GRID_TOLERANCE` of a multiple of `step` in their bar.

    Args:
        song: where the bars are.
        notes: the notes that count.
        step: distance of the grid lines in quarter notes.

    Returns:
        0 to 1, NaN without notes.
    """
    if not len(notes):
        return float("nan")
    in_bar = notes.onset - song.bar_edges[bars_of(notes.onset, song.bar_edges)]
    distance = np.abs(in_bar - step * np.round(in_bar / step))
    return float((distance <= GRID_TOLERANCE + 1e-9).mean())
