"""Training windows: cut out of songs at random, transposed, and stacked for the network.

A batch depends on the seed and the step alone, so that training resumes without remembering anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.figaro.inputs import MAX_BAR_ID, DescriptionInput, Ids, TrainingSong, in_span
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS, MAX_BARS, PAD, DescriptionKind, EventKind

_EVENT_BARS = EVENTS.span(EventKind.BAR)
_DESCRIPTION_BARS = DESCRIPTIONS.span(DescriptionKind.BAR)

FROM_THE_START = 0.06
"""Share of windows that begin with `<bos>`: few tokens, but every song needs its beginning."""

FROM_A_BAR = 0.6
"""Share of windows that begin with a bar, as most windows do when sampling; the rest begin anywhere."""

LATER_BARS = 0.2
"""Share of windows whose bars are numbered later than they are, so that long songs find known bars."""

DOWN, UP = 5, 6
"""Semitones of transposition: the twelve keys, each once."""


@dataclass(frozen=True)
class Batch:
    """Windows side by side; `context` is the network's.

    Attributes:
        events: token ids (windows, context).
        bars: bar ids (windows, context).
        positions: position ids (windows, context).
        targets: the next token's ids (windows, context), `<pad>` where there is none.
        description: token ids (windows, context), padded with `<pad>` as when sampling.
        description_bars: bar ids (windows, context).
    """

    events: Ids
    bars: Ids
    positions: Ids
    targets: Ids
    description: Ids
    description_bars: Ids


@dataclass(frozen=True)
class _Window:
    events: Ids
    bars: Ids
    positions: Ids
    description: Ids
    description_bars: Ids


def random_batch(songs: Sequence[TrainingSong], seed: int, step: int, windows: int, context: int) -> Batch:
    """Draw the windows of one training step.

    Args:
        songs: what to learn from; a song is drawn in proportion to its length.
        seed: of the whole training.
        step: number of the step; the same (seed, step) draws the same batch.
        windows: how many.
        context: tokens the network sees; a window has one more.
    """
    generator = np.random.default_rng([seed, step])
    ends = np.cumsum([len(song) for song in songs])
    drawn = []
    for token in generator.integers(0, ends[-1], windows):
        song = songs[int(np.searchsorted(ends, token, side="right"))]
        drawn.append(_random_window(song, generator, context))
    return _stacked(drawn, context)


def held_out_batches(songs: Sequence[TrainingSong], limit: int, windows: int, context: int) -> list[Batch]:
    """Cut held-out songs into windows side by side, without any change, and stack them.

    Args:
        songs: the held-out songs.
        limit: at most so many windows in all, spread evenly over the songs.
        windows: windows in a batch.
        context: tokens the network sees.
    """
    places = [(song, start) for song in songs for start in range(0, max(1, len(song) - 1), context)]
    spread = np.linspace(0, len(places) - 1, min(limit, len(places))).astype(int)
    kept = [_window(song, start, context) for song, start in (places[index] for index in spread)]
    return [_stacked(kept[start : start + windows], context) for start in range(0, len(kept), windows)]


def _random_window(song: TrainingSong, generator: np.random.Generator, context: int) -> _Window:
    shifts = song.transpositions(DOWN, UP)
    song = song.transpose(int(generator.integers(shifts.start, shifts.stop)))
    kind, start = generator.random(), int(generator.integers(0, len(song)))
    if kind < FROM_THE_START:
        start = 0
    elif kind < FROM_THE_START + FROM_A_BAR:
        bars = np.flatnonzero(in_span(song.events[: start + 1], _EVENT_BARS))
        start = int(bars[-1]) if len(bars) else 0
    elif start + context + 1 > len(song):
        start = max(0, len(song) - context - 1)
    window = _window(song, start, context)
    if start > 0 and generator.random() < LATER_BARS:
        highest = MAX_BAR_ID - int(max(window.bars.max(), window.description_bars.max()))
        window = _later(window, int(generator.integers(0, max(0, highest) + 1)))
    return window


def _window(song: TrainingSong, start: int, context: int) -> _Window:
    stop = start + context + 1
    description: DescriptionInput = song.description
    ids, bars = description.from_bar(int(song.bars[start]), context)
    return _Window(song.events[start:stop], song.bars[start:stop], song.positions[start:stop], ids, bars)


def _later(window: _Window, bars: int) -> _Window:
    """Number every bar of a window `bars` higher: Bar tokens and bar ids, in events and description."""

    def tokens(ids: Ids, span: range) -> Ids:
        renumbered = np.minimum(ids + bars, span.start + MAX_BARS - 1)
        return np.where(in_span(ids, span), renumbered, ids)

    def numbers(ids: Ids) -> Ids:
        return np.where(ids > 0, ids + bars, 0)

    return _Window(
        tokens(window.events, _EVENT_BARS),
        numbers(window.bars),
        window.positions,
        tokens(window.description, _DESCRIPTION_BARS),
        numbers(window.description_bars),
    )


def _stacked(windows: Sequence[_Window], context: int) -> Batch:
    def padded(rows: list[NDArray[np.int64]], width: int) -> Ids:
        table = np.full((len(rows), width), PAD, np.int64)
        for row, values in zip(table, rows, strict=True):
            row[: len(values)] = values
        return table

    events = padded([window.events for window in windows], context + 1)  # (windows, context + 1)
    return Batch(
        events=events[:, :-1],
        bars=padded([window.bars for window in windows], context + 1)[:, :-1],
        positions=padded([window.positions for window in windows], context + 1)[:, :-1],
        targets=events[:, 1:],
        description=padded([window.description for window in windows], context),
        description_bars=padded([window.description_bars for window in windows], context),
    )
