"""Fidelity: how well a generated song follows its description, measured against the described song.

The description metrics of the FIGARO paper (arXiv 2201.10936, section 5). Metrics are averaged over the bars
of a song, then over songs; if two songs differ in length, the bars that both have count.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.events import EventBar, NoteEvent
from emo_assets.tokens.quantization import (
    DURATION_BINS,
    POSITIONS_PER_QUARTER,
    VELOCITY_BINS,
    time_signature_positions,
)
from emo_assets.tokens.vocabulary import MAX_POSITIONS, TIME_SIGNATURES

MIN_STD = 0.01
"""Minimum standard deviation, for bars whose notes are all equal."""


@dataclass(frozen=True)
class Fidelity:
    """The fidelity metrics of one song, or their means over several.

    All are between 0 and 1 with 1 for equal music, but for `density_error`, which is 0 for equal music. Two
    bars that both lack something (notes, chords) are equal in it; a bar that alone lacks it scores 0.

    Attributes:
        instrument_precision, instrument_recall, instrument_f1: of the sets of instruments in a bar.
        chord_precision, chord_recall, chord_f1: of the sets of chords that sound in a bar.
        time_signature: share of bars with the same time signature.
        pitch, velocity, duration: overlapping area of the normal distributions fitted to the bar's notes.
        density_error: NRMSE of the notes per quarter note.
        chroma: cosine similarity of the onsets by pitch class.
        groove: cosine similarity of the smoothed onsets by position.
    """

    instrument_precision: float
    instrument_recall: float
    instrument_f1: float
    chord_precision: float
    chord_recall: float
    chord_f1: float
    time_signature: float
    pitch: float
    velocity: float
    duration: float
    density_error: float
    chroma: float
    groove: float


def fidelity(truth: Sequence[EventBar], generated: Sequence[EventBar]) -> Fidelity:
    """Compare a generated song with the true one.

    Args:
        truth: bars of the described song, at least one.
        generated: bars of the song generated from the description, at least one.
    """
    pairs = list(zip(truth, generated, strict=False))
    bars = [_bar_metrics(one, other) for one, other in pairs]
    density = np.array([[len(bar.notes) / _quarters(bar) for bar in pair] for pair in pairs])
    return Fidelity(
        **{name: float(np.mean([bar[name] for bar in bars])) for name in bars[0]},
        density_error=nrmse(density[:, 0], density[:, 1]),
    )


def mean_fidelity(songs: Sequence[Fidelity]) -> Fidelity:
    """Average the metrics of several songs, at least one."""
    names = [field.name for field in fields(Fidelity)]
    return Fidelity(*(float(np.mean([getattr(song, name) for song in songs])) for name in names))


def _bar_metrics(truth: EventBar, generated: EventBar) -> dict[str, float]:
    """Return all metrics of a bar but `density_error`."""
    instruments = precision_recall_f1(
        {note.instrument for note in truth.notes}, {note.instrument for note in generated.notes}
    )
    chords = precision_recall_f1(sounding_chords(truth), sounding_chords(generated))
    scores = ("precision", "recall", "f1")
    return {
        **{f"instrument_{name}": value for name, value in zip(scores, instruments, strict=True)},
        **{f"chord_{name}": value for name, value in zip(scores, chords, strict=True)},
        "time_signature": float(truth.time_signature == generated.time_signature),
        **{
            name: overlapping_area(_values(truth, name), _values(generated, name))
            for name in ("pitch", "velocity", "duration")
        },
        "chroma": cosine(chroma(truth.notes), chroma(generated.notes)),
        "groove": cosine(groove(truth.notes), groove(generated.notes)),
    }


def agreement(asked: Sequence[DescribedBar], read: Sequence[DescribedBar]) -> float:
    """Return how well a song's own description agrees with the requested one, 0 to 1.

    A bar scores the mean of five metrics: F1 of the instruments, F1 of the chords, and 1 / (1 + distance in
    bins) of note density, mean velocity and mean pitch. A missing bar scores 0. Mean duration is left out,
    for it depends on the resolution of the file more than on the music.

    Args:
        asked: the requested description, at least one bar.
        read: the description extracted from the song.
    """
    total = 0.0
    for one, other in zip(asked, read, strict=False):
        bins = (
            one.note_density - other.note_density,
            one.mean_velocity - other.mean_velocity,
            one.mean_pitch - other.mean_pitch,
        )
        total += precision_recall_f1(one.instruments, other.instruments)[2]
        total += precision_recall_f1(one.chords, other.chords)[2]
        total += sum(1 / (1 + abs(distance)) for distance in bins)
    return total / (5 * len(asked))


def precision_recall_f1(truth: Collection[int], found: Collection[int]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of two sets; all 1 if both are empty, 0 if one is."""
    true_set, found_set = set(truth), set(found)
    if not true_set or not found_set:
        equal = float(not true_set and not found_set)
        return equal, equal, equal
    common = len(true_set & found_set)
    return common / len(found_set), common / len(true_set), 2 * common / (len(found_set) + len(true_set))


