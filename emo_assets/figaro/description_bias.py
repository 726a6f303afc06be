"""Logit biases that bring the numbers of a bar to its description: notes, velocity, pitch, instruments.

The network is free to miss them, and does where a description is unlike its training songs. So a bar that has
fewer notes than the described density allows moves on more slowly, one that would use them up early moves on
faster, an instrument that has not played yet
becomes more likely, and velocities and pitches are tilted towards the mean that the rest of the bar needs.
Nothing happens while a bar agrees with its description.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.figaro.constraints import bar_positions, max_notes, min_notes
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_state import EventState, Expected
from emo_assets.tokens.grammar.event_tokens import (
    BARS,
    DRUM_PITCHES,
    INSTRUMENTS,
    PITCHES,
    POSITIONS,
    VELOCITIES,
)
from emo_assets.tokens.quantization import MEAN_PITCH_BINS, MEAN_VELOCITY_BINS, VELOCITY_BINS

MAX_PACE_PENALTY = 10.0
"""Against a position with too few or too many notes before it, or a bar that ends with too few; in nats."""

HEAD_START = 0.25
"""Share of a bar's most notes that may come before an even pace would have them."""

NEW_INSTRUMENT_BONUS = 3.0
"""For an instrument that has not played in its bar, rising from 0 at the bar line; in nats."""

RESERVED_NOTE_BONUS = 10.0
"""For them, once the described density leaves notes for them only; in nats."""

MISSING_INSTRUMENT_PENALTY = 3.0
"""Against the end of a bar, for each instrument that has not played; in nats."""

BAR_GAIN = 0.6
"""How much of a bar's error the next bars are corrected by."""

MAX_VELOCITY_TILT, MAX_PITCH_TILT = 0.15, 0.25
"""In nats per unit of velocity and per semitone. Stronger tilts of pitch drive chords up the scale."""

TILT_STEPS = 10
"""Steps of the bisection for a tilt; each halves its error."""


class MeanController:
    """Tells how far the next value must deviate for the mean of a bar to become the described one.

    A proportional-integral controller: the error of this bar is made up for within a few notes, and what
    earlier bars missed by is expected of this one, too.

    Args:
        tolerance: how far the mean may be off; bins reach 2 to each side.
        horizon: notes within which an error is made up for.
        limit: the largest deviation.
    """

    def __init__(self, tolerance: float, horizon: int, limit: float) -> None:
        self._tolerance = tolerance
        self._horizon = horizon
        self._limit = limit
        self._target = 0.0
        self._error = 0.0
        self._notes = 0
        self._offset = 0.0

    def begin_bar(self, target: float) -> None:
        """Begin a bar with the described mean."""
        if self._notes:
            offset = self._offset - BAR_GAIN * self._error / self._notes
            self._offset = max(-self._limit, min(self._limit, offset))
        self._target, self._error, self._notes = target, 0.0, 0

    def add(self, value: float) -> None:
        """Add a note of the bar."""
        self._error += value - self._target
        self._notes += 1

    def shift(self) -> float:
        """Return the deviation that the next note needs."""
        excess = max(0.0, abs(self._error) - self._tolerance * max(self._notes, self._horizon))
        needed = self._offset - math.copysign(excess / self._horizon, self._error)
        return max(-self._limit, min(self._limit, needed))


