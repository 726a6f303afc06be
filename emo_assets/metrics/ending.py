"""How a song ends: its last bar, and whether harmony and bass come home to the tonic."""

from __future__ import annotations

import numpy as np

from emo_assets.metrics.harmony import key
from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.midi.general_midi import BASS_PROGRAMS
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MIN_TRIAD_SHARE = 0.75
"""Share of the last bar's sounding time in the tonic triad from which the song ends on the tonic chord; a
seventh or a sixth may be added to it."""

_TAIL = 1 / POSITIONS_PER_QUARTER
"""Quarter notes by which a note may last beyond a bar line without sounding in the bar."""

_THIRDS = (3, 4)
"""Semitones from the tonic to the third in minor and major."""


def final_bar_density(song: ParsedSong) -> float:
    """Return the notes that start in the last bar / the mean of all bars, above 0; NaN without notes.

    Real songs: 0.49.
    """
    if not len(song.notes):
        return float("nan")
    counts = np.bincount(song.nearest_bar_of(song.notes), minlength=len(song.bar_edges) - 1)
    return float(counts[-1] / counts.mean())


def ends_on_tonic_chord(song: ParsedSong) -> float:
    """Return 1 if the last bar's pitched notes form the tonic chord, otherwise 0; NaN without a key.

    The tonic sounds in it, and the tonic triad of the estimated key has `MIN_TRIAD_SHARE` of the sounding
    time. The last bar is the last in which a pitched note starts; notes held into it count from its start.
    """
    found = key(song)
    if found is None:
        return float("nan")
    begin, last = _last_bar(song)
    lengths = last.release - np.maximum(last.onset, begin)
    weights = np.bincount((last.pitch - found.pitch_class) % 12, lengths, minlength=12)
    triad = weights[[0, _THIRDS[found.mode], 7]].sum()
    return float(weights[0] > 0 and triad >= MIN_TRIAD_SHARE * weights.sum())


def ends_on_tonic_bass(song: ParsedSong) -> float:
    """Return 1 if the bass ends on the estimated key's tonic, otherwise 0; NaN without a key.

    The bass is the last note of a bass instrument in the bar of `ends_on_tonic_chord`, or else the lowest
    note that sounds at the last onset.
    """
    found = key(song)
    if found is None:
        return float("nan")
    _, last = _last_bar(song)
    basses = last.where(np.isin(last.program, BASS_PROGRAMS))
    if len(basses):
        final = basses.where(basses.onset == basses.onset.max())
    else:
        final = last.where(last.release > last.onset.max())
    return float(final.pitch.min() % 12 == found.pitch_class)


def _last_bar(song: ParsedSong) -> tuple[float, NoteArrays]:
    """Return the start of the last bar in which a pitched note starts, and the notes that sound in it."""
    notes = song.pitched
    begin = float(song.bar_edges[song.nearest_bar_of(notes).max()])
    return begin, notes.where(notes.release > begin + _TAIL)
