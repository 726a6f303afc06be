"""What sounds when: pieces of constant loudness on a grid of hundredths of a second.

Follows pretty_midi's piano roll (sustain pedals apply_sustain what sounds, pitch bends slide it) without
laying a roll
out: a piece is a pitch, a span of frames and how loud it sounds there; pedals and bends are done to pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError

FRAMES_PER_SECOND = 100
MAX_SPANS = 10_000_000
"""SoundingSpans of one part. A real one has a few thousand."""

_BEND_RANGE = 2.0
"""Semitones to which a full pitch apply_pitch_bends bends."""


@dataclass(frozen=True, slots=True)
class SoundingSpans:
    """Spans of frames in which a pitch sounds equally loud; all arrays of shape (n,).

    Spans of one pitch may overlap: then they sound as loud as their sum.

    Attributes:
        pitch: MIDI pitch.
        start: first frame.
        stop: frame after the last.
        loudness: velocity, or the share of it that a apply_pitch_bends leaves.
    """

    pitch: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    loudness: NDArray[np.float64]

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> SoundingSpans:
        """Return the chosen pieces."""
        return SoundingSpans(self.pitch[chosen], self.start[chosen], self.stop[chosen], self.loudness[chosen])

    @classmethod
    def joined(cls, several: Sequence[SoundingSpans]) -> SoundingSpans:
        """Return all pieces of several."""
        return cls(
            np.concatenate([pieces.pitch for pieces in several]),
            np.concatenate([pieces.start for pieces in several]),
            np.concatenate([pieces.stop for pieces in several]),
            np.concatenate([pieces.loudness for pieces in several]),
        )


def frames(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the frames in which points in time lie."""
    return (seconds * FRAMES_PER_SECOND).astype(np.int64)


def apply_sustain(
    pieces: SoundingSpans, pedal_start: NDArray[np.int64], pedal_stop: NDArray[np.int64]
) -> SoundingSpans:
    """Let a sustain pedal apply_sustain what sounds: within its span a pitch never gets softer.

    Args:
        pieces: what sounds without it.
        pedal_start: first frame of each span of the pedal, ascending, shape (spans,).
        pedal_stop: frame after its last, shape (spans,).

    Returns:
        What sounds with it.

    Raises:
        MidiError: notes and pedals overlap absurdly often.
    """
    longer = pedal_start < pedal_stop
    if not longer.any():
        return pieces
    pedal_start, pedal_stop = pedal_start[longer], pedal_stop[longer]
    # Cut each pitch wherever its loudness or the pedal may change.
    first = np.searchsorted(pedal_stop, pieces.start, side="right")
    last = np.searchsorted(pedal_start, pieces.stop, side="left")
    piece, span = _expand(first, np.maximum(last - first, 0))
    pitch = np.concatenate((pieces.pitch, pieces.pitch, pieces.pitch[piece], pieces.pitch[piece]))
    cut = np.concatenate((pieces.start, pieces.stop, pedal_start[span], pedal_stop[span]))
    step = np.concatenate((pieces.loudness, -pieces.loudness, np.zeros(2 * len(piece))))
    order = np.argsort((pitch << 40) + cut, kind="stable")
    pitch, cut, loudness = pitch[order], cut[order], np.cumsum(step[order])
    real = np.flatnonzero((pitch[1:] == pitch[:-1]) & (cut[1:] > cut[:-1]))
    pitch, start, stop, loudness = pitch[real], cut[real], cut[real + 1], loudness[real]

    span = np.searchsorted(pedal_start, start, side="right") - 1
    held = (span >= 0) & (start < pedal_stop[span])
    is_new = np.ones(len(start), dtype=np.bool_)
    is_new[1:] = (pitch[1:] != pitch[:-1]) | (span[1:] != span[:-1]) | (held[1:] != held[:-1])
    # One running maximum for all: each run of pieces is lifted above everything before it.
    lift = np.cumsum(is_new) * (loudness.max(initial=0) + 1)
    loudest = np.maximum.accumulate(loudness + lift) - lift
    loudness = np.where(held, loudest, loudness)
    sounds = loudness > 0
    return SoundingSpans(pitch[sounds], start[sounds], stop[sounds], loudness[sounds])


def apply_pitch_bends(
    pieces: SoundingSpans, bend_start: NDArray[np.int64], amount: NDArray[np.int64], end: int
) -> SoundingSpans:
    """Let pitch bends slide what sounds: a bent pitch sounds as a mixture of its two neighbours.

    Args:
        pieces: what sounds without them.
        bend_start: first frame of each apply_pitch_bends, ascending, shape (bends,).
        amount: -8192..8191, shape (bends,).
        end: frame after the last.

    Returns:
        What sounds with them.

    Raises:
        MidiError: notes and bends overlap absurdly often.
    """
    lasts = np.append(bend_start[1:], end) > bend_start
    bend_start, amount = bend_start[lasts], amount[lasts]
    first = np.searchsorted(bend_start, pieces.start, side="right")
    last = np.searchsorted(bend_start, pieces.stop, side="left")
    piece, span = _expand(first, np.maximum(last - first, 0) + 1)
    edges = np.concatenate(([0], bend_start, [end]))
    cut = SoundingSpans(
        pieces.pitch[piece],
        np.maximum(pieces.start[piece], edges[span]),
        np.minimum(pieces.stop[piece], np.maximum(edges[span + 1], 0)),
        pieces.loudness[piece],
    )
    semitones = np.concatenate(([0.0], _BEND_RANGE * amount / 8192.0))[span]
    whole = np.trunc(semitones).astype(np.int64)
    part = np.abs(semitones - whole)
    direction = np.where(semitones >= 0, 1, -1)
    near = cut.pitch + whole
    far = near + direction
    # At the end of the keyboard there is nothing to mix with.
    at_edge = near == np.where(direction > 0, 0, 127)
    near_loudness = np.where(at_edge, cut.loudness, (1 - part) * cut.loudness)
    mixed = SoundingSpans(
        np.concatenate((near, far)),
        np.concatenate((cut.start, cut.start)),
        np.concatenate((cut.stop, cut.stop)),
        np.concatenate((near_loudness, part * cut.loudness)),
    )
    return mixed.select((mixed.pitch >= 0) & (mixed.pitch <= 127) & (mixed.loudness > 0))


def _expand(
    first: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each piece i as often as `counts[i]`, i itself and the numbers from `first[i]` on."""
    total = int(counts.sum())
    if total > MAX_SPANS:
        raise MidiError("limits", f"pedals and bends cut the notes of a part into {total} pieces")
    piece = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return piece, first[piece] + np.arange(total) - starts[piece]
