"""The loudness of the twelve pitch classes in each beat, as `PrettyMIDI.get_chroma` measures it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError
from emo_assets.midi.general_midi import DRUMS
from emo_assets.midi.score import Score
from emo_assets.tokens.sounding_spans import (
    FRAMES_PER_SECOND,
    SoundingSpans,
    apply_pitch_bends,
    apply_sustain,
    frames,
)

MAX_CELLS_AT_ONCE = 4_000_000
"""Cells (a pitch of an instrument in a beat) that are summed at once: bounds the memory."""

MAX_CELLS = 400_000_000
"""Cells of a song; a real one has less than a million."""


def beat_chroma(score: Score, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the chroma of each beat.

    The loudness of a pitch is the mean of its velocities over a beat's frames, with sustain pedal and pitch
    bends, without drums; it is summed over instruments and octaves. The last beat has no end and is silent.

    Args:
        score: the song.
        beats: its beats in seconds, at least one, shape (beats,).

    Returns:
        Loudness, shape (12, beats).

    Raises:
        MidiError: the song has too many notes, pedals and bends at a time.
    """
    instrument, spans, lengths = _sounding_spans(score, float(beats[-1]))
    used = np.zeros(len(score.instruments) << 7, dtype=np.bool_)
    used[(instrument << 7) + spans.pitch] = True
    rows = np.flatnonzero(used)  # instrument * 128 + pitch
    row_of_cell = np.cumsum(used) - 1
    row = row_of_cell[(instrument << 7) + spans.pitch]
    columns = np.round(beats * FRAMES_PER_SECOND).astype(np.int64)
    chroma = np.zeros((12, len(beats)))
    if len(rows) * len(beats) > MAX_CELLS:
        raise MidiError("limits", f"{len(rows)} pitches of instruments sound over {len(beats)} beats")
    step = max(MAX_CELLS_AT_ONCE // max(len(rows), 1), 1)
    for first in range(0, len(beats) - 1, step):
        edges = columns[first : first + step + 1]
        starts, stops = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
        means = _means(spans, row, lengths[rows >> 7], starts, stops)
        roll = np.zeros((128, len(starts)))
        bounds = np.searchsorted(rows, np.arange(len(score.instruments) + 1) << 7).tolist()
        for low, high in pairwise(bounds):
            roll[rows[low:high] & 0x7F] += means[low:high]
        for pitch_class in range(12):
            chroma[pitch_class, first : first + len(starts)] = roll[pitch_class::12].sum(axis=0)
    return chroma


def _sounding_spans(
    score: Score, last_beat: float
) -> tuple[NDArray[np.int64], SoundingSpans, NDArray[np.int64]]:
    """Return the instrument of each span, the spans, and the number of frames of each instrument's roll."""
    notes, tempo_map, instruments = score.notes, score.tempo_map, score.instruments
    last_tick = np.array([instrument.controls.last_tick for instrument in instruments])
    np.maximum.at(last_tick, notes.instrument, notes.end)
    lengths = frames(np.maximum(tempo_map.seconds(last_tick), last_beat))
    all_notes = SoundingSpans(
        notes.pitch,
        frames(tempo_map.seconds(notes.start)),
        frames(tempo_map.seconds(notes.end)),
        notes.velocity.astype(np.float64),
    )
    is_plain = np.array([instrument.program != DRUMS for instrument in instruments])
    spans = []
    for number, instrument in enumerate(instruments):
        controls = instrument.controls
        if not is_plain[number] or not (len(controls.pedal_ups) or len(controls.bend_ticks)):
            continue
        is_plain[number] = False
        own = all_notes.select(notes.instrument == number)
        if len(controls.pedal_ups):
            downs, ups = tempo_map.seconds(controls.pedal_downs), tempo_map.seconds(controls.pedal_ups)
            own = apply_sustain(own, frames(downs), frames(ups))
        if len(controls.bend_ticks):
            bend_start = frames(tempo_map.seconds(controls.bend_ticks))
            own = apply_pitch_bends(own, bend_start, controls.bend_amounts, int(lengths[number]))
        spans.append((np.full(len(own.pitch), number), own))
    plain = is_plain[notes.instrument]
    spans.append((notes.instrument[plain], all_notes.select(plain)))
    return (
        np.concatenate([number for number, _ in spans]),
        SoundingSpans.concatenate([own for _, own in spans]),
        lengths,
    )


def _means(
    spans: SoundingSpans,
    row: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean loudness of each row over some ranges of frames.

    Args:
        spans: the sounding spans.
        row: the row of each span.
        lengths: the number of frames of each row, shape (rows,).
        starts: first frame of each range, ascending, shape (ranges,).
        stops: frame after its last, ascending, shape (ranges,).

    Returns:
        The means, shape (rows, ranges).
    """
    is_gapless = bool((stops[:-1] == starts[1:]).all())
    edges = np.append(starts, stops[-1]) if is_gapless else np.unique(np.concatenate((starts, stops)))
    sums = _sums(spans, row, len(lengths), edges)
    if not is_gapless:
        totals = np.pad(np.cumsum(sums, axis=1), ((0, 0), (1, 0)))
        sums = totals[:, np.searchsorted(edges, stops)] - totals[:, np.searchsorted(edges, starts)]
    # The roll of an instrument may end before the frames do: then the mean is over the frames that it has.
    late = np.flatnonzero(stops > lengths.min(initial=stops[-1]))
    means = sums / (stops - starts)
    counts = np.minimum(stops[late], lengths[:, np.newaxis]) - starts[late]  # (rows, late)
    means[:, late] = np.where(counts > 0, sums[:, late] / np.maximum(counts, 1), 0)
    return means


def _sums(
    spans: SoundingSpans, row: NDArray[np.int64], row_count: int, edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the loudness of each row summed over the frames between edges, shape (row_count, edges - 1)."""
    start = np.clip(spans.start, edges[0], edges[-1])
    stop = np.clip(spans.stop, edges[0], edges[-1])
    first = np.searchsorted(edges, start, side="right") - 1
    last = np.searchsorted(edges, stop, side="right") - 1
    # A span fills every cell from its first to its last, minus the missing parts of both.
    width = len(edges) + 1
    next_edge = np.append(edges, edges[-1])[1:]
    ends = np.concatenate((row * width + first, row * width + last))
    missing = np.concatenate(
        (spans.loudness * (edges[first] - start), spans.loudness * (stop - next_edge[last]))
    )
    filled = np.concatenate((row * width + first, row * width + last + 1))
    steps = np.concatenate((spans.loudness, -spans.loudness))
    shape = (row_count, width)
    sums = np.bincount(ends, missing, row_count * width).reshape(shape)[:, : len(edges) - 1]
    level = np.cumsum(np.bincount(filled, steps, row_count * width).reshape(shape), axis=1)
    return np.asarray(sums + level[:, : len(edges) - 1] * np.diff(edges), dtype=np.float64)
