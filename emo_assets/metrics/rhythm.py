"""Tempo, meter and groove."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics import note_rates
from emo_assets.metrics.articulation import mean_or_nan, weighted_mean
from emo_assets.metrics.fidelity import cosine
from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong, bar_quarters
from emo_assets.midi.general_midi import BASS_PROGRAMS
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

USUAL_TEMPO = 120.0
"""Quarter notes per minute to which people like to move (Moelants 2002)."""

POSITION_TOLERANCE = 0.05
"""Quarter notes."""

_GRID = frozenset({0, 3, 4, 6, 8, 9})
"""Twelfths of a quarter note at which sixteenths and eighth triplets lie."""

_SMOOTHING = np.array([1.0, 4.0, 1.0])


def tempo(song: ParsedSong) -> float:
    """Return the tempo in force for the most seconds, in quarter notes per minute.

    Tempos that differ by less than 0.5 count as one and take the value of the first. Without notes, the first
    tempo.
    """
    starts, tempos = song.score.tempo_map.times.tolist(), song.score.tempo_map.tempos.tolist()
    ends = [*starts[1:], max(song.seconds, starts[-1])]
    seconds: dict[int, float] = {}
    values: dict[int, float] = {}
    for start, end, value in zip(starts, ends, tempos, strict=True):
        rounded = round(2 * value)
        values.setdefault(rounded, value)
        seconds[rounded] = seconds.get(rounded, 0.0) + max(min(end, song.seconds) - start, 0.0)
    return values[max(seconds, key=seconds.__getitem__)]


def log_tempo(song: ParsedSong) -> float:
    """Return log(`tempo`), of quarter notes per minute: 4.09 for 60, 4.79 for 120; any finite number."""
    return math.log(tempo(song))


def nearness_to_120_bpm(song: ParsedSong) -> float:
    """Return -|log(`tempo` / 120)|: 0 at 120 quarter notes per minute, -0.69 at 60 and 240; 0 or less."""
    return -abs(math.log(tempo(song) / USUAL_TEMPO))


def time_signature(song: ParsedSong) -> tuple[int, int]:
    """Return the numerator and denominator in force over the most quarter notes; the first of equals.

    Without notes, the first time signature of the file; 4/4 if it has none.
    """
    end = float(song.bar_edges[-1])
    following_starts = [*(start for start, _, _ in song.meters[1:]), np.inf]
    quarters: dict[tuple[int, int], float] = {}
    for (start, numerator, denominator), following in zip(song.meters, following_starts, strict=True):
        meter = (numerator, denominator)
        quarters[meter] = quarters.get(meter, 0.0) + max(min(following, end) - start, 0.0)
    return max(quarters, key=quarters.__getitem__)


def beats_in_bar(song: ParsedSong) -> float:
    """Return the length of the prevailing meter's bar in quarter notes: 4 for 4/4, 3 for 3/4 and 6/8."""
    return bar_quarters(*time_signature(song))


def bars(song: ParsedSong) -> int:
    """Return the number of bars, from the file's first to the one in which the last note starts."""
    return len(song.bar_edges) - 1


def groove_regularity(song: ParsedSong) -> float:
    """Return the mean similarity of neighboring bars' rhythms.

    Counts the onsets of the rhythm section (drums and basses; all notes if there is neither) at 12 positions
    per quarter note, smooths them by 1 4 1, and averages the cosine similarity of neighboring bars of equal
    length that both have onsets. Rank correlation with danceability: 0.94 in 240 composed songs, 0.25 in 214
    real ones.

    Returns:
        0 to 1; NaN if no two neighboring bars can be compared.
    """
    rhythm = song.notes.is_drum | np.isin(song.notes.program, list(BASS_PROGRAMS))
    histograms = _onset_histograms(song, rhythm if rhythm.any() else np.ones_like(rhythm))
    similarities = [
        cosine(one, other)
        for one, other in pairwise(histograms)
        if len(one) == len(other) and one.any() and other.any()
    ]
    return float(np.mean(similarities)) if similarities else float("nan")


