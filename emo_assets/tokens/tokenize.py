"""MIDI bytes to FIGARO's events and description.

Says a piece in tokens. How bytes become a piece is the business of the modules below: `messages`, `score`,
`timing` and `bars`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUMS, INSTRUMENT_NAMES
from emo_assets.midi.parser import read_messages
from emo_assets.midi.score import Score, read_score
from emo_assets.midi.tempo_map import TimeSignature
from emo_assets.tokens.bars import Bar, QuantizedScore, quantize
from emo_assets.tokens.quantization import (
    DURATION_BINS,
    MEAN_DURATION_BINS,
    MEAN_PITCH_BINS,
    MEAN_VELOCITY_BINS,
    NOTE_DENSITY_BINS,
    POSITIONS_PER_QUARTER,
    TEMPO_BINS,
    VELOCITY_BINS,
    nearest_bin,
)
from emo_assets.tokens.vocabulary import CHORDS, EVENTS, MAX_POSITIONS, EventKind


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says.

    Tokens that FIGARO's vocabularies lack (bars past 511, time signatures and positions out of range) stand
    here as they are; encoding makes them `<unk>`.

    Attributes:
        description: its description, instruments of a bar in the order of their ids.
        events: its events; empty when they were not asked for.
    """

    description: list[str]
    events: list[str]


def tokenize_midi(content: bytes, *, strict: bool = False, events: bool = True) -> Reading:
    """Read a MIDI file.

    Args:
        content: the file's bytes.
        strict: refuse a file without any time signature, as the reference does, instead of reading it in 4/4,
            as the MIDI standard says.
        events: whether to read the events too, not only the description.

    Raises:
        MidiError: the file cannot be read; it says at which stage and why. Nothing else is ever raised.
    """
    try:
        piece = quantize(_with_time_signature(read_score(read_messages(content)), strict))
        return Reading(_description(piece), _events(piece) if events else [])
    except MemoryError as error:
        raise MidiError("limits", "reading the file takes more memory than there is") from error


def _with_time_signature(score: Score, strict: bool) -> Score:
    """Return the score with a time signature.

    Raises:
        MidiError: it has none and `strict` does not allow that, or it has no notes.
    """
    if not score.time_signatures:
        if strict:
            raise MidiError("time signature", "the file has no time signature on its first track")
        score = replace(score, time_signatures=(TimeSignature(0, 4, 4),))
    if not score.parts:
        raise MidiError("notes", "the file has no notes")
    return score


_CHORDS = [f"Chord_{chord}" for chord in CHORDS]
_INSTRUMENTS = [f"Instrument_{name}" for name in INSTRUMENT_NAMES]


def _description(piece: QuantizedScore) -> list[str]:
    """Say in one description what each bar is like."""
    instruments = piece.notes.instrument.tolist()
    means = zip(*(column.tolist() for column in _bar_means(piece)), strict=True)
    tokens: list[str] = []
    current: int | None = None
    ticks = [tick for tick, _ in piece.chords]
    for number, (bar, (density, velocity, pitch, duration)) in enumerate(
        zip(piece.bars, means, strict=True), 1
    ):
        tokens += (
            f"Bar_{number}",
            _time_signature_token(bar),
            f"Note Density_{density}",
            f"Mean Velocity_{velocity}",
            f"Mean Pitch_{pitch}",
            f"Mean Duration_{duration}",
        )
        playing = sorted(set(instruments[bar.first : bar.last]))
        tokens += [_INSTRUMENTS[instrument] for instrument in playing]
        here = slice(bisect_left(ticks, bar.start), bisect_left(ticks, bar.end))
        chords = [chord for _, chord in piece.chords[here]]
        if current is not None and (not chords or ticks[here][0] > bar.start):
            chords.insert(0, current)
        tokens += [_CHORDS[chord] for chord in chords]
        current = chords[-1] if chords else None
    return tokens


def _bar_means(piece: QuantizedScore) -> list[NDArray[np.int64]]:
    """Return the bins of note density, mean velocity, mean pitch and mean duration, each of shape (bars,).

    Durations are taken in ticks: so the reference does.
    """
    notes = piece.notes
    firsts = np.array([bar.first for bar in piece.bars])
    lasts = np.array([bar.last for bar in piece.bars])
    counts = lasts - firsts
    density = counts / np.array([bar.positions for bar in piece.bars])
    bins = [nearest_bin(density, NOTE_DENSITY_BINS)]
    for values, of_values in (
        (notes.velocity, MEAN_VELOCITY_BINS),
        (notes.pitch, MEAN_PITCH_BINS),
        (notes.end - notes.start, MEAN_DURATION_BINS),
    ):
        totals = np.concatenate(([0], np.cumsum(values)))
        means = (totals[lasts] - totals[firsts]) / np.maximum(counts, 1)
        bins.append(np.where(counts, nearest_bin(means, of_values), 0))
    return bins


def _time_signature_token(bar: Bar) -> str:
    return f"Time Signature_{bar.time_signature.numerator}/{bar.time_signature.denominator}"


