"""How closely a song follows its description, compared with the song that was described (FIGARO, section 5).

Values are averaged over the bars that both songs have, then over songs.
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
"""Lower bound of a normal distribution's standard deviation, for bars with equal notes."""


@dataclass(frozen=True)
class Fidelity:
    """Metrics of one song, or their means over several.

    All are between 0 and 1, and 1 for equal songs, except `density_error`, which is 0 for equal songs. Two
    bars that both lack something (notes, chords) are equal in it; if only one lacks it, the value is 0.

    Attributes:
        instrument_precision, instrument_recall, instrument_f1: of the sets of instruments in a bar.
        chord_precision, chord_recall, chord_f1: of the sets of chords that sound in a bar.
        time_signature: share of bars with the same time signature.
        pitch, velocity, duration: overlapping area of normal distributions fitted to a bar's notes.
        density_error: normalized root mean square error of notes per beat.
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


def fidelity(truth: Sequence[EventBar], written: Sequence[EventBar]) -> Fidelity:
    """Compare a generated song with the true one.

    Args:
        truth: bars of the song that was described, at least one.
        written: bars of the song that was generated from the description, at least one.
    """
    pairs = list(zip(truth, written, strict=False))
    sets = {
        "instrument": np.mean(
            [precision_recall_f1(_instruments(a), _instruments(b)) for a, b in pairs], axis=0
        ),
        "chord": np.mean(
            [precision_recall_f1(sounding_chords(a), sounding_chords(b)) for a, b in pairs], axis=0
        ),
    }
    scores = {
        f"{name}_{score}": float(value)
        for name, values in sets.items()
        for score, value in zip(("precision", "recall", "f1"), values, strict=True)
    }
    areas = {
        name: float(np.mean([overlapping_area(_values(a, name), _values(b, name)) for a, b in pairs]))
        for name in ("pitch", "velocity", "duration")
    }
    density = [(len(a.notes) / _beats(a), len(b.notes) / _beats(b)) for a, b in pairs]
    return Fidelity(
        **scores,
        time_signature=float(np.mean([a.time_signature == b.time_signature for a, b in pairs])),
        **areas,
        density_error=nrmse(*np.array(density).T),
        chroma=float(np.mean([cosine(chroma(a.notes), chroma(b.notes)) for a, b in pairs])),
        groove=float(np.mean([cosine(groove(a.notes), groove(b.notes)) for a, b in pairs])),
    )


def mean_fidelity(pieces: Sequence[Fidelity]) -> Fidelity:
    """Return the means over several songs, at least one."""
    names = [field.name for field in fields(Fidelity)]
    return Fidelity(*(float(np.mean([getattr(piece, name) for piece in pieces])) for name in names))


def agreement(asked: Sequence[DescribedBar], read: Sequence[DescribedBar]) -> float:
    """Return how well a song's own description agrees with the requested one, 0 to 1.

    A bar's value is the mean of five, each between 0 and 1: F1 of the instruments, F1 of the chords, and
    1 / (1 + difference of bins) for note density, mean velocity and mean pitch. The song's value is the mean
    over the requested bars; a missing bar counts 0. Mean duration does not count: it depends on the file's
    resolution more than on the music.

    Args:
        asked: the requested description, at least one bar.
        read: the description that was extracted from the song.
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


def precision_recall_f1(truth: Collection[int], written: Collection[int]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of two sets; all 1 if both are empty, 0 if one is."""
    if not truth or not written:
        alike = float(not truth and not written)
        return alike, alike, alike
    common = len(set(truth) & set(written))
    precision, recall = common / len(set(written)), common / len(set(truth))
    return precision, recall, 2 * common / (len(set(written)) + len(set(truth)))


def overlapping_area(truth: NDArray[np.float64], written: NDArray[np.float64]) -> float:
    """Return the area under both normal distributions fitted to two samples, 0 to 1.

    The distributions have the samples' means and population standard deviations, at least `MIN_STD`.

    Args:
        truth: values (n,).
        written: values (m,).

    Returns:
        The area; 1 if both samples are empty, 0 if one is.
    """
    if not len(truth) or not len(written):
        return float(not len(truth) and not len(written))
    deviation, other_deviation = (max(float(values.std()), MIN_STD) for values in (truth, written))
    if math.isclose(deviation, other_deviation):
        other_deviation = deviation  # almost equal variances are numerically unstable
    one = NormalDist(float(truth.mean()), deviation)
    return one.overlap(NormalDist(float(written.mean()), other_deviation))


def nrmse(truth: NDArray[np.float64], written: NDArray[np.float64]) -> float:
    """Return the NRMSE sqrt(mean((d - d')²) / mean(d)²) of two series (bars,); 0 if both are zero."""
    error = math.sqrt(float(np.mean((truth - written) ** 2)))
    scale = float(np.mean(truth))
    if scale == 0:
        return 0.0 if error == 0 else math.inf
    return error / scale


def chroma(notes: Sequence[NoteEvent]) -> NDArray[np.float64]:
    """Count onsets by pitch class, without drums; shape (12,)."""
    classes = [note.pitch % 12 for note in notes if note.instrument != DRUMS]
    return np.bincount(np.array(classes, np.int64), minlength=12).astype(np.float64)


def groove(notes: Sequence[NoteEvent]) -> NDArray[np.float64]:
    """Count onsets by position, including drums, smoothed by 1 4 1; shape (146,)."""
    positions = np.array([min(note.position, MAX_POSITIONS - 1) for note in notes], np.int64)
    onsets = np.bincount(positions, minlength=MAX_POSITIONS).astype(np.float64)  # (144,)
    return np.convolve(onsets, [1.0, 4.0, 1.0])  # (146,)


def cosine(truth: NDArray[np.float64], written: NDArray[np.float64]) -> float:
    """Return the cosine similarity of two vectors; 1 if both are zero, 0 if one is."""
    lengths = float(np.linalg.norm(truth)), float(np.linalg.norm(written))
    if not all(lengths):
        return float(not any(lengths))
    return float(truth @ written) / (lengths[0] * lengths[1])


def sounding_chords(bar: EventBar) -> set[int]:
    """Return the chords that begin in a bar, and the current one unless another begins at position 0."""
    begun = {chord for _, chord in bar.chords}
    begins_at_once = any(position == 0 for position, _ in bar.chords)
    return begun if bar.chord is None or begins_at_once else {bar.chord, *begun}


def _instruments(bar: EventBar) -> set[int]:
    return {note.instrument for note in bar.notes}


def _values(bar: EventBar, name: str) -> NDArray[np.float64]:
    """Return the pitches, MIDI velocities or durations in beats of a bar's notes, without drums."""
    notes = [note for note in bar.notes if note.instrument != DRUMS]
    indices = np.array([getattr(note, name) for note in notes], np.int64)
    match name:
        case "velocity":
            return VELOCITY_BINS[indices].astype(np.float64)
        case "duration":
            return DURATION_BINS[indices] / POSITIONS_PER_QUARTER
        case _:
            return indices.astype(np.float64)


def _beats(bar: EventBar) -> float:
    """Return a bar's length in quarter notes; 4 if its time signature is unknown."""
    signature = (4, 4) if bar.time_signature is None else TIME_SIGNATURES[bar.time_signature]
    return time_signature_positions(*signature) / POSITIONS_PER_QUARTER
