"""MIDI bytes to FIGARO's description and events.

Follows FIGARO's public code to the token. A file is read as a score (`midi.score`), quantized and cut into
bars (`bars`), and then encoded.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.repair import read_repaired
from emo_assets.midi.score import Score, read_midi
from emo_assets.midi.tempo_map import TimeSignature
from emo_assets.tokens.bars import Bar, QuantizedScore, quantize
from emo_assets.tokens.grammar.descriptions import DescribedBar, tokens_of_bar
from emo_assets.tokens.grammar.event_tokens import (
    BARS,
    CHORDS,
    DRUM_PITCHES,
    DURATIONS,
    INSTRUMENTS,
    METERS,
    PITCHES,
    POSITIONS,
    TEMPOS,
    VELOCITIES,
    bar_token,
)
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
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS, MAX_POSITIONS, TIME_SIGNATURES, UNK


@dataclass(frozen=True, slots=True)
class MidiTokens:
    """The description and the events of a MIDI file.

    Attributes:
        description: what each bar is like.
        events: ids of event tokens, without `<bos>` and `<eos>`; empty when they were not asked for. Bars
            past 511 and time signatures and positions outside the vocabulary are `<unk>`.
        unknown_events: the text of each `<unk>` by its index in `events`.
        unknown_time_signatures: the time signature of each bar whose `time_signature` is None, by its index.
        repairs: what was repaired in the file, see `midi.repair.read_repaired`.
    """

    description: list[DescribedBar]
    events: list[int]
    unknown_events: dict[int, str] = field(default_factory=dict)
    unknown_time_signatures: dict[int, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()

    def description_text(self) -> list[str]:
        """Return the description as FIGARO writes it, with the true text of what its vocabulary lacks."""
        text: list[str] = []
        for index, bar in enumerate(self.description):
            _, time_signature, *others = DESCRIPTIONS.decode(tokens_of_bar(bar, index + 1))
            text += (f"Bar_{index + 1}", self.unknown_time_signatures.get(index, time_signature), *others)
        return text

    def events_text(self) -> list[str]:
        """Return the events as FIGARO writes them, with the true text of what its vocabulary lacks."""
        text = EVENTS.decode(self.events)
        for index, token in self.unknown_events.items():
            text[index] = token
        return text


def tokenize_midi(content: bytes, *, strict: bool = False, events: bool = True) -> MidiTokens:
    """Extract the description and the events of a MIDI file.

    Args:
        content: the file's bytes.
        strict: reject files that FIGARO's own code rejects. By default damaged files are repaired, and files
            without any time signature are read in 4/4, as the MIDI standard says.
        events: whether to extract the events too.

    Raises:
        MidiError: the file cannot be read; it says at which stage and why. No other error is raised.
    """
    try:
        if strict:
            return _tokenize(content, strict=True, events=events)
        tokens, repairs = read_repaired(content, partial(_tokenize, strict=False, events=events))
        return replace(tokens, repairs=repairs) if repairs else tokens
    except MemoryError as error:
        raise MidiError("limits", "reading the file takes more memory than there is") from error


def _tokenize(content: bytes, *, strict: bool, events: bool) -> MidiTokens:
    """Extract the description and the events of a file that needs no repair."""
    score = quantize(_with_time_signature(read_midi(content), strict))
    unknown_time_signatures = {
        index: _time_signature_text(bar)
        for index, bar in enumerate(score.bars)
        if _time_signature(bar) is None
    }
    return MidiTokens(_describe(score), *(_events(score) if events else ([], {})), unknown_time_signatures)


def _with_time_signature(score: Score, strict: bool) -> Score:
    """Return the score with a time signature.

    Raises:
        MidiError: it has none and `strict` does not allow that, or it has no notes.
    """
    if not score.time_signatures:
        if strict:
            raise MidiError("time signature", "the file has no time signature on its first track")
        score = replace(score, time_signatures=(TimeSignature(0, 4, 4),))
    if not score.instruments:
        raise MidiError("notes", "the file has no notes")
    return score


_TIME_SIGNATURE_INDEX = {signature: index for index, signature in enumerate(TIME_SIGNATURES)}


def _time_signature(bar: Bar) -> int | None:
    """Return the index of a bar's time signature into `TIME_SIGNATURES`, None when it has none."""
    return _TIME_SIGNATURE_INDEX.get((bar.time_signature.numerator, bar.time_signature.denominator))


def _time_signature_text(bar: Bar) -> str:
    return f"Time Signature_{bar.time_signature.numerator}/{bar.time_signature.denominator}"


def _describe(score: QuantizedScore) -> list[DescribedBar]:
    """Describe each bar."""
    instruments = score.notes.instrument.tolist()
    means = zip(*(column.tolist() for column in _bar_means(score)), strict=True)
    description = []
    current: int | None = None
    ticks = [tick for tick, _ in score.chords]
    for bar, (density, velocity, pitch, duration) in zip(score.bars, means, strict=True):
        in_bar = slice(bisect_left(ticks, bar.start), bisect_left(ticks, bar.end))
        chords = [chord for _, chord in score.chords[in_bar]]
        if current is not None and (not chords or ticks[in_bar][0] > bar.start):
            chords.insert(0, current)
        current = chords[-1] if chords else None
        playing = tuple(sorted(set(instruments[bar.first : bar.last])))
        description.append(
            DescribedBar(_time_signature(bar), density, velocity, pitch, duration, playing, tuple(chords))
        )
    return description


