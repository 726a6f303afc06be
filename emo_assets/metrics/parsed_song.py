"""A MIDI file in the form that metrics read: its notes in seconds and quarter notes, laid on bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS
from emo_assets.midi.repair import read_repaired
from emo_assets.midi.score import Score, read_midi
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MIN_BAR_QUARTERS = 0.25
"""Quarter notes. Meters with shorter bars than 1/16 are taken as errors of the file and read as 4/4."""

FIRST_UNPITCHED_PROGRAM = 112
"""General MIDI's percussive and sound-effect programs start here; harmony and melody leave them out."""

_EPSILON = 1e-6
"""Quarter notes by which an onset may precede a bar line and still count as on it."""


@dataclass(frozen=True)
class NoteArrays:
    """Notes as arrays of shape (notes,), ordered by start.

    Attributes:
        start: seconds.
        end: seconds.
        onset: start in quarter notes from the beginning of the song.
        release: end in quarter notes.
        pitch: 0 to 127.
        velocity: 1 to 127.
        program: General MIDI program, 0 to 127; 0 for drums.
        is_drum: whether the note is on the drum channel.
        part: index of the instrument that plays it.
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

    def where(self, mask: NDArray[np.bool_]) -> NoteArrays:
        """Return the notes for which `mask`, shape (notes,), is true."""
        return NoteArrays(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class ParsedSong:
    """The notes of a MIDI file and the bars that they lie in. Two are equal only if they are the same object.

    Attributes:
        score: the parsed file.
        notes: all notes.
        meters: (quarter note, numerator, denominator) of every time signature, the first at 0.
        bar_edges: start of every bar in quarter notes and the end of the last, shape (bars + 1,). The last
            note starts in the last bar.
    """

    score: Score
    notes: NoteArrays
    meters: tuple[tuple[float, int, int], ...]
    bar_edges: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        """End of the last note, 0 without notes."""
        return float(self.notes.end.max(initial=0.0))

    @cached_property
    def pitched(self) -> NoteArrays:
        """The notes that form harmony and melody: without drums, percussion and sound effects."""
        return self.notes.where(~self.notes.is_drum & (self.notes.program < FIRST_UNPITCHED_PROGRAM))

    @cached_property
    def drums(self) -> NoteArrays:
        """The notes of the drum channel."""
        return self.notes.where(self.notes.is_drum)

    @cached_property
    def basses(self) -> NoteArrays:
        """The pitched notes of bass instruments."""
        return self.pitched.where(np.isin(self.pitched.program, BASS_PROGRAMS))

    @cached_property
    def pitched_parts(self) -> tuple[NoteArrays, ...]:
        """The pitched notes of each instrument that has some."""
        return tuple(self.pitched.where(self.pitched.part == part) for part in np.unique(self.pitched.part))

    @cached_property
    def playing_seconds(self) -> float:
        """Seconds from the first onset to the end of the last note, at least 1, so that rates stay finite."""
        return max(self.seconds - float(self.notes.start.min(initial=np.inf)), 1.0)

    def bar_of(self, notes: NoteArrays) -> NDArray[np.int64]:
        """Return the index of the bar in which each note starts, shape (notes,)."""
        return np.searchsorted(self.bar_edges, notes.onset + _EPSILON, side="right").astype(np.int64) - 1

    def nearest_bar_of(self, notes: NoteArrays) -> NDArray[np.int64]:
        """Return the index of the bar of each note's nearest position, shape (notes,).

        Onsets round to twelfths of a quarter note, so that a note shortly before a bar line belongs to the
        bar after it, except at the end of the last bar.
        """
        onset = np.round(notes.onset * POSITIONS_PER_QUARTER) / POSITIONS_PER_QUARTER
        return np.minimum(self.bar_of(replace(notes, onset=onset)), len(self.bar_edges) - 2)

    def excerpt(self, first_bar: int, bars: int) -> ParsedSong:
        """Return the notes that start in some bars, as a song of these bars.

        `score` and the notes' seconds remain those of the whole song; quarter notes count from the excerpt.

        Args:
            first_bar: index of its first bar.
            bars: its length; fewer where the song ends.
        """
        edges = self.bar_edges[first_bar : first_bar + bars + 1]
        bar_of = self.bar_of(self.notes)
        notes = self.notes.where((bar_of >= first_bar) & (bar_of < first_bar + bars))
        begin = float(edges[0])
        notes = replace(notes, onset=notes.onset - begin, release=notes.release - begin)
        before = [meter for meter in self.meters if meter[0] <= begin + _EPSILON][-1]
        later = [
            (start - begin, numerator, denominator)
            for start, numerator, denominator in self.meters
            if begin + _EPSILON < start < edges[-1]
        ]
        return replace(
            self, notes=notes, meters=((0.0, before[1], before[2]), *later), bar_edges=edges - begin
        )


def parse_song(midi: bytes) -> ParsedSong:
    """Parse a MIDI file for measuring, repaired if it is damaged.

    Args:
        midi: a Standard MIDI File.

    Raises:
        InputError: it cannot be read.
    """
    try:
        score, _ = read_repaired(midi, _read_notes)
    except MidiError:
        score, _ = read_repaired(midi, read_midi)  # a song without notes can be measured
    notes = _note_arrays(score)
    meters = [
        (signature.tick / score.resolution, signature.numerator, signature.denominator)
        for signature in score.time_signatures
    ]
    if not meters or meters[0][0] > 0:
        meters.insert(0, (0.0, 4, 4))
    return ParsedSong(score, notes, tuple(meters), _bar_edges(meters, notes.onset))


def _read_notes(midi: bytes) -> Score:
    """Read a file that has notes, so that `read_repaired` ends the notes of one that has none."""
    score = read_midi(midi)
    if not score.instruments:
        raise MidiError("notes", "the file has no notes")
    return score


def _note_arrays(score: Score) -> NoteArrays:
    """Convert a score's notes, ordered by start, then part, then pitch."""
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


def _bar_edges(meters: Sequence[tuple[float, int, int]], onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return bar lines up to the end of the bar with the last onset; a new meter starts a new bar."""
    if not len(onsets):
        return np.zeros(1)
    last_onset = float(onsets.max()) + _EPSILON
    edges: list[NDArray[np.float64]] = []
    for number, (begin, numerator, denominator) in enumerate(meters):
        if begin > last_onset:
            break
        length = bar_quarters(numerator, denominator)
        following = meters[number + 1][0] if number + 1 < len(meters) else np.inf
        if following <= last_onset:
            edges.append(np.arange(begin, following - _EPSILON, length))
        else:
            bars = int((last_onset - begin) // length) + 1
            edges.append(begin + length * np.arange(bars + 1, dtype=np.float64))
    return np.concatenate(edges)


def bar_quarters(numerator: int, denominator: int) -> float:
    """Return a bar's length in quarter notes; 4 for meters shorter than `MIN_BAR_QUARTERS`."""
    length = 4 * numerator / denominator
    return length if length >= MIN_BAR_QUARTERS else 4.0
