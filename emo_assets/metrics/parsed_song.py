"""A MIDI file as the estimators see it: its notes in seconds and in beats, and the bars they stand in.

Lays the notes that `symbolic` reads on bars. What they amount to is measured by the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import Score, read_midi

MIN_BAR_QUARTERS = 0.25
"""Quarter notes. A meter with shorter bars than 1/16 is a fault of the file and read as 4/4."""

FIRST_UNPITCHED_PROGRAM = 112
"""General MIDI's percussive and sound-effect programs: they have no part in harmony or melody."""


@dataclass(frozen=True)
class NoteArrays:
    """The notes of a song, one element a note in every array, ordered by start.

    Attributes:
        start: seconds.
        end: seconds.
        onset: start in quarter notes from the beginning of the song.
        release: end in quarter notes.
        pitch: 0..127.
        velocity: 1..127.
        program: General MIDI program, 0..127; of no meaning for drums.
        is_drum: whether it is played on the drum channel.
        part: number of the instrument that plays it, from 0.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    onset: NDArray[np.float64]
    release: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    program: NDArray[np.int64]
    is_drum: NDArray[np.bool_]
    part: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def where(self, chosen: NDArray[np.bool_]) -> NoteArrays:
        """Return the notes for which `chosen`, shape (notes,), holds."""
        return NoteArrays(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class ParsedSong:
    """Notes and the grid they stand on.

    Attributes:
        notes: all notes.
        tempos: (seconds, quarter notes a minute) of every tempo, the first at 0.
        meters: (quarter note, numerator, denominator) of every time signature, the first at 0.
        bar_edges: start of every bar in quarter notes and the end of the last, shape (bars + 1,). The last
            bar is the one in which the last note starts.
        seconds: end of the last note, 0 when there is none.
    """

    notes: NoteArrays
    tempos: tuple[tuple[float, float], ...]
    meters: tuple[tuple[float, int, int], ...]
    bar_edges: NDArray[np.float64]
    seconds: float

    @cached_property
    def pitched(self) -> NoteArrays:
        """The notes that have part in harmony and melody: no drums, no percussion, no sound effects."""
        return self.notes.where(~self.notes.is_drum & (self.notes.program < FIRST_UNPITCHED_PROGRAM))

    @cached_property
    def bar_of(self) -> NDArray[np.int64]:
        """Number from 0 of the bar in which each note starts, shape (notes,)."""
        return bars_of(self.notes.onset, self.bar_edges)


def bars_of(onsets: NDArray[np.float64], bar_edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number from 0 of the bar in which each onset (in quarter notes) lies."""
    return np.searchsorted(bar_edges, onsets + 1e-6, side="right").astype(np.int64) - 1


def parse_song(midi: bytes) -> ParsedSong:
    """Read a MIDI file for listening.

    Args:
        midi: a Standard MIDI File.

    Raises:
        InputError: it cannot be read.
    """
    score = read_midi(midi)
    notes = _notes(score)
    quarters = [signature.tick / score.resolution for signature in score.time_signatures]
    meters = [
        (quarter, signature.numerator, signature.denominator)
        for quarter, signature in zip(quarters, score.time_signatures, strict=True)
    ]
    if not meters or meters[0][0] > 0:
        meters.insert(0, (0.0, 4, 4))
    last_onset = float(notes.onset.max(initial=0.0))
    return ParsedSong(
        notes=notes,
        tempos=tuple(zip(score.tempo_map.times.tolist(), score.tempo_map.tempos.tolist(), strict=True)),
        meters=tuple(meters),
        bar_edges=_bar_edges(meters, last_onset, bool(len(notes))),
        seconds=float(notes.end.max(initial=0.0)),
    )


def _notes(score: Score) -> NoteArrays:
    """Take over the notes of a score, ordered by start, then part, then pitch."""
    instruments = np.array([instrument.program for instrument in score.instruments], dtype=np.int64)
    order = np.lexsort((score.notes.pitch, score.notes.instrument, score.notes.start))
    start, end = score.notes.start[order], score.notes.end[order]
    part = score.notes.instrument[order].astype(np.int64)
    program = instruments[part]
    return NoteArrays(
        start=score.tempo_map.seconds(start),
        end=score.tempo_map.seconds(end),
        onset=start / score.resolution,
        release=end / score.resolution,
        pitch=score.notes.pitch[order],
        velocity=score.notes.velocity[order],
        program=np.where(program == DRUMS, 0, program),
        is_drum=program == DRUMS,
        part=part,
    )


def _bar_edges(
    meters: Sequence[tuple[float, int, int]], last_onset: float, any_notes: bool
) -> NDArray[np.float64]:
    """Lay bars from the beginning to the one that holds the last onset; a new meter starts a new bar."""
    if not any_notes:
        return np.zeros(1)
    edges: list[NDArray[np.float64]] = []
    for number, (begin, numerator, denominator) in enumerate(meters):
        if begin > last_onset + 1e-6:
            break
        length = bar_quarters(numerator, denominator)
        following = meters[number + 1][0] if number + 1 < len(meters) else np.inf
        if following <= last_onset + 1e-6:
            edges.append(np.arange(begin, following - 1e-6, length))
        else:
            bars = int((last_onset + 1e-6 - begin) // length) + 1
            edges.append(begin + length * np.arange(bars + 1, dtype=np.float64))
    return np.concatenate(edges)


def bar_quarters(numerator: int, denominator: int) -> float:
    """Return a bar's length in quarter notes; of a meter below 1/16 that of 4/4."""
    length = 4 * numerator / denominator
    return length if length >= MIN_BAR_QUARTERS else 4.0