def _bar_means(score: QuantizedScore) -> list[NDArray[np.int64]]:
    """Return the bins of note density, mean velocity, mean pitch and mean duration, each of shape (bars,).

    Durations are in ticks, as in FIGARO's own code.
    """
    notes = score.notes
    firsts = np.array([bar.first for bar in score.bars])
    lasts = np.array([bar.last for bar in score.bars])
    counts = lasts - firsts
    density = counts / np.array([bar.positions for bar in score.bars])
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


def _events(score: QuantizedScore) -> tuple[list[int], dict[int, str]]:
    """Return the ids of the events, and the text of those that the vocabulary lacks by their index."""
    grid = _Grid(score)
    notes = _note_tokens(score, grid)
    starts = score.notes.start.tolist()
    current: list[_Change | None] = [None, None]  # chord and tempo
    tokens: list[int] = []
    unknown: dict[int, str] = {}
    passed = 0
    for number, (bar, changes) in enumerate(zip(score.bars, _changes_by_bar(score, grid), strict=True), 1):
        start = len(tokens)
        time_signature = _time_signature(bar)
        if number >= len(BARS):
            unknown[start] = f"Bar_{number}"
        if time_signature is None:
            unknown[start + 1] = _time_signature_text(bar)
        tokens += (bar_token(number), UNK if time_signature is None else METERS[time_signature])
        for known in current:
            if known:
                tokens += (POSITIONS[0], known.token)
        written, shift = bar.first, passed - bar.first
        for position, change in changes:
            known = current[change.order]
            if known and known.value == change.value:
                continue
            before = bisect_left(starts, change.tick, written, bar.last)
            tokens += notes[5 * (written + shift) : 5 * (before + shift)]
            tokens += (
                POSITIONS.start + position if position < MAX_POSITIONS else _LATE + position,
                change.token,
            )
            written = before
            current[change.order] = change
        tokens += notes[5 * (written + shift) : 5 * (bar.last + shift)]
        passed += bar.last - bar.first
        for index in range(start, len(tokens) if time_signature is None else start):
            if tokens[index] >= _LATE:
                unknown[index] = f"Position_{tokens[index] - _LATE}"
                tokens[index] = UNK
    return tokens, unknown


_LATE = len(EVENTS)
"""Added to a position past the vocabulary, in place of an id."""


class _Change(NamedTuple):
    """A change of the chord (order 0) or the tempo (order 1) of FIGARO's events."""

    tick: int
    order: int
    value: int
    token: int


class _Grid:
    """The positions of each bar, in ticks."""

    def __init__(self, score: QuantizedScore) -> None:
        meters = [bar.time_signature for bar in score.bars]
        lengths = np.array([score.resolution * (4 * meter.numerator / meter.denominator) for meter in meters])
        counts = np.array([bar.positions for bar in score.bars])
        self._starts = np.array([bar.start for bar in score.bars])
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


def _changes_by_bar(score: QuantizedScore, grid: _Grid) -> list[list[tuple[int, _Change]]]:
    """Return each bar's changes of chord and tempo with their positions."""
    changes = [_Change(tick, 0, chord, CHORDS[chord]) for tick, chord in score.chords]
    changes += [
        _Change(tick, 1, tempo, TEMPOS[int(nearest_bin(tempo, TEMPO_BINS))]) for tick, tempo in score.tempos
    ]
    changes.sort(key=lambda change: change[:2])
    ticks = [change.tick for change in changes]
    spans = [(bisect_left(ticks, bar.start), bisect_left(ticks, bar.end)) for bar in score.bars]
    indices = np.array([index for first, last in spans for index in range(first, last)], dtype=np.int64)
    bars = np.repeat(np.arange(len(spans)), [max(last - first, 0) for first, last in spans])
    positions = iter(grid.positions(np.array(ticks, dtype=np.int64)[indices], bars).tolist())
    # zip takes a change first, so that it stops without taking another position
    return [
        [(position, change) for change, position in zip(changes[first:last], positions, strict=False)]
        for first, last in spans
    ]


_BIN_OF_VELOCITY = nearest_bin(np.arange(128), VELOCITY_BINS)
_BIN_OF_DURATION = nearest_bin(np.arange(DURATION_BINS[-1] + 1), DURATION_BINS)


def _note_tokens(score: QuantizedScore, grid: _Grid) -> list[int]:
    """Return the five ids of each note, bar after bar; positions past the vocabulary as `_LATE` says."""
    counts = np.array([bar.last - bar.first for bar in score.bars])
    bar = np.repeat(np.arange(len(counts)), counts)
    shifts = np.array([bar.first for bar in score.bars]) - np.cumsum(counts) + counts
    index = np.arange(len(bar)) + shifts[bar]
    start, end = score.notes.start[index], score.notes.end[index]
    instrument, pitch = score.notes.instrument[index], score.notes.pitch[index]
    durations = np.rint((end - start) / score.resolution * POSITIONS_PER_QUARTER).astype(np.int64)
    positions = grid.positions(start, bar)
    ids = np.empty((len(bar), 5), dtype=np.int64)
    ids[:, 0] = np.where(positions < MAX_POSITIONS, POSITIONS.start, _LATE) + positions
    ids[:, 1] = INSTRUMENTS.start + instrument
    ids[:, 2] = np.where(instrument == DRUMS, DRUM_PITCHES.start, PITCHES.start) + pitch
    ids[:, 3] = VELOCITIES.start + _BIN_OF_VELOCITY[score.notes.velocity[index]]
    ids[:, 4] = DURATIONS.start + _BIN_OF_DURATION[np.minimum(durations, DURATION_BINS[-1])]
    tokens: list[int] = ids.ravel().tolist()
    return tokens
