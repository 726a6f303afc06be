"""Meters, and rhythms written as patterns that every meter can read.

A rhythm is written for four beats, one group of steps a beat, as in `"9...|7.5.|9...|7.53"`: a dot is
silence, a digit a stroke and its rank, 9 being heard always and 1 only when the music is at its busiest.
Three steps a beat are triplets. A meter reads it beat by beat: each of its own beats takes the part of one
of the four.
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
    """Quarter notes a bar, as written in the file and as the players feel it.

    Attributes:
        written: beats of a bar in the file, 1 to 7. A bar of one beat is felt as a quarter of a bar of four.
        parts: for each felt beat, which of a pattern's four beats (0 to 3) it plays.
    """

    written: int
    parts: tuple[int, ...]

    @classmethod
    def of(cls, time_signature: int) -> Meter:
        """Return the meter of `time_signature` quarter notes a bar (1 to 7)."""
        return cls(time_signature, _BEATS_PLAYED[time_signature])

    @property
    def beats(self) -> int:
        """Beats of a felt bar."""
        return len(self.parts)

    @property
    def positions(self) -> int:
        """Positions of a felt bar, twelve a beat."""
        return self.beats * POSITIONS_PER_QUARTER

    def strength(self, position: int) -> float:
        """How much weight a position of the felt bar has: 1 at its start, 0.2 between the eighths."""
        beat, rest = divmod(position, POSITIONS_PER_QUARTER)
        if rest:
            return 0.4 if rest in (6, 8) else 0.2
        return (1.0, 0.6, 0.8, 0.6)[self.parts[beat % self.beats]]


@cache
def strokes(pattern: str, meter: Meter) -> tuple[tuple[int, int], ...]:
    """Return (position in the felt bar, rank 1 to 9) of each stroke of `pattern`, in order."""
    beats = pattern.split("|")
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
def onsets(pattern: str, meter: Meter, lowest_rank: int) -> tuple[int, ...]:
    """Return the positions of the strokes of `pattern` that rank at least `lowest_rank`."""
    return tuple(position for position, rank in strokes(pattern, meter) if rank >= lowest_rank)


def lowest_rank(level: float) -> int:
    """Return the rank from which strokes are heard when the music is as busy as `level` (0 to 1)."""
    return 9 - min(8, max(0, int(level * 9)))
