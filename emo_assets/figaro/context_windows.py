"""Which tokens of each song the network sees: growing windows that are cut at bar lines when full."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from emo_assets.figaro.bar_copying import CopyPointers
from emo_assets.figaro.incremental_decoder import IncrementalDecoder, KVCache, TokenIds
from emo_assets.figaro.inputs import MAX_BAR_ID, DescriptionInput, Ids
from emo_assets.tokens.vocabulary import BOS, EOS, EVENTS, EventKind

MAX_KEPT = 3 / 4
"""At most this share of a full window is kept, so that the next cut is some way off."""

MIN_KEPT = 3 / 8
"""A window is cut at a bar line only if at least this share of it is kept."""

_BARS = EVENTS.span(EventKind.BAR)
_POSITIONS = EVENTS.span(EventKind.POSITION)


class SongContext:
    """The tokens of one song so far, with the network's other inputs.

    Attributes:
        description: the song's description.
        events: token ids from `<bos>` on.
        bars: bar ids.
        positions: position ids.
        copied: the next events that earlier bars suggest, each (lags,).
        numbers: the tokens of the numbers of the bar, each (BAR_NUMBERS,).
        start: index of the first token that the network sees.
    """

    def __init__(self, description: DescriptionInput) -> None:
        self.description = description
        self.events: list[int] = []
        self.bars: list[int] = []
        self.positions: list[int] = []
        self.copied: list[tuple[int, ...]] = []
        self.numbers: list[list[int]] = []
        self._numbers_of_bars = description.numbers.tolist()
        self._pointers = CopyPointers()
        self.start = 0
        self._bar = 0
        self._position = 0
        self.append(BOS)

    def append(self, event: int) -> None:
        """Append a token."""
        if event in _BARS:
            self._bar = min(self._bar + 1, MAX_BAR_ID)
            self._position = 0
        elif event in _POSITIONS:
            self._position = event - _POSITIONS.start
        self.events.append(event)
        self.bars.append(0 if event in (BOS, EOS) else self._bar)
        self.positions.append(self._position)
        self._pointers.advance(event)
        self.copied.append(self._pointers.suggest())
        self.numbers.append(self._numbers_of_bars[min(self.bars[-1], len(self._numbers_of_bars) - 1)])

    def inputs(self, seen: slice) -> TokenIds:
        """Return the network's inputs for some of the tokens, each (time, ..)."""
        columns = (self.events, self.bars, self.positions, self.copied, self.numbers)
        return TokenIds(*(torch.tensor(column[seen]) for column in columns))

    def cut_at(self, context: int) -> int:
        """Return the index at which a full window should start.

        It is the first bar line that keeps a share between `MIN_KEPT` and `MAX_KEPT`; without one, the index
        that keeps most.
        """
        end = len(self.events)
        earliest, latest = end - int(context * MAX_KEPT), end - int(context * MIN_KEPT)
        for index in range(earliest, latest + 1):
            if self.events[index] in _BARS:
                return index
        return earliest


class BatchedContext:
    """A batch of songs, each with its own window into its own tokens. A lane is a song's index in the batch.

    Args:
        decoder: the network.
        exact: whether the network processes exactly the last `context` tokens for every token, as the
            reference does. Slow; otherwise windows grow and are cut when full.
    """

    def __init__(self, decoder: IncrementalDecoder, *, exact: bool = False) -> None:
        self.decoder = decoder
        self.exact = exact
        self.length = decoder.network.config.context
        self._songs: list[SongContext] = []
        self._cache = KVCache(decoder, 0)

    @torch.inference_mode()
    def begin(self, descriptions: Sequence[DescriptionInput]) -> Tensor:
        """Begin a new batch.

        Returns:
            The logits of each song's first token after `<bos>`, (songs, events).
        """
        self._cache = KVCache(self.decoder, len(descriptions))
        self._songs = [SongContext(description) for description in descriptions]
        return torch.stack([self._fill(lane) for lane in range(len(descriptions))])

    @torch.inference_mode()
    def replace(self, lane: int, description: DescriptionInput) -> Tensor:
        """Begin another song in one lane; return the logits of its first token, (events,)."""
        self._songs[lane] = SongContext(description)
        return self._fill(lane)

    def keep(self, lanes: list[int]) -> None:
        """Drop all songs but those in `lanes`."""
        self._songs = [self._songs[lane] for lane in lanes]
        self._cache.keep(lanes)

    @torch.inference_mode()
    def push(self, events: Sequence[int]) -> Tensor:
        """Append one token to every song.

        Args:
            events: token ids, (songs,).

        Returns:
            Logits of the next tokens, (songs, events).
        """
        for song, event in zip(self._songs, events, strict=True):
            song.append(event)
        full = [lane for lane, song in enumerate(self._songs) if len(song.events) - song.start > self.length]
        self._cache.advance()
        if len(full) < len(self._songs):
            newest = [song.inputs(slice(-1, None)) for song in self._songs]
            tokens = TokenIds(*map(torch.cat, zip(*newest, strict=True)))  # (songs, ..) each
            logits = self.decoder.step(self._cache, tokens)
        else:
            logits = torch.empty(len(full), len(EVENTS))
        for lane in full:
            song = self._songs[lane]
            song.start = len(song.events) - self.length if self.exact else song.cut_at(self.length)
            logits[lane] = self._fill(lane)
        return logits

    def nbytes(self) -> int:
        """Return the bytes that the cache takes."""
        return self._cache.nbytes()

    def _fill(self, lane: int) -> Tensor:
        """Process the whole window of a song; return the logits of its next token, (events,)."""
        song = self._songs[lane]
        seen = slice(song.start, None)
        ids, bars = song.description.from_bar(song.bars[song.start], self.length)
        memory = self.decoder.encode(_padded(ids, self.length), _padded(bars, self.length))
        tokens = TokenIds(*(column[None] for column in song.inputs(seen)))  # (1, time, ..) each
        return self.decoder.fill(self._cache, lane, tokens, memory)[-1]


def _padded(ids: Ids, length: int) -> Tensor:
    """Pad ids with `<pad>` (bar 0), to (1, length)."""
    return F.pad(torch.from_numpy(ids), (0, length - len(ids)))[None]
