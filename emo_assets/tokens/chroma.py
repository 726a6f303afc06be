"""How loud each of the twelve pitch classes sounds in each beat, as `PrettyMIDI.get_chroma` measures it."""

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
"""Cells (a pitch of a part, a beat) that are summed at once: bounds the memory."""

MAX_CELLS = 400_000_000
"""Cells of a piece; a real one has less than a million."""


def beat_chroma(score: Score, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure the chroma of every beat.

    The loudness of a pitch is the mean of its velocities over a beat's frames, the sustain pedal and pitch
    bends applied, drums left out. Parts are summed, then octaves. The last beat has no end and stays silent.

    Args:
        score: the piece.
        beats: its beats in seconds, at least one, shape (beats,).

    Returns:
        Loudness, shape (12, beats).

    Raises:
        MidiError: the piece holds absurdly many notes, pedals and bends at a time.
    """
    part, pieces, lengths = _sounding(score, float(beats[-1]))
    used = np.zeros(len(score.instruments) << 7, dtype=np.bool_)
    used[(part << 7) + pieces.pitch] = True
    rows = np.flatnonzero(used)  # part * 128 + pitch
    row_of_cell = np.cumsum(used) - 1
    row = row_of_cell[(part << 7) + pieces.pitch]
    columns = np.round(beats * FRAMES_PER_SECOND).astype(np.int64)
    chroma = np.zeros((12, len(beats)))
    if len(rows) * len(beats) > MAX_CELLS:
        raise MidiError("limits", f"{len(rows)} pitches of parts sound over {len(beats)} beats")
    step = max(MAX_CELLS_AT_ONCE // max(len(rows), 1), 1)
    for first in range(0, len(beats) - 1, step):
        edges = columns[first : first + step + 1]
        starts, stops = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
        means = _means(pieces, row, lengths[rows >> 7], starts, stops)
        roll = np.zeros((128, len(starts)))
        bounds = np.searchsorted(rows, np.arange(len(score.instruments) + 1) << 7).tolist()
        for low, high in pairwise(bounds):
            roll[rows[low:high] & 0x7F] += means[low:high]
        for pitch_class in range(12):
            chroma[pitch_class, first : first + len(starts)] = roll[pitch_class::12].sum(axis=0)
    return chroma


def _sounding(score: Score, last_beat: float) -> tuple[NDArray[np.int64], SoundingSpans, NDArray[np.int64]]:
    """Return what sounds.

    Returns:
        The part of each piece, the pieces, and how many frames the roll of each part has.
    """
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
    pieces = []
    for number, instrument in enumerate(instruments):
        controls = instrument.controls
        if not is_plain[number] or not (len(controls.pedal_ups) or len(controls.bend_ticks)):
            continue
        is_plain[number] = False
        changed = all_notes.select(notes.instrument == number)
        if len(controls.pedal_ups):
            downs, ups = tempo_map.seconds(controls.pedal_downs), tempo_map.seconds(controls.pedal_ups)
            changed = apply_sustain(changed, frames(downs), frames(ups))
        if len(controls.bend_ticks):
            bent_from = frames(tempo_map.seconds(controls.bend_ticks))
            changed = apply_pitch_bends(changed, bent_from, controls.bend_amounts, int(lengths[number]))
        pieces.append((np.full(len(changed.pitch), number), changed))
    plain = is_plain[notes.instrument]
    pieces.append((notes.instrument[plain], all_notes.select(plain)))
    return (
        np.concatenate([part for part, _ in pieces]),
        SoundingSpans.joined([changed for _, changed in pieces]),
        lengths,
    )


def _means(
    pieces: SoundingSpans,
    row: NDArray[np.int64],
    lengths: NDArray[np.int64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean loudness of each row in each span of frames.

    Args:
        pieces: what sounds.
        row: the row of each piece.
        lengths: how many frames each row has, shape (rows,).
        starts: first frame of each span, ascending, shape (spans,).
        stops: frame after its last, ascending, shape (spans,).

    Returns:
        The means, shape (rows, spans).
    """
    is_gapless = bool((stops[:-1] == starts[1:]).all())
    edges = np.append(starts, stops[-1]) if is_gapless else np.unique(np.concatenate((starts, stops)))
    sums = _sums(pieces, row, len(lengths), edges)
    if not is_gapless:
        totals = np.pad(np.cumsum(sums, axis=1), ((0, 0), (1, 0)))
        sums = totals[:, np.searchsorted(edges, stops)] - totals[:, np.searchsorted(edges, starts)]
    # The roll of a part may end before the span does: then the mean is that of the frames there are.
    late = np.flatnonzero(stops > lengths.min(initial=stops[-1]))
    means = sums / (stops - starts)
    counts = np.minimum(stops[late], lengths[:, np.newaxis]) - starts[late]  # (rows, late)
    means[:, late] = np.where(counts > 0, sums[:, late] / np.maximum(counts, 1), 0)
    return means


def _sums(
    pieces: SoundingSpans, row: NDArray[np.int64], row_count: int, edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the summed loudness of each row over the frames between each edge and the next.

    Returns:
        The sums, shape (row_count, len(edges) - 1).
    """
    start = np.clip(pieces.start, edges[0], edges[-1])
    stop = np.clip(pieces.stop, edges[0], edges[-1])
    first = np.searchsorted(edges, start, side="right") - 1
    last = np.searchsorted(edges, stop, side="right") - 1
    # A piece fills every cell from its first to its last, less what is missing at both ends.
    width = len(edges) + 1
    next_edge = np.append(edges, edges[-1])[1:]
    ends = np.concatenate((row * width + first, row * width + last))
    missing = np.concatenate(
        (pieces.loudness * (edges[first] - start), pieces.loudness * (stop - next_edge[last]))
    )
    filled = np.concatenate((row * width + first, row * width + last + 1))
    steps = np.concatenate((pieces.loudness, -pieces.loudness))
    shape = (row_count, width)
    sums = np.bincount(ends, missing, row_count * width).reshape(shape)[:, : len(edges) - 1]
    level = np.cumsum(np.bincount(filled, steps, row_count * width).reshape(shape), axis=1)
    return np.asarray(sums + level[:, : len(edges) - 1] * np.diff(edges), dtype=np.float64)
