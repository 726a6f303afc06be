"""Meters, and a notation of rhythms that applies to every meter.

A rhythm has four beats of equally many steps, as in `"9...|7.5.|9...|7.53"`: a dot is silence, a digit a
stroke and its rank. Strokes of rank 9 are always played, those of rank 1 only at the highest level. Three
steps per beat are triplets. In another meter than 4/4, each beat of the bar plays one of the rhythm's four.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_BEATS_PLAYED: dict[int, tuple[int, ...]] = {
    1: (0, 1, 2, 3),
    2: (0, 1),
    3: (0, 1, 3),
    4: (0, 1, 2, 3),
    5: (0, 1, 3, 2, 3),
    6: (0, 1, 3, 2, 1, 3),
    7: (0, 1, 2, 3, 0, 1, 3),
}


@dataclass(frozen=True)
class Meter:
    """Quarter notes per bar, as written in the file and as played.

    Attributes:
        written: beats per bar in the file, 1 to 7. Four bars of one beat are played as one bar of four.
        parts: for each played beat, which of a rhythm's four beats (0 to 3) it plays.
    """

    written: int
    parts: tuple[int, ...]

    @classmethod
    def of(cls, time_signature: int) -> Meter:
        """Return the meter of `time_signature` quarter notes per bar (1 to 7)."""
        return cls(time_signature, _BEATS_PLAYED[time_signature])

    @property
    def beats(self) -> int:
        """Beats of a played bar."""
        return len(self.parts)

    @property
    def positions(self) -> int:
        """Positions of a played bar, twelve per beat."""
        return self.beats * POSITIONS_PER_QUARTER

    def strength(self, position: int) -> float:
        """Metrical weight of a position in the played bar: 1 on the downbeat, 0.2 between eighth notes."""
        beat, rest = divmod(position, POSITIONS_PER_QUARTER)
        if rest:
            return 0.4 if rest in (6, 8) else 0.2
        return (1.0, 0.6, 0.8, 0.6)[self.parts[beat % self.beats]]


@cache
def strokes(rhythm: str, meter: Meter) -> tuple[tuple[int, int], ...]:
    """Return (position in the played bar, rank 1 to 9) of each stroke of `rhythm`, in order."""
    beats = rhythm.split("|")
    found = []
    for beat, part in enumerate(meter.parts):
        steps = beats[part]
        width = POSITIONS_PER_QUARTER // len(steps)
        found += [
            (beat * POSITIONS_PER_QUARTER + step * width, int(rank))
            for step, rank in enumerate(steps)
            if rank != "."
        ]
    return tuple(found)


@cache
def onsets(rhythm: str, meter: Meter, min_rank: int) -> tuple[int, ...]:
    """Return the positions of the strokes of `rhythm` that rank at least `min_rank`."""
    return tuple(position for position, rank in strokes(rhythm, meter) if rank >= min_rank)


def lowest_rank(level: float) -> int:
    """Return the lowest rank that is played at a level (0 to 1) of activity."""
    return 9 - min(8, max(0, int(level * 9)))