def _events(piece: QuantizedScore) -> list[str]:
    """Say the piece in events."""
    grid = _Grid(piece)
    notes = _note_tokens(piece, grid)
    starts = piece.notes.start.tolist()
    current: list[_Change | None] = [None, None]  # chord and tempo
    tokens: list[str] = []
    passed = 0
    for number, (bar, changes) in enumerate(zip(piece.bars, _changes_by_bar(piece, grid), strict=True), 1):
        tokens += (f"Bar_{number}", _time_signature_token(bar))
        for known in current:
            if known:
                tokens += ("Position_0", known.token)
        written, shift = bar.first, passed - bar.first
        for position, change in changes:
            known = current[change.rank]
            if known and known.value == change.value:
                continue
            before = bisect_left(starts, change.tick, written, bar.last)
            tokens += notes[5 * (written + shift) : 5 * (before + shift)]
            tokens += (f"Position_{position}", change.token)
            written = before
            current[change.rank] = change
        tokens += notes[5 * (written + shift) : 5 * (bar.last + shift)]
        passed += bar.last - bar.first
    return tokens


class _Change(NamedTuple):
    """A change of the chord (rank 0) or the tempo (rank 1)."""

    tick: int
    rank: int
    value: int
    token: str


class _Grid:
    """The positions of each bar: where they start and how far apart they are, in ticks."""

    def __init__(self, piece: QuantizedScore) -> None:
        meters = [bar.time_signature for bar in piece.bars]
        lengths = np.array([piece.resolution * (4 * meter.numerator / meter.denominator) for meter in meters])
        counts = np.array([bar.positions for bar in piece.bars])
        self._starts = np.array([bar.start for bar in piece.bars])
        self._steps = ((self._starts + lengths) - self._starts) / counts
        self._lasts = counts - 1

    def positions(self, ticks: NDArray[np.int64], bar: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the position nearest to each tick in its bar; of two equally near ones the first.

        Args:
            ticks: ticks, shape (n,).
            bar: the index of each tick's bar, shape (n,).
        """
        start, step, last = self._starts[bar], self._steps[bar], self._lasts[bar]
        lower: NDArray[np.int64] = ((ticks - start) / step).astype(np.int64)
        np.minimum(np.maximum(lower, 0, out=lower), last, out=lower)
        upper = np.minimum(lower + 1, last)
        upper_is_nearer = np.abs(upper * step + start - ticks) < np.abs(lower * step + start - ticks)
        lower[upper_is_nearer] = upper[upper_is_nearer]
        return lower


def _changes_by_bar(piece: QuantizedScore, grid: _Grid) -> list[list[tuple[int, _Change]]]:
    """Return each bar's changes of chord and tempo with their positions."""
    changes = [_Change(tick, 0, chord, _CHORDS[chord]) for tick, chord in piece.chords]
    changes += [
        _Change(tick, 1, tempo, f"Tempo_{nearest_bin(tempo, TEMPO_BINS)}") for tick, tempo in piece.tempos
    ]
    changes.sort(key=lambda change: change[:2])
    ticks = [change.tick for change in changes]
    spans = [(bisect_left(ticks, bar.start), bisect_left(ticks, bar.end)) for bar in piece.bars]
    indices = np.array([index for first, last in spans for index in range(first, last)], dtype=np.int64)
    bars = np.repeat(np.arange(len(spans)), [max(last - first, 0) for first, last in spans])
    positions = iter(grid.positions(np.array(ticks, dtype=np.int64)[indices], bars).tolist())
    # A change comes before its position, so that the shorter of the two is the one that ends zip.
    return [
        [(position, change) for change, position in zip(changes[first:last], positions, strict=False)]
        for first, last in spans
    ]


_BIN_OF_VELOCITY = nearest_bin(np.arange(128), VELOCITY_BINS)
_BIN_OF_DURATION = nearest_bin(np.arange(DURATION_BINS[-1] + 1), DURATION_BINS)
_TOKENS = np.array(EVENTS.tokens, dtype=object)


def _note_tokens(piece: QuantizedScore, grid: _Grid) -> list[str]:
    """Return the five tokens of each note, bar after bar."""
    counts = np.array([bar.last - bar.first for bar in piece.bars])
    bar = np.repeat(np.arange(len(counts)), counts)
    shifts = np.array([bar.first for bar in piece.bars]) - np.cumsum(counts) + counts
    index = np.arange(len(bar)) + shifts[bar]
    start, end = piece.notes.start[index], piece.notes.end[index]
    instrument, pitch = piece.notes.instrument[index], piece.notes.pitch[index]
    durations = np.rint((end - start) / piece.resolution * POSITIONS_PER_QUARTER).astype(np.int64)
    positions = grid.positions(start, bar)
    tokens = _TOKENS
    place = _first(EventKind.POSITION) + positions
    if (highest := positions.max()) >= MAX_POSITIONS:
        beyond = [f"Position_{position}" for position in range(MAX_POSITIONS, highest + 1)]
        tokens = np.append(tokens, np.array(beyond, dtype=object))
        place = np.where(positions < MAX_POSITIONS, place, len(EVENTS) - MAX_POSITIONS + positions)
    ids = np.empty((len(bar), 5), dtype=np.int64)
    ids[:, 0] = place
    ids[:, 1] = _first(EventKind.INSTRUMENT) + instrument
    ids[:, 2] = np.where(instrument == DRUMS, _first(EventKind.PITCH_DRUM), _first(EventKind.PITCH)) + pitch
    ids[:, 3] = _first(EventKind.VELOCITY) + _BIN_OF_VELOCITY[piece.notes.velocity[index]]
    ids[:, 4] = _first(EventKind.DURATION) + _BIN_OF_DURATION[np.minimum(durations, DURATION_BINS[-1])]
    words: list[str] = tokens[ids.ravel()].tolist()
    return words


def _first(kind: EventKind) -> int:
    return EVENTS.span(kind).start
