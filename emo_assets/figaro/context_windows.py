"""Which tokens of a song the network sees next: growing windows that are cut at bar lines when full.

Feeds songs side by side into `decoding`; which token comes next is `sampling`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from emo_assets.figaro.incremental_decoder import IncrementalDecoder, KVCache, TokenIds
from emo_assets.figaro.inputs import MAX_BAR_ID, DescriptionInput
from emo_assets.tokens.vocabulary import BOS, EOS, EVENTS, EventKind

MOST_KEPT = 3 / 4
"""Of a full window at most this share is kept, so that the next cut is some way off."""

LEAST_KEPT = 3 / 8
"""A window is cut at a bar line only if this share of it is kept; else wherever the most is kept."""

_BARS = EVENTS.span(EventKind.BAR)
_POSITIONS = EVENTS.span(EventKind.POSITION)


class SongContext:
    """One song's tokens so far, with what the network is fed beside them.

    Attributes:
        events: token ids from `<bos>` on.
        bars: bar ids.
        positions: position ids.
        start: index of the first token that the network sees.
    """

    def __init__(self, description: DescriptionInput) -> None:
        self.description = description
        self.events: list[int] = []
        self.bars: list[int] = []
        self.positions: list[int] = []
        self.start = 0
        self._bar = 0
        self._position = 0
        self.append(BOS)

    def append(self, event: int) -> None:
        """Take up one more token."""
        if event in _BARS:
            self._bar = min(self._bar + 1, MAX_BAR_ID)
            self._position = 0
        elif event in _POSITIONS:
            self._position = event - _POSITIONS.start
        self.events.append(event)
        self.bars.append(0 if event in (BOS, EOS) else self._bar)
        self.positions.append(self._position)

    def cut_at(self, context: int) -> int:
        """Return where a window that is full should begin anew.

        It is the first bar line that leaves the share that `MOST_KEPT` and `LEAST_KEPT` allow, else the
        place that keeps the most.
        """
        end = len(self.events)
        earliest, latest = end - int(context * MOST_KEPT), end - int(context * LEAST_KEPT)
        for place in range(earliest, latest + 1):
            if self.events[place] in _BARS:
                return place
        return earliest


class BatchedContext:
    """Songs side by side, each with its own window into its own tokens.

    Args:
        decoder: the prepared network.
        exact: whether the network sees, at every token, exactly the last `context` tokens, computed anew.
            Slow; it is what the reference does. Otherwise windows grow and are cut when full.
    """

    def __init__(self, decoder: IncrementalDecoder, *, exact: bool = False) -> None:
        self.decoder = decoder
        self.exact = exact
        self.context = decoder.network.config.context
        self.streams: list[SongContext] = []
        self._cache = KVCache(decoder, 0)

    @torch.inference_mode()
    def begin(self, descriptions: Sequence[DescriptionInput]) -> Tensor:
        """Begin new songs in place of all that were there.

        Returns:
            The logits of each song's first token after `<bos>`, (songs, events).
        """
        self._cache = KVCache(self.decoder, len(descriptions))
        self.streams = [SongContext(description) for description in descriptions]
        return torch.stack([self._fill(lane) for lane in range(len(descriptions))])

    @torch.inference_mode()
    def replace(self, lane: int, description: DescriptionInput) -> Tensor:
        """Begin another song in one lane; return the logits of its first token, (events,)."""
        self.streams[lane] = SongContext(description)
        return self._fill(lane)

    def keep(self, lanes: list[int]) -> None:
        """Drop all songs but those in `lanes`."""
        self.streams = [self.streams[lane] for lane in lanes]
        self._cache.keep(lanes)

    @torch.inference_mode()
    def push(self, events: Sequence[int]) -> Tensor:
        """Append one token to every song.

        Args:
            events: token ids, (songs,).

        Returns:
            Logits of the tokens after them, (songs, events).
        """
        for stream, event in zip(self.streams, events, strict=True):
            stream.append(event)
        full = [
            lane
            for lane, stream in enumerate(self.streams)
            if len(stream.events) - stream.start > self.context
        ]
        self._cache.advance()
        if len(full) < len(self.streams):
            newest = [(stream.events[-1], stream.bars[-1], stream.positions[-1]) for stream in self.streams]
            logits = self.decoder.step(self._cache, TokenIds(*torch.tensor(newest).t()))
        else:
            logits = torch.empty(len(full), len(EVENTS))
        for lane in full:
            stream = self.streams[lane]
            stream.start = len(stream.events) - self.context if self.exact else stream.cut_at(self.context)
            logits[lane] = self._fill(lane)
        return logits

    def nbytes(self) -> int:
        """Return the bytes that the cache takes."""
        return self._cache.nbytes()

    def _fill(self, lane: int) -> Tensor:
        stream = self.streams[lane]
        seen = slice(stream.start, None)
        window = np.array([stream.events[seen], stream.bars[seen], stream.positions[seen]])
        ids, bars = stream.description.from_bar(stream.bars[stream.start], self.context)
        memory = self.decoder.encode(_padded(ids, self.context), _padded(bars, self.context))
        tokens = TokenIds(*torch.from_numpy(window)[:, None])
        return self.decoder.fill(self._cache, lane, tokens, memory)[-1]


def _padded(ids: NDArray[np.int64], length: int) -> Tensor:
    """Continue ids with `<pad>` (bar 0), to (1, length)."""
    return F.pad(torch.from_numpy(ids), (0, length - len(ids)))[None]
