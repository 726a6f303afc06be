"""Deviations from a steady groove: strokes displaced from bar to bar, and delayed beats.

Both keep every note on the grid of twelve positions per quarter note, and in its bar.
"""

from __future__ import annotations

from emo_assets.synthetic_corpus.lead_sheet import WrittenNote
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MAX_DELAY = 2
"""Maximum delay of a beat in positions: strokes in a beat's last quarter stay inside the beat."""


def displaced_strokes(
    bars: int, meter: Meter, looseness: float, swing: bool, rng: SeededRandom
) -> tuple[dict[int, int], ...]:
    """Choose for each bar which strokes are pushed ahead or dragged.

    Args:
        bars: how many bars.
        meter: the meter.
        looseness: 0 (no displacement) to 1.
        swing: whether eighth notes are triplets, so that strokes move by triplets.
        rng: chooses the strokes.

    Returns:
        For each bar, {position in the steady groove: position where the stroke is played instead}.
    """
    step = 4 if swing else 3
    displaced = []
    for _ in range(bars):
        in_bar: dict[int, int] = {}
        for position in range(0, meter.positions, step):
            if rng.bernoulli(0.42 * looseness):
                target = position + rng.pick((-2, -1, 1, 2)) * step
                if 0 <= target < meter.positions:
                    in_bar[position] = target
        displaced.append(in_bar)
    return tuple(displaced)


def beat_delays(bars: int, meter: Meter, looseness: float, rng: SeededRandom) -> list[int]:
    """Return the delay of each beat in positions: a slow random walk, 0 in a steady groove.

    Most bars start on time, so that downbeats remain recognisable.
    """
    wander = max(0.0, looseness - 0.3)
    delays = []
    delay = 0
    for beat in range(bars * meter.beats):
        if beat % meter.beats == 0 and rng.bernoulli(1 - 0.5 * wander):
            delay = 0
        elif rng.bernoulli(wander):
            delay = min(MAX_DELAY, max(0, delay + rng.pick((-1, 1, 1))))
        delays.append(delay)
    return delays


def apply_rubato(notes: list[WrittenNote], delays: list[int]) -> list[WrittenNote]:
    """Return the notes, each delayed as its beat is."""
    last = len(delays) - 1
    return [
        note._replace(start=note.start + delays[min(last, note.start // POSITIONS_PER_QUARTER)])
        for note in notes
    ]
