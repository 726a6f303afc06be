"""A score quantized: notes on a grid of positions, bars, chords and tempos. Follows FIGARO's public code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import Notes, Score
from emo_assets.midi.tempo_map import TimeSignature, beat_times, downbeat_times
from emo_assets.tokens.chords import detect_chords
from emo_assets.tokens.chroma import beat_chroma
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER, time_signature_positions
from emo_assets.tokens.vocabulary import CHORDS

TEMPO_STEP = 480
"""FIGARO looks for a tempo at every 480th tick, but takes the ticks for seconds: it finds the tempo at time
zero, and again after 480 seconds in songs that last as long."""

MAX_NOTES = 2_000_000
"""Of all bars together; a real song has some thousands."""


@dataclass(frozen=True, slots=True)
class QuantizedNotes:
    """Notes on the grid in the order of FIGARO's events, all arrays of shape (n,).

    Attributes:
        start: ticks.
        end: ticks.
        pitch: MIDI pitch.
        velocity: 1..127.
        instrument: General MIDI program, 128 for drums.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    instrument: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        start: tick of the bar line.
        end: tick of the next bar line.
        time_signature: the time signature.
        positions: how many positions it has, at least one.
        first: index of its first note.
        last: index after its last note.
    """

    start: int
    end: int
    time_signature: TimeSignature
    positions: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class QuantizedScore:
    """A quantized score, from the first bar with a note to the last.

    Attributes:
        resolution: ticks per quarter note.
        notes: the notes.
        bars: the bars.
        chords: changes of the chord as (tick, index into `vocabulary.CHORDS`), ascending.
        tempos: tempos as (tick, quarter notes per minute), ascending.
    """

    resolution: int
    notes: QuantizedNotes
    bars: list[Bar]
    chords: list[tuple[int, int]]
    tempos: list[tuple[int, int]]


def quantize(score: Score) -> QuantizedScore:
    """Quantize a score.

    Args:
        score: a score with at least one time signature and one note.

    Raises:
        MidiError: a bar has no position, or there are too many beats or notes.
    """
    end = score.tempo_map.second(score.end)
    beats = beat_times(score.tempo_map, score.time_signatures, end)
    downbeats = downbeat_times(beats, score.tempo_map, score.time_signatures)
    edges = np.append(score.tempo_map.nearest_ticks(downbeats), score.end)
    notes = _on_grid(score)
    return QuantizedScore(
        score.resolution,
        notes,
        _bars(score.time_signatures, edges, notes),
        _chords(score, beats),
        _tempos(score, end),
    )


def _on_grid(score: Score) -> QuantizedNotes:
    """Extend notes by the sustain pedal, move them to the grid and sort them."""
    notes = score.notes
    ends = _held_ends(score)
    step = score.resolution / POSITIONS_PER_QUARTER
    grid = np.floor(notes.start / step)
    grid += (grid + 1) * step <= notes.start
    grid -= grid * step > notes.start
    starts = np.rint(grid * step).astype(np.int64)
    instrument = np.array([each.program for each in score.instruments])[notes.instrument]
    order = _event_order(notes, starts, instrument)
    return QuantizedNotes(
        starts[order],
        (ends + starts - notes.start)[order],
        notes.pitch[order],
        notes.velocity[order],
        instrument[order],
    )


def _event_order(notes: Notes, starts: NDArray[np.int64], instrument: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by grid, drums before programs, and pitch; ties by tick, instrument and end."""
    rank = (instrument + 1) % (DRUMS + 1)
    keys = (starts << 15) + (rank << 7) + notes.pitch
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    equal = keys[1:] == keys[:-1]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    tie = order[tied]
    order[tied] = tie[np.lexsort((notes.ended[tie], notes.instrument[tie], notes.start[tie], keys[tied]))]
    return order


def _held_ends(score: Score) -> NDArray[np.int64]:
    """Return the ends of notes under the sustain pedal: the end of the last pedal span that they touch."""
    notes = score.notes
    ends = notes.end.copy()
    for number, each in enumerate(score.instruments):
        downs, ups = each.controls.pedal_downs, each.controls.pedal_ups
        if not len(ups):
            continue
        own = np.flatnonzero(notes.instrument == number)
        first = np.searchsorted(ups, notes.start[own], side="right")
        last = np.searchsorted(downs, notes.end[own], side="right") - 1
        held = own[first <= last]
        ends[held] = np.maximum(ends[held], ups[last[first <= last]])
    return ends


def _bars(
    time_signatures: tuple[TimeSignature, ...], edges: NDArray[np.int64], notes: QuantizedNotes
) -> list[Bar]:
    """Return the bars between edges, from the first with a note to the last."""
    firsts = np.searchsorted(notes.start, edges[:-1])
    lasts = np.maximum(np.searchsorted(notes.start, edges[1:]), firsts)
    filled = np.flatnonzero(lasts > firsts)
    if not len(filled):
        raise MidiError("notes", "no bar has a note; there is nothing to describe")
    if (count := int((lasts - firsts).sum())) > MAX_NOTES:
        raise MidiError("limits", f"the bars hold {count} notes, more than {MAX_NOTES}")
    kept = slice(filled[0], filled[-1] + 1)
    changes = np.searchsorted([change.tick for change in time_signatures], edges[:-1][kept], side="right") - 1
    bars = []
    for start, end, first, last, change in zip(
        edges[:-1][kept].tolist(),
        edges[1:][kept].tolist(),
        firsts[kept].tolist(),
        lasts[kept].tolist(),
        changes.tolist(),  # -1, the last one, before the first change: as in FIGARO's own code
        strict=True,
    ):
        meter = time_signatures[change]
        positions = time_signature_positions(meter.numerator, meter.denominator)
        if not positions:
            power = meter.denominator.bit_length() - 1
            raise MidiError("time signature", f"a bar of {meter.numerator}/2^{power} has no position")
        bars.append(Bar(start, end, meter, positions, first, last))
    return bars


def _chords(score: Score, beats: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the chords; a song shorter than a quarter note has none."""
    if score.end < score.resolution:
        return []
    changes = detect_chords(beat_chroma(score, beats))
    ticks = score.tempo_map.nearest_ticks(beats[[beat for beat, _ in changes]])
    chords = [(tick, chord) for tick, (_, chord) in zip(ticks.tolist(), changes, strict=True)]
    # Several beats may start at one tick; FIGARO sorts their chords by name.
    return sorted(chords, key=lambda change: (change[0], CHORDS[change[1]]))


def _tempos(score: Score, end: float) -> list[tuple[int, int]]:
    """Return the tempos that FIGARO finds, see `TEMPO_STEP`."""
    tempo_map = score.tempo_map
    by_time = dict(zip(tempo_map.times.tolist(), tempo_map.tempos.tolist(), strict=True))
    times = np.arange(0, min(score.end, int(end)) + 1, TEMPO_STEP)
    tempos: list[tuple[int, int]] = []
    for time, tick in zip(
        times.tolist(), tempo_map.nearest_ticks(times.astype(np.float64)).tolist(), strict=True
    ):
        tempos.append((tick, int(by_time[time]) if time in by_time else tempos[-1][1]))
    return tempos
