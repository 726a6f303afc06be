"""How a groove comes loose: strokes that move from bar to bar, and beats that come late.

Both leave every note on the grid of twelve positions a quarter note, and no note in another bar.
"""

from __future__ import annotations

from emo_assets.synthetic_corpus.lead_sheet import Sound
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

LATEST = 2
"""Positions that a beat comes late at most: strokes in a beat's last quarter stay inside the beat."""


def displaced_strokes(
    bars: int, meter: Meter, looseness: float, swing: bool, rng: SeededRandom
) -> tuple[dict[int, int], ...]:
    """Decide for each bar which strokes are pushed ahead or dragged, and where to.

    Args:
        bars: how many bars.
        meter: the meter.
        looseness: 0 (nothing moves) to 1.
        swing: whether eighths are triplets, so that strokes move by triplets.
        rng: decides.

    Returns:
        For each bar, positions that are not played where they stand, and where they are played instead.
    """
    step = 4 if swing else 3
    slots = range(0, meter.positions, step)
    moved = []
    for _ in range(bars):
        moves: dict[int, int] = {}
        for slot in slots:
            if not rng.bernoulli(0.42 * looseness):
                continue
            target = slot + rng.pick((-2, -1, 1, 2)) * step
            if 0 <= target < meter.positions:
                moves[slot] = target
        moved.append(moves)
    return tuple(moved)


def beat_delays(bars: int, meter: Meter, looseness: float, rng: SeededRandom) -> list[int]:
    """Return by how many positions each beat comes late: a slow wandering, 0 in a steady groove.

    Most bars start on time, so that one can still hear where they do.
    """
    wander = max(0.0, looseness - 0.3)
    late = []
    now = 0
    for beat in range(bars * meter.beats):
        if beat % meter.beats == 0 and rng.bernoulli(1 - 0.5 * wander):
            now = 0
        elif rng.bernoulli(wander):
            now = min(LATEST, max(0, now + rng.pick((-1, 1, 1))))
        late.append(now)
    return late


def apply_rubato(sounds: list[Sound], late: list[int]) -> list[Sound]:
    """Return `sounds` with starts and ends as late as their beats are."""
    last = len(late) - 1
    return [
        sound._replace(start=sound.start + late[min(last, sound.start // POSITIONS_PER_QUARTER)])
        for sound in sounds
    ]
