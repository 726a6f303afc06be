"""Ticks, seconds, beats and downbeats of a song.

Equals pretty_midi to the last bit of every float, because the beats and bars of FIGARO's own code depend on
comparisons of seconds; but in closed form, without its table of every tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from emo_assets.midi.errors import MidiError

MAX_BEATS = 100_000
"""A real song has a few hundred; pretty_midi needs hours for this many."""

_ABSOLUTE, _RELATIVE = 1e-8, 1e-5
"""The tolerances of `numpy.isclose`, with which pretty_midi compares times."""


@dataclass(frozen=True, slots=True)
class TimeSignature:
    """A change of the time signature at a tick."""

    tick: int
    numerator: int
    denominator: int


class TempoMap:
    """The time of each tick under the tempo changes of a song.

    Args:
        resolution: ticks per quarter note.
        changes: (tick, microseconds per quarter note) in the order of ticks.

    Attributes:
        ticks: the start of each tempo, shape (k,); the first is 0.
        times: the same in seconds, shape (k,).
        tempos: quarter notes per minute from there on, shape (k,).
    """

    def __init__(self, resolution: int, changes: Iterable[tuple[int, int]]) -> None:
        scales = [(0, 60.0 / (120.0 * resolution))]
        for tick, microseconds in changes:
            if not microseconds:
                raise MidiError("parse", f"the tempo at tick {tick} is infinite; the file is damaged")
            scale = 60.0 / ((6e7 / microseconds) * resolution)
            if tick == 0:
                scales = [(0, scale)]
            elif scale != scales[-1][1]:
                scales.append((tick, scale))
        time = 0.0
        times = [time]
        for (tick, scale), (next_tick, _) in pairwise(scales):
            time = time + scale * (next_tick - tick)
            times.append(time)
        self.ticks = np.array([tick for tick, _ in scales], dtype=np.int64)
        self.times = np.array(times)
        self._scales = np.array([scale for _, scale in scales])
        self.tempos = 60.0 / (self._scales * resolution)

    def seconds(self, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the times of ticks, of the same shape."""
        times: NDArray[np.float64]
        if len(self.ticks) == 1:
            times = self._scales[0] * ticks
        else:
            change = np.searchsorted(self.ticks, ticks, side="right") - 1
            times = self.times[change] + self._scales[change] * (ticks - self.ticks[change])
        return times

    def second(self, tick: int) -> float:
        """Return the time of one tick."""
        return float(self.seconds(np.array([tick]))[0])

    def nearest_ticks(self, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the tick nearest to each time, of the same shape; of two equally near ones the later."""
        change = np.maximum(np.searchsorted(self.times, seconds, side="right") - 1, 0)
        guess = self.ticks[change] + np.floor((seconds - self.times[change]) / self._scales[change])
        tick: NDArray[np.int64] = np.maximum(guess.astype(np.int64), 0)
        while (late := (self.seconds(tick) >= seconds) & (tick > 0)).any():
            tick -= late
        while (early := self.seconds(tick) < seconds).any():
            tick += early
        previous = np.maximum(tick - 1, 0)
        nearer = np.abs(seconds - self.seconds(previous)) < np.abs(seconds - self.seconds(tick))
        tick[nearer] = previous[nearer]
        return tick


def beat_times(
    tempo_map: TempoMap, time_signatures: Sequence[TimeSignature], end: float
) -> NDArray[np.float64]:
    """Return the beats from time 0 on, before `end`, as `PrettyMIDI.get_beats` finds them.

    A beat is the denominator's note, three of them in compound meters. Beats restart at every change of the
    time signature.

    Args:
        tempo_map: the song's tempos.
        time_signatures: its time signatures in the order of ticks.
        end: the end of the song in seconds.

    Returns:
        Seconds, ascending, shape (beats,).

    Raises:
        MidiError: there are more than `MAX_BEATS` beats.
    """
    walk = _BeatWalk(tempo_map, time_signatures)
    beats = [0.0]
    while beats[-1] < end:
        beats.append(walk.beat_after(beats[-1]))
        if len(beats) > MAX_BEATS:
            raise MidiError("limits", f"there are more than {MAX_BEATS} beats; the tempo is too fast")
    return np.array(beats[:-1])


class _BeatWalk:
    """The state of `beat_times`: the current tempo and time signature."""

    def __init__(self, tempo_map: TempoMap, time_signatures: Sequence[TimeSignature]) -> None:
        self._tempos: list[float] = tempo_map.tempos.tolist()
        self._tempo_starts: list[float] = [*tempo_map.times.tolist()[1:], inf]
        self._meters = [_beats_per_quarter(signature) for signature in time_signatures]
        times = tempo_map.seconds(np.array([signature.tick for signature in time_signatures]))
        self._meter_starts: list[float] = [*times.tolist(), inf]
        self._tempo = 0
        self._meter = 0
        while self._meter < len(self._meters) - 1 and self._meter_starts[self._meter + 1] <= 0:
            self._meter += 1
        self._set_pace()

    def _set_pace(self) -> None:
        divisor, factor = self._meters[self._meter]
        tempo = self._tempos[self._tempo]
        self._pace = tempo / divisor * factor / 4.0 if factor else tempo
        self._period = 60.0 / self._pace

    def beat_after(self, beat: float) -> float:
        """Return the beat that follows a beat."""
        following = beat + self._period
        if following > self._tempo_starts[self._tempo]:
            following = self._across_tempos(beat)
        first = self._meter_starts[0]
        if self._meter == 0 and first > beat and _reaches(following, first):
            following = first
        if self._meter < len(self._meters) - 1:
            next_start = self._meter_starts[self._meter + 1]
            if _reaches(following, next_start):
                following = next_start
                self._meter += 1
                self._set_pace()
        return following

    def _across_tempos(self, beat: float) -> float:
        """Return the beat that follows `beat` when the tempo changes in between."""
        following = beat
        remaining = 1.0
        while following + remaining * 60.0 / self._pace >= self._tempo_starts[self._tempo]:
            share = (self._tempo_starts[self._tempo] - following) / (60.0 / self._pace)
            following += share * 60.0 / self._pace
            remaining -= share
            self._tempo += 1
            self._set_pace()
        return following + remaining * 60.0 / self._pace


def _beats_per_quarter(signature: TimeSignature) -> tuple[float, float]:
    """Return the divisor and the factor (0: none) from quarter notes per minute to beats per minute."""
    if signature.denominator not in (1, 2, 4, 8, 16, 32):
        return 1.0, 0.0
    if signature.numerator % 3 == 0 and signature.numerator != 3:
        return 3.0, float(signature.denominator)
    return 1.0, float(signature.denominator)


def _reaches(time: float, goal: float) -> bool:
    """Whether a time is past another one or close to it."""
    return time > goal or abs(time - goal) <= _ABSOLUTE + _RELATIVE * abs(goal)


def downbeat_times(
    beats: NDArray[np.float64], tempo_map: TempoMap, time_signatures: Sequence[TimeSignature]
) -> NDArray[np.float64]:
    """Return the first beats of bars, as `PrettyMIDI.get_downbeats` finds them.

    Args:
        beats: the beats, from `beat_times`.
        tempo_map: the song's tempos.
        time_signatures: its time signatures in the order of ticks; before the first one bars are of 4/4.

    Returns:
        Seconds, shape (bars,). Ascending but for files whose time signatures change within a beat.

    Raises:
        MidiError: the time signature changes too often.
    """
    ticks = [signature.tick for signature in time_signatures]
    numerators = [signature.numerator for signature in time_signatures]
    if ticks[0] > 0:
        ticks.insert(0, 0)
        numerators.insert(0, 4)
    starts = tempo_map.seconds(np.array(ticks)).tolist()
    downbeats: list[NDArray[np.float64]] = []
    end = count = 0
    for start_time, end_time, numerator in zip(starts, starts[1:], numerators, strict=False):
        start = _index_of(beats, start_time, 0)
        end = _index_of(beats, end_time, start)
        downbeats.append(beats[start : end : _beats_a_bar(numerator)])
        count += len(downbeats[-1])
        if count > MAX_BEATS:
            raise MidiError("limits", "the time signature changes too often")
    downbeats.append(beats[_index_of(beats, starts[-1], end) :: _beats_a_bar(numerators[-1])])
    return np.concatenate(downbeats)


def _beats_a_bar(numerator: int) -> int:
    return numerator // 3 if numerator % 3 == 0 and numerator != 3 else numerator


def _index_of(beats: NDArray[np.float64], time: float, default: int) -> int:
    """Return the index of the first beat close to `time`, or `default`."""
    tolerance = _ABSOLUTE + _RELATIVE * abs(time)
    near = max(int(np.searchsorted(beats, time - tolerance)) - 1, 0)
    while near < len(beats) and beats[near] <= time + 2 * tolerance:
        if abs(beats[near] - time) <= tolerance:
            return near
        near += 1
    return default
