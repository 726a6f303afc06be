"""The time spans of sounding pitches, on a grid of hundredths of a second.

Computes pretty_midi's piano roll (sustain pedals hold notes, pitch bends slide them) as spans of constant
loudness, without the array of every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError

FRAMES_PER_SECOND = 100
MAX_SPANS = 10_000_000
"""Spans of one instrument. A real one has a few thousand."""

_BEND_RANGE = 2.0
"""Semitones of a full pitch bend."""


@dataclass(frozen=True, slots=True)
class SoundingSpans:
    """Spans of frames of one pitch and one loudness; all arrays of shape (n,).

    The loudness of overlapping spans of one pitch adds up.

    Attributes:
        pitch: MIDI pitch.
        start: first frame.
        stop: frame after the last.
        loudness: velocity, or the share of it that a bend leaves.
    """

    pitch: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    loudness: NDArray[np.float64]

    def select(self, chosen: NDArray[np.bool_]) -> SoundingSpans:
        """Return the chosen spans."""
        return SoundingSpans(self.pitch[chosen], self.start[chosen], self.stop[chosen], self.loudness[chosen])

    @classmethod
    def concatenate(cls, several: Sequence[SoundingSpans]) -> SoundingSpans:
        """Return the spans of several."""
        return cls(
            *(
                np.concatenate([getattr(spans, name) for spans in several])
                for name in cls.__dataclass_fields__
            )
        )


def frames(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the frames of points in time."""
    return (seconds * FRAMES_PER_SECOND).astype(np.int64)


def apply_sustain(
    spans: SoundingSpans, pedal_start: NDArray[np.int64], pedal_stop: NDArray[np.int64]
) -> SoundingSpans:
    """Apply a sustain pedal: while it is down, no pitch gets softer.

    Args:
        spans: the spans without it.
        pedal_start: first frame of each pedal span, ascending, shape (pedals,).
        pedal_stop: frame after its last, shape (pedals,).

    Raises:
        MidiError: notes and pedals overlap too often.
    """
    longer = pedal_start < pedal_stop
    if not longer.any():
        return spans
    pedal_start, pedal_stop = pedal_start[longer], pedal_stop[longer]
    # Cut each pitch at every frame at which its loudness or the pedal may change.
    first = np.searchsorted(pedal_stop, spans.start, side="right")
    last = np.searchsorted(pedal_start, spans.stop, side="left")
    span, pedal = _expand(first, np.maximum(last - first, 0))
    pitch = np.concatenate((spans.pitch, spans.pitch, spans.pitch[span], spans.pitch[span]))
    cut = np.concatenate((spans.start, spans.stop, pedal_start[pedal], pedal_stop[pedal]))
    step = np.concatenate((spans.loudness, -spans.loudness, np.zeros(2 * len(span))))
    order = np.argsort((pitch << 40) + cut, kind="stable")
    pitch, cut, loudness = pitch[order], cut[order], np.cumsum(step[order])
    real = np.flatnonzero((pitch[1:] == pitch[:-1]) & (cut[1:] > cut[:-1]))
    pitch, start, stop, loudness = pitch[real], cut[real], cut[real + 1], loudness[real]

    pedal = np.searchsorted(pedal_start, start, side="right") - 1
    held = (pedal >= 0) & (start < pedal_stop[pedal])
    is_new = np.ones(len(start), dtype=np.bool_)
    is_new[1:] = (pitch[1:] != pitch[:-1]) | (pedal[1:] != pedal[:-1]) | (held[1:] != held[:-1])
    # One running maximum for all: each run of spans is lifted above everything before it.
    lift = np.cumsum(is_new) * (loudness.max(initial=0) + 1)
    loudest = np.maximum.accumulate(loudness + lift) - lift
    loudness = np.where(held, loudest, loudness)
    return SoundingSpans(pitch, start, stop, loudness).select(loudness > 0)


def apply_pitch_bends(
    spans: SoundingSpans, bend_start: NDArray[np.int64], amount: NDArray[np.int64], end: int
) -> SoundingSpans:
    """Apply pitch bends: a bent pitch becomes a mixture of the two pitches next to it.

    Args:
        spans: the spans without them.
        bend_start: first frame of each bend, ascending, shape (bends,).
        amount: -8192..8191, shape (bends,).
        end: frame after the last.

    Raises:
        MidiError: notes and bends overlap too often.
    """
    lasts = np.append(bend_start[1:], end) > bend_start
    bend_start, amount = bend_start[lasts], amount[lasts]
    first = np.searchsorted(bend_start, spans.start, side="right")
    last = np.searchsorted(bend_start, spans.stop, side="left")
    span, bend = _expand(first, np.maximum(last - first, 0) + 1)
    edges = np.concatenate(([0], bend_start, [end]))
    start = np.maximum(spans.start[span], edges[bend])
    stop = np.minimum(spans.stop[span], np.maximum(edges[bend + 1], 0))
    loudness = spans.loudness[span]
    semitones = np.concatenate(([0.0], _BEND_RANGE * amount / 8192.0))[bend]
    whole = np.trunc(semitones).astype(np.int64)
    part = np.abs(semitones - whole)
    direction = np.where(semitones >= 0, 1, -1)
    near = spans.pitch[span] + whole
    # pretty_midi leaves the pitch at the end of the keyboard unmixed
    at_edge = near == np.where(direction > 0, 0, 127)
    mixed = SoundingSpans(
        np.concatenate((near, near + direction)),
        np.concatenate((start, start)),
        np.concatenate((stop, stop)),
        np.concatenate((np.where(at_edge, loudness, (1 - part) * loudness), part * loudness)),
    )
    return mixed.select((mixed.pitch >= 0) & (mixed.pitch <= 127) & (mixed.loudness > 0))


def _expand(
    first: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return i as often as `counts[i]` for each span i, and the numbers from `first[i]` on."""
    total = int(counts.sum())
    if total > MAX_SPANS:
        raise MidiError("limits", f"pedals and bends cut the notes of an instrument into {total} spans")
    span = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return span, first[span] + np.arange(total) - starts[span]
