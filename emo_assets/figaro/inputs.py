"""The network's inputs: token ids with bar and position ids, and the description of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from emo_assets.figaro.bar_copying import copied_events
from emo_assets.tokens.quantization import MEAN_PITCH_BINS, nearest_bin
from emo_assets.tokens.transpose import transposed_chords
from emo_assets.tokens.vocabulary import (
    BOS,
    DESCRIPTIONS,
    EOS,
    EVENTS,
    PAD,
    DescriptionKind,
    EventKind,
)

Ids = NDArray[np.int64]

Integer = TypeVar("Integer", bound=np.integer)

MAX_BAR_ID = 256
"""The highest bar id with an embedding; later bars share it."""

_BARS = EVENTS.span(EventKind.BAR)
_POSITIONS = EVENTS.span(EventKind.POSITION)
_PITCHES = EVENTS.span(EventKind.PITCH)
_DRUM_PITCHES = EVENTS.span(EventKind.PITCH_DRUM)
_EVENT_CHORDS = EVENTS.span(EventKind.CHORD)
_DESCRIPTION_BARS = DESCRIPTIONS.span(DescriptionKind.BAR)
_DESCRIPTION_CHORDS = DESCRIPTIONS.span(DescriptionKind.CHORD)
_MEAN_PITCHES = DESCRIPTIONS.span(DescriptionKind.MEAN_PITCH)

BAR_NUMBERS = 4
"""The numbers that describe a bar: note density, mean velocity, mean pitch, mean duration."""

_FIRST_NUMBER = 2
"""Tokens of a bar's description before its numbers: the bar and its time signature."""


def in_span(ids: NDArray[np.integer], span: range) -> NDArray[np.bool_]:
    """Return whether each id is in `span`; same shape as `ids`."""
    return (ids >= span.start) & (ids < span.stop)


def bar_ids(ids: Ids, bars: range = _BARS) -> Ids:
    """Return each token's bar id: the running count of Bar tokens, 0 for `<bos>` and `<eos>`.

    Args:
        ids: a whole song's or description's ids, (time,). The number in a Bar token does not count.
        bars: the Bar tokens of the vocabulary.
    """
    counts = np.minimum(np.cumsum(in_span(ids, bars)), MAX_BAR_ID)  # (time,)
    counts[(ids == BOS) | (ids == EOS)] = 0
    return counts


def position_ids(events: Ids) -> Ids:
    """Return each event's position id: the last Position token's value, 0 from a Bar to the next Position."""
    sets = in_span(events, _BARS) | in_span(events, _POSITIONS)  # (time,)
    value = np.where(in_span(events, _POSITIONS), events - _POSITIONS.start, 0)  # (time,)
    last_set = np.maximum.accumulate(np.where(sets, np.arange(len(events)), -1))  # (time,)
    return np.where(last_set >= 0, value[last_set], 0)


@dataclass(frozen=True)
class DescriptionInput:
    """A whole song's description, which a window sees from its first bar on.

    Attributes:
        ids: token ids (time,), from `<bos>` to `<eos>`.
        bars: bar ids (time,).
        starts: (bars + 1,): where bar n begins in `ids`; entry 0 is the start.
    """

    ids: Ids
    bars: Ids
    starts: Ids

    @classmethod
    def from_ids(cls, description: Sequence[int] | Ids) -> DescriptionInput:
        """Prepare a description given as ids without `<bos>` and `<eos>`."""
        ids = np.array([BOS, *description, EOS], np.int64)
        starts = np.concatenate([[0], np.flatnonzero(in_span(ids, _DESCRIPTION_BARS))])
        return cls(ids, bar_ids(ids, _DESCRIPTION_BARS), starts)

    @cached_property
    def numbers(self) -> Ids:
        """The tokens of each bar's numbers, `PAD` outside any bar, (bars + 1, BAR_NUMBERS)."""
        columns = self.starts[1:, None] + np.arange(_FIRST_NUMBER, _FIRST_NUMBER + BAR_NUMBERS)
        return np.concatenate([np.full((1, BAR_NUMBERS), PAD, np.int64), self.ids[columns]])

    def from_bar(self, bar: int, limit: int) -> tuple[Ids, Ids]:
        """Return the ids and bar ids that a window sees whose first token is in `bar`.

        Args:
            bar: bar id; 0 for the window that starts at `<bos>`. Past the end only the last token is left.
            limit: the most tokens.
        """
        start = int(self.starts[bar]) if bar < len(self.starts) else len(self.ids) - 1
        return self.ids[start : start + limit], self.bars[start : start + limit]


