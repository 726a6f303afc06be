"""Training windows: cut from songs at random, transposed, and stacked.

A batch depends on the seed and the step alone, so that a resumed training repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emo_assets.figaro.inputs import MAX_BAR_ID, Ids, TrainingSong, in_span
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS, MAX_BARS, PAD, DescriptionKind, EventKind

_EVENT_BARS = EVENTS.span(EventKind.BAR)
_DESCRIPTION_BARS = DESCRIPTIONS.span(DescriptionKind.BAR)

SONG_START_SHARE = 0.06
"""Share of windows that begin with `<bos>`: few tokens, but every song needs its beginning."""

BAR_START_SHARE = 0.6
"""Share of windows that begin with a bar, as most do in generation; the rest begin anywhere."""

LATER_BARS_SHARE = 0.2
"""Share of windows with higher bar numbers than they have, so that the bars of long songs are learned."""

COPY_DROPOUT = 0.25
"""Share of windows without copied events, so that the network learns to follow the description, too."""

DOWN, UP = 5, 6
"""Semitones of transposition: the twelve keys, each once."""


class Batch(NamedTuple):
    """A batch of windows; `context` is the network's.

    Attributes:
        events: token ids (windows, context).
        bars: bar ids (windows, context).
        positions: position ids (windows, context).
        copied: the next tokens that earlier bars suggest (windows, context, lags), see `bar_copying`; no lags
            for a network without copying.
        numbers: the tokens of the numbers of each event's bar (windows, context, BAR_NUMBERS).
        targets: the next token's ids (windows, context), `<pad>` where there is none.
        description: token ids (windows, context), padded with `<pad>` as in generation.
        description_bars: bar ids (windows, context).
    """

    events: Ids
    bars: Ids
    positions: Ids
    copied: Ids
    numbers: Ids
    targets: Ids
    description: Ids
    description_bars: Ids


class _Window(NamedTuple):
    events: Ids
    bars: Ids
    positions: Ids
    copied: Ids
    numbers: Ids
    description: Ids
    description_bars: Ids


def random_batch(
    songs: Sequence[TrainingSong], seed: int, step: int, windows: int, context: int, *, copying: bool = False
) -> Batch:
    """Sample the windows of one training step.

    Args:
        songs: the training songs, sampled in proportion to their lengths.
        seed: of the whole training.
        step: number of the step; the same (seed, step) gives the same batch.
        windows: how many.
        context: tokens the network sees; a window has one more.
        copying: whether earlier bars suggest events.
    """
    generator = np.random.default_rng([seed, step])
    ends = np.cumsum([len(song) for song in songs])
    drawn = []
    for token in generator.integers(0, ends[-1], windows):
        song = songs[int(np.searchsorted(ends, token, side="right"))]
        drawn.append(_random_window(song, generator, context, copying=copying))
    return _stacked(drawn, context)


def held_out_batches(
    songs: Sequence[TrainingSong], limit: int, windows: int, context: int, *, copying: bool = False
) -> list[Batch]:
    """Cut held-out songs into adjacent windows, unchanged, and stack them.

    Args:
        songs: the held-out songs.
        limit: most windows in all, spread evenly over the songs.
        windows: windows in a batch.
        context: tokens the network sees.
        copying: whether earlier bars suggest events.
    """
    places = [(song, start) for song in songs for start in range(0, max(1, len(song) - 1), context)]
    spread = np.linspace(0, len(places) - 1, min(limit, len(places))).astype(int)
    kept = [
        _window(song, start, context, copying=copying) for song, start in (places[index] for index in spread)
    ]
    return [_stacked(kept[start : start + windows], context) for start in range(0, len(kept), windows)]


def _random_window(
    song: TrainingSong, generator: np.random.Generator, context: int, *, copying: bool
) -> _Window:
    if copying:
        _ = song.copied  # kept with the song, so that it is not computed in every key
    shifts = song.transpositions(DOWN, UP)
    song = song.transpose(int(generator.integers(shifts.start, shifts.stop)))
    kind, start = generator.random(), int(generator.integers(0, len(song)))
    if kind < SONG_START_SHARE:
        start = 0
    elif kind < SONG_START_SHARE + BAR_START_SHARE:
        bars = np.flatnonzero(in_span(song.events[: start + 1], _EVENT_BARS))
        start = int(bars[-1]) if len(bars) else 0
    elif start + context + 1 > len(song):
        start = max(0, len(song) - context - 1)
    window = _window(song, start, context, copying=copying)
    if copying and generator.random() < COPY_DROPOUT:
        window = window._replace(copied=np.full_like(window.copied, PAD))
    if start > 0 and generator.random() < LATER_BARS_SHARE:
        highest = MAX_BAR_ID - int(max(window.bars.max(), window.description_bars.max()))
        window = _renumbered(window, int(generator.integers(0, max(0, highest) + 1)))
    return window


def _window(song: TrainingSong, start: int, context: int, *, copying: bool) -> _Window:
    seen = slice(start, start + context + 1)
    description = song.description.from_bar(int(song.bars[start]), context)
    copied = (
        song.copied[seen].astype(np.int64) if copying else np.zeros((len(song.events[seen]), 0), np.int64)
    )
    numbers = song.description.numbers[np.minimum(song.bars[seen], len(song.description.numbers) - 1)]
    return _Window(song.events[seen], song.bars[seen], song.positions[seen], copied, numbers, *description)


def _renumbered(window: _Window, bars: int) -> _Window:
    """Number every bar `bars` higher: Bar tokens and bar ids, in events and description."""

    def tokens(ids: Ids, span: range) -> Ids:
        return np.where(in_span(ids, span), np.minimum(ids + bars, span.start + MAX_BARS - 1), ids)

    def numbers(ids: Ids) -> Ids:
        return np.where(ids > 0, ids + bars, 0)

    return _Window(
        tokens(window.events, _EVENT_BARS),
        numbers(window.bars),
        window.positions,
        tokens(window.copied, _EVENT_BARS),
        window.numbers,
        tokens(window.description, _DESCRIPTION_BARS),
        numbers(window.description_bars),
    )


def _stacked(windows: Sequence[_Window], context: int) -> Batch:
    """Pad and stack windows."""
    widths = [context + 1] * 5 + [context] * 2
    events, bars, positions, copied, numbers, description, description_bars = (
        np.stack([_padded(row, width) for row in rows])
        for rows, width in zip(zip(*windows, strict=True), widths, strict=True)
    )  # (windows, width); copied: (windows, width, lags); numbers: (windows, width, BAR_NUMBERS)
    return Batch(
        events[:, :-1],
        bars[:, :-1],
        positions[:, :-1],
        copied[:, :-1],
        numbers[:, :-1],
        events[:, 1:],
        description,
        description_bars,
    )


def _padded(row: Ids, width: int) -> Ids:
    """Pad the first dimension of `row`, (time, ..), to `width`."""
    padding = [(0, width - len(row))] + [(0, 0)] * (row.ndim - 1)
    return np.pad(row, padding, constant_values=PAD)