def overlapping_area(truth: NDArray[np.float64], generated: NDArray[np.float64]) -> float:
    """Return the overlapping area of the normal distributions fitted to two samples, 0 to 1.

    Standard deviations are the population's, and at least `MIN_STD`.

    Args:
        truth: values (n,).
        generated: values (m,). The area is 1 if both samples are empty, 0 if one is.
    """
    if not len(truth) or not len(generated):
        return float(not len(truth) and not len(generated))
    one, other = (max(float(values.std()), MIN_STD) for values in (truth, generated))
    if math.isclose(one, other):
        other = one  # where the densities cross is ill-conditioned for almost equal deviations
    return NormalDist(0, one).overlap(NormalDist(float(generated.mean() - truth.mean()), other))


def nrmse(truth: NDArray[np.float64], generated: NDArray[np.float64]) -> float:
    """Return the NRMSE sqrt(mean((d - d')²) / mean(d)²) of two series (bars,); 0 if both are zero."""
    error = math.sqrt(float(np.mean((truth - generated) ** 2)))
    scale = float(np.mean(truth))
    if scale == 0:
        return 0.0 if error == 0 else math.inf
    return error / scale


def chroma(notes: Sequence[NoteEvent]) -> NDArray[np.float64]:
    """Count onsets by pitch class without drums; shape (12,)."""
    classes = [note.pitch % 12 for note in notes if note.instrument != DRUMS]
    return np.bincount(np.array(classes, np.int64), minlength=12).astype(np.float64)


def groove(notes: Sequence[NoteEvent]) -> NDArray[np.float64]:
    """Count onsets by position with drums, smoothed by the kernel (1, 4, 1); shape (146,)."""
    positions = np.array([min(note.position, MAX_POSITIONS - 1) for note in notes], np.int64)
    onsets = np.bincount(positions, minlength=MAX_POSITIONS).astype(np.float64)  # (144,)
    return np.convolve(onsets, [1.0, 4.0, 1.0])  # (146,)


def cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the cosine similarity of two vectors; 1 if both are zero, 0 if one is."""
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if not all(lengths):
        return float(not any(lengths))
    return float(one @ other) / (lengths[0] * lengths[1])


def sounding_chords(bar: EventBar) -> set[int]:
    """Return the chords of a bar: those that begin in it, and the one before unless one begins at 0."""
    begun = {chord for _, chord in bar.chords}
    begins_at_once = any(position == 0 for position, _ in bar.chords)
    return begun if bar.chord is None or begins_at_once else {bar.chord, *begun}


def _values(bar: EventBar, name: str) -> NDArray[np.float64]:
    """Return the pitches, MIDI velocities or durations in quarter notes of a bar's notes without drums."""
    indices = np.array([getattr(note, name) for note in bar.notes if note.instrument != DRUMS], np.int64)
    match name:
        case "velocity":
            return VELOCITY_BINS[indices].astype(np.float64)
        case "duration":
            return DURATION_BINS[indices] / POSITIONS_PER_QUARTER
        case _:
            return indices.astype(np.float64)


def _quarters(bar: EventBar) -> float:
    """Return a bar's length in quarter notes; 4 if its time signature is unknown."""
    signature = (4, 4) if bar.time_signature is None else TIME_SIGNATURES[bar.time_signature]
    return time_signature_positions(*signature) / POSITIONS_PER_QUARTER