@dataclass(frozen=True)
class TrainingSong:
    """A song to train on.

    Attributes:
        events: ids (time,), from `<bos>` to `<eos>`.
        bars: bar ids (time,).
        positions: position ids (time,).
        description: its description.
    """

    events: Ids
    bars: Ids
    positions: Ids
    description: DescriptionInput

    @classmethod
    def from_ids(cls, events: Sequence[int] | Ids, description: Sequence[int] | Ids) -> TrainingSong:
        """Prepare a song given as event ids and description ids, both without `<bos>` and `<eos>`."""
        ids = np.array([BOS, *events, EOS], np.int64)
        return cls(ids, bar_ids(ids), position_ids(ids), DescriptionInput.from_ids(description))

    def __len__(self) -> int:
        return len(self.events)

    @cached_property
    def copied(self) -> NDArray[np.int16]:
        """The next event that earlier bars suggest, (time, lags)."""
        return copied_events(self.events)

    def transpose(self, semitones: int) -> TrainingSong:
        """Transpose pitches, chords and mean pitches; drums stay.

        Args:
            semitones: how far up, negative for down.

        Raises:
            ValueError: a note would leave the 128 pitches; see `transpositions`.
        """
        pitches = self.events[in_span(self.events, _PITCHES)]
        if not in_span(pitches + semitones, _PITCHES).all():
            raise ValueError(f"{semitones} semitones would move notes beyond the 128 pitches")
        events = _transposed(self.events, semitones)
        ids = _rotated_chords(self.description.ids, _DESCRIPTION_CHORDS, semitones)
        means = np.flatnonzero(in_span(ids, _MEAN_PITCHES))
        ids[means] = self._mean_pitch_tokens(events, ids[means], self.description.bars[means])
        description = DescriptionInput(ids, self.description.bars, self.description.starts)
        song = TrainingSong(events, self.bars, self.positions, description)
        if "copied" in vars(self):
            vars(song)["copied"] = _transposed(self.copied, semitones)
        return song

    def transpositions(self, down: int, up: int) -> range:
        """Return the shifts between `-down` and `up` semitones that keep every note within the pitches."""
        pitches = self.events[in_span(self.events, _PITCHES)] - _PITCHES.start
        if not len(pitches):
            return range(1)
        return range(-min(down, int(pitches.min())), min(up, 127 - int(pitches.max())) + 1)

    def _mean_pitch_tokens(self, events: Ids, tokens: Ids, bars: Ids) -> Ids:
        """Describe the mean pitch, drums included, of each of `bars`; bars without notes keep their token."""
        drums = in_span(events, _DRUM_PITCHES)
        notes = drums | in_span(events, _PITCHES)
        pitches = (events - np.where(drums, _DRUM_PITCHES.start, _PITCHES.start))[notes]
        count = np.bincount(self.bars[notes], minlength=MAX_BAR_ID + 1)[bars]
        total = np.bincount(self.bars[notes], weights=pitches, minlength=MAX_BAR_ID + 1)[bars]
        bins = nearest_bin(total / np.maximum(count, 1), MEAN_PITCH_BINS)
        return np.where(count > 0, _MEAN_PITCHES.start + bins, tokens)


def _transposed(events: NDArray[Integer], semitones: int) -> NDArray[Integer]:
    """Return events with pitches and chords `semitones` higher; no pitch leaves the 128 pitches."""
    events = _rotated_chords(events, _EVENT_CHORDS, semitones)
    events[in_span(events, _PITCHES)] += semitones
    return events


def _rotated_chords(ids: NDArray[Integer], chords: range, semitones: int) -> NDArray[Integer]:
    """Return a copy of `ids` whose chord roots are `semitones` higher; `N:N` stays."""
    ids = ids.copy()
    named = in_span(ids, chords)
    ids[named] = chords.start + transposed_chords(semitones)[ids[named] - chords.start]
    return ids