def _onset_histograms(song: ParsedSong, counted: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return each bar's smoothed onset counts, one array of shape (positions,) per bar."""
    notes = song.notes.where(counted)
    bar_of = song.bar_of(notes)
    histograms = []
    for bar, (begin, end) in enumerate(pairwise(song.bar_edges)):
        size = max(round((end - begin) * POSITIONS_PER_QUARTER), 1)
        onsets = notes.onset[bar_of == bar]
        positions = np.minimum(np.round((onsets - begin) * POSITIONS_PER_QUARTER).astype(np.int64), size - 1)
        counts = np.bincount(positions, minlength=size)
        histograms.append(np.convolve(counts, _SMOOTHING, mode="same")[:size])
    return histograms


def position_share(notes: NoteArrays, *positions: float) -> float:
    """Return the share of notes that start at one of some positions of the beat, 0 to 1; NaN without notes.

    Args:
        notes: the notes that count.
        positions: fractions of a quarter note; 0 is the beat. Onsets within `POSITION_TOLERANCE` are at it.
    """
    if not len(notes):
        return float("nan")
    offsets = (notes.onset[:, None] % 1 - np.array(positions) + 0.5) % 1 - 0.5  # (notes, positions)
    return float((np.abs(offsets) < POSITION_TOLERANCE).any(axis=1).mean())


def sixteenth_grid_share(song: ParsedSong) -> float:
    """Return the share of notes within 0.02 quarter notes of a sixteenth, 0 to 1; NaN without notes."""
    steps = song.notes.onset * 4
    return float((np.abs(steps - np.round(steps)) < 0.08).mean()) if len(steps) else float("nan")


def off_grid_share(song: ParsedSong) -> float:
    """Return the share of notes that start on neither a sixteenth nor an eighth triplet, 0 to 1.

    Onsets round to twelfths of a quarter note. NaN without notes.
    """
    twelfths = np.round(song.notes.onset * POSITIONS_PER_QUARTER).astype(np.int64) % POSITIONS_PER_QUARTER
    return mean_or_nan(~np.isin(twelfths, list(_GRID)))


def syncopation(parts: Iterable[NoteArrays]) -> float:
    """Return the share of onsets that anticipate a stronger position, 0 to 1; NaN without notes.

    Onsets round to sixteenths. One off the eighths anticipates if its part has no onset a sixteenth later,
    one on the second eighth of a beat if its part has none in the two sixteenths after. Parts count by their
    number of notes.
    """
    shares, sizes = [], []
    for part in parts:
        if not len(part):
            continue
        steps = np.unique(np.round(part.onset * 4).astype(np.int64))
        next_struck, second_struck = np.isin(steps + 1, steps), np.isin(steps + 2, steps)
        sixteenth = (steps % 2 == 1) & ~next_struck
        eighth = (steps % 4 == 2) & ~next_struck & ~second_struck
        shares.append(float((sixteenth | eighth).mean()))
        sizes.append(len(part))
    return weighted_mean(shares, sizes)


def beat_pattern_share(song: ParsedSong, keys: Collection[int], beats: Sequence[int]) -> float:
    """Return the share of bars with a drum hit on each of some beats, 0 to 1; 0 without bars.

    Args:
        song: the song.
        keys: drum keys, any of which may hit.
        beats: quarter notes from the bar line, within 0.1 of which a hit counts.
    """
    hits = note_rates.hits(song, keys)
    bar_of = song.bar_of(hits)
    offsets = hits.onset - song.bar_edges[bar_of]
    struck = np.zeros((bars(song), len(beats)), dtype=bool)
    for column, beat in enumerate(beats):
        struck[bar_of[np.abs(offsets - beat) < 0.1], column] = True
    return float(struck.all(axis=1).mean()) if len(struck) else 0.0
