"""Songs as the steps of one model, and the windows that are cut from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.copy_features import LAGS, NO_HINT, EarlierBar, agreement
from emo_assets.description_model.data.output_vocab import BAR, INPUT_VOCAB_SIZE, OutputVocab
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import BOS, EOS


@dataclass(frozen=True)
class Window:
    """Up to 12 bars of a song as the steps of one model.

    Attributes:
        inputs: the previous token, shape (steps,).
        targets: the next token, shape (steps,).
        bars: index of the target's bar in the window, shape (steps,).
        hints: what earlier bars suggest, `NO_HINT` for none, shape (steps, lags).
        agreement: how well they agreed so far, shape (steps, lags, AGREEMENT_SIZE).
        first_bar: number of the first bar in the song, from 1.
        content: which tokens each bar contains, of all kinds, shape (bars, INPUT_VOCAB_SIZE).
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    bars: NDArray[np.int64]
    hints: NDArray[np.int64]
    agreement: NDArray[np.float32]
    first_bar: int
    content: NDArray[np.bool_]


class TokenizedSong:
    """All steps of consecutive bars, prepared once; windows are slices of them.

    Args:
        bars: the bars, each starting with `BAR`, with tokens of all kinds.
        first_bar: number of the first bar in the song, from 1.
        vocab: the model's outputs.
    """

    def __init__(self, bars: Sequence[Sequence[int]], first_bar: int, vocab: OutputVocab) -> None:
        self.first_bar = first_bar
        self._has_bars = vocab.has_bars
        self._bars = [np.array(bar, dtype=np.int16) for bar in bars]
        targets = [[token for token in bar if vocab.contains[token]] for bar in bars]
        tokens = np.array([token for bar in targets for token in bar], dtype=np.int16)
        # the targets of a bar end with the `BAR` of the next one
        self._inputs = tokens if self._has_bars else np.concatenate([[BOS], tokens[:-1]])
        self._targets = np.concatenate([tokens[1:], [BAR]]) if self._has_bars else tokens
        self._starts = np.concatenate([[0], np.cumsum([len(bar) for bar in targets])])
        self._hints = self._all_hints(targets)
        self._hits = self._hints == self._targets[:, None]

    def __len__(self) -> int:
        return len(self._bars)

    def _all_hints(self, targets: Sequence[Sequence[int]]) -> NDArray[np.int16]:
        """Return all hints as if the song were one window; `window` removes those from before its start."""
        earlier = [EarlierBar(bar) for bar in targets]
        hints = np.full((len(self._inputs), len(LAGS)), NO_HINT, dtype=np.int16)
        for number, bar in enumerate(targets):
            prefixes = [bar[: index + 1] if self._has_bars else [] for index in range(len(bar))]
            rows = slice(self._starts[number], self._starts[number + 1])
            for column, lag in enumerate(LAGS[:number]):
                hints[rows, column] = [earlier[number - lag].next_token(prefix) for prefix in prefixes]
        return hints

    def steps_in(self, start: int, stop: int) -> int:
        """Return the number of steps of the window of bars `start` to `stop`."""
        return int(self._starts[stop] - self._starts[start]) + self._has_bars

    def window(self, start: int, stop: int) -> Window:
        """Cut out the bars from `start` up to `stop`, as indices.

        Raises:
            ValueError: the bars do not exist, or are more than 12.
        """
        if not 0 <= start < stop <= len(self) or stop - start > WINDOW_BARS:
            raise ValueError(f"no window of bars {start} to {stop} in {len(self)} bars")
        rows = slice(self._starts[start], self._starts[stop])
        lengths = np.diff(self._starts[start : stop + 1])
        bars = np.repeat(np.arange(stop - start), lengths)
        inputs, targets = self._inputs[rows].astype(np.int64), self._targets[rows].astype(np.int64)
        hints = np.where(np.array(LAGS) <= bars[:, None], self._hints[rows], NO_HINT).astype(np.int64)
        agreed = _agreement(self._hits[rows], bars, lengths)
        if self._has_bars:
            targets[-1] = EOS
            if stop - start == WINDOW_BARS:
                last = bars == WINDOW_BARS - 1
                hints[last] = np.where(hints[last] == BAR, EOS, hints[last])
            inputs, targets = np.concatenate([[BOS], inputs]), np.concatenate([[BAR], targets])
            bars = np.concatenate([[0], bars])
            hints = np.concatenate([np.full((1, len(LAGS)), NO_HINT), hints])
            agreed = np.concatenate([np.zeros_like(agreed[:1]), agreed])
        else:
            inputs[0] = BOS
        content = np.zeros((stop - start, INPUT_VOCAB_SIZE), dtype=np.bool_)
        for index, bar in enumerate(self._bars[start:stop]):
            content[index, bar] = True
        return Window(inputs, targets, bars, hints, agreed, self.first_bar + start, content)


def _agreement(
    hits: NDArray[np.bool_], bars: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the agreement at each step of a window, shape (steps, lags, AGREEMENT_SIZE).

    Args:
        hits: which hints are right, shape (steps, lags).
        bars: index of each step's bar in the window, shape (steps,).
        lengths: number of steps of each bar, shape (bars,).
    """
    lags = np.array(LAGS)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    total = np.concatenate([np.zeros((1, len(LAGS)), dtype=np.int64), np.cumsum(hits, axis=0)])
    in_bar = np.where(lags <= bars[:, None], total[:-1] - total[starts[bars]], 0)  # (steps, lags)
    share = (total[starts[1:]] - total[starts[:-1]]) / lengths[:, None]  # (bars, lags)
    previous = np.concatenate([np.full((1, len(LAGS)), np.nan), share[:-1]])[bars]  # (steps, lags)
    previous = np.where(lags < bars[:, None], previous, np.nan).astype(np.float32)
    return agreement(in_bar, np.arange(len(bars)) - starts[bars], previous)