class DescriptionBias:
    """Tracks one song while it is generated, and biases the logits towards the description of its bar.

    Args:
        bars: the description.
    """

    def __init__(self, bars: Sequence[DescribedBar]) -> None:
        self._bars = bars
        self._bar: DescribedBar | None = None
        self._length = 0
        self._min_notes = self._max_notes = 0
        self._notes = 0
        self._velocity = MeanController(tolerance=1, horizon=8, limit=12)
        self._pitch = MeanController(tolerance=0.6, horizon=4, limit=6)
        self._played: set[int] = set()

    def biases(
        self, state: EventState, allowed: NDArray[np.int64], logits: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return what to add to the logits of the allowed tokens, in nats, shape (allowed,).

        Args:
            state: of the event grammar.
            allowed: ids of the tokens that may come next.
            logits: of the allowed tokens, shape (allowed,).
        """
        match state.expected:
            case Expected.POSITION:
                return self._position_biases(allowed)
            case Expected.ITEM:
                return self._instrument_biases(state.position, allowed)
            case Expected.PITCH if state.instrument != DRUMS:
                return _tilt(logits, allowed - PITCHES.start, self._pitch.shift(), MAX_PITCH_TILT)
            case Expected.VELOCITY:
                velocities = VELOCITY_BINS[allowed - VELOCITIES.start]
                return _tilt(logits, velocities, self._velocity.shift(), MAX_VELOCITY_TILT)
        return np.zeros(len(allowed), np.float32)

    def advance(self, before: EventState, token: int) -> None:
        """Append a token.

        Args:
            before: the state of the event grammar before it.
            token: its id.
        """
        if token in BARS:
            self._begin_bar(self._bars[before.bar])
        elif self._bar is not None and before.expected is Expected.PITCH:
            pitches = DRUM_PITCHES if before.instrument == DRUMS else PITCHES
            self._pitch.add(token - pitches.start)
            self._notes += 1
            self._played.add(before.instrument)
        elif self._bar is not None and before.expected is Expected.VELOCITY:
            self._velocity.add(float(VELOCITY_BINS[token - VELOCITIES.start]))

    def _begin_bar(self, bar: DescribedBar) -> None:
        self._bar = bar
        self._length = bar_positions(bar)
        self._min_notes = min_notes(bar) if bar.instruments else 0
        self._max_notes = max_notes(bar)
        self._notes = 0
        self._velocity.begin_bar(float(MEAN_VELOCITY_BINS[bar.mean_velocity]))
        self._pitch.begin_bar(float(MEAN_PITCH_BINS[bar.mean_pitch]))
        self._played = set()

    def _position_biases(self, allowed: NDArray[np.int64]) -> NDArray[np.float32]:
        """Penalize positions off the pace of the described density, and the end of an incomplete bar."""
        ends = (allowed < POSITIONS.start) | (allowed >= POSITIONS.stop)
        positions = np.where(ends, self._length, allowed - POSITIONS.start)
        progress = positions / self._length
        late = np.maximum(self._min_notes * progress - self._notes, 0) / max(1.0, 0.1 * self._min_notes)
        early = np.maximum(self._notes + 1 - self._max_notes * (progress + HEAD_START), 0) * ~ends
        early = early / max(1.0, 0.1 * self._max_notes)
        penalty = np.minimum((late**2 + early**2) / 2, MAX_PACE_PENALTY)
        missing = MISSING_INSTRUMENT_PENALTY * self._missing_instruments * ends
        return np.asarray(-penalty - missing, np.float32)

    def _instrument_biases(self, position: int, allowed: NDArray[np.int64]) -> NDArray[np.float32]:
        """Prefer instruments that have not played yet, the more the later it is, and keep notes for them."""
        played = [INSTRUMENTS[instrument] for instrument in self._played]
        is_new = (allowed >= INSTRUMENTS.start) & (allowed < INSTRUMENTS.stop) & ~np.isin(allowed, played)
        bonus = NEW_INSTRUMENT_BONUS * position / self._length
        if self._max_notes - self._notes <= self._missing_instruments:
            bonus += RESERVED_NOTE_BONUS
        return np.asarray(bonus * is_new, np.float32)

    @property
    def _missing_instruments(self) -> int:
        """How many instruments have not played in the bar."""
        return len(set(self._bar.instruments) - self._played) if self._bar is not None else 0


def _tilt(
    logits: NDArray[np.float32], values: NDArray[np.number], shift: float, limit: float
) -> NDArray[np.float32]:
    """Return biases, linear in `values`, that move the expected value by `shift`, if that is possible.

    The exponential tilt p(x) · exp(θ · x) changes a distribution least, in KL divergence, among those with
    the new mean. θ is found by bisection.

    Args:
        logits: (tokens,).
        values: of the tokens, (tokens,).
        shift: in units of `values`.
        limit: the largest |θ|.
    """
    if not shift:
        return np.zeros(len(logits), np.float32)
    centred = (values - values.mean()).astype(np.float32)  # (tokens,)

    def mean(tilt: float) -> float:
        weights = logits + tilt * centred  # (tokens,)
        weights = np.exp(weights - weights.max())
        return float(weights @ centred / weights.sum())

    target = mean(0.0) + shift
    low, high = (0.0, limit) if shift > 0 else (-limit, 0.0)
    for _ in range(TILT_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < target else (low, middle)
    return np.asarray((low + high) / 2 * centred, np.float32)
