"""A song as the steps that a describer takes, and the windows that are cut from them.

A step is: the token read, the token to be written, the bar it belongs to, and the hints of `repeats`. Songs
are prepared once; windows of up to 12 bars are slices of them. No torch here: `batches` makes tensors.
"""

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
    """Up to 12 bars of a song as one describer writes them.

    Attributes:
        inputs: token read at each step, shape (steps,).
        targets: token to be written, shape (steps,).
        bars: index of the target's bar in the window, shape (steps,).
        hints: what earlier bars have there, `NO_HINT` where there is no such bar, shape (steps, lags).
        agreement: how well they agree so far, shape (steps, lags, AGREEMENT_SIZE).
        first_bar: number of the window's first bar in the song, from 1.
        content: for each bar which tokens stand in it, shape (bars, INPUT_VOCAB_SIZE); what others have
        written is
            read from it.
    """

    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    bars: NDArray[np.int64]
    hints: NDArray[np.int64]
    agreement: NDArray[np.float32]
    first_bar: int
    content: NDArray[np.bool_]


class TokenizedSong:
    """All steps of consecutive bars of one song.

    Args:
        bars: the described bars, each from `BAR` on with all its tokens.
        first_bar: number of the first of them in the song, from 1.
        alphabet: of the describer.
    """

    def __init__(self, bars: Sequence[Sequence[int]], first_bar: int, alphabet: OutputVocab) -> None:
        self.first_bar = first_bar
        self._has_bars = alphabet.has_bars
        self._bars = [np.array(bar, dtype=np.int16) for bar in bars]
        written = [[token for token in bar if alphabet.written[token]] for bar in bars]
        self._lay_out(written)
        self._look_back(written)

    def __len__(self) -> int:
        return len(self._bars)

    def _lay_out(self, written: Sequence[Sequence[int]]) -> None:
        """Line up inputs and targets: a bar's targets end with the `BAR` that closes it."""
        tokens = np.array([token for bar in written for token in bar], dtype=np.int16)
        self._inputs = tokens if self._has_bars else np.concatenate([[BOS], tokens[:-1]])
        self._targets = np.concatenate([tokens[1:], [BAR]]) if self._has_bars else tokens
        self._starts = np.concatenate([[0], np.cumsum([len(bar) for bar in written])])

    def _look_back(self, written: Sequence[Sequence[int]]) -> None:
        """Collect hints, and whether they came true, as if no window began; `window` blanks the rest."""
        earlier = [EarlierBar(bar) for bar in written]
        self._hints = np.full((len(self._inputs), len(LAGS)), NO_HINT, dtype=np.int16)
        for number, bar in enumerate(written):
            prefixes = [bar[: place + 1] if self._has_bars else [] for place in range(len(bar))]
            for column, lag in enumerate(LAGS[:number]):
                reference = earlier[number - lag]
                start = self._starts[number]
                self._hints[start : start + len(bar), column] = [reference.next_token(p) for p in prefixes]
        self._hits = self._hints == self._targets[:, None]

    def steps_in(self, start: int, stop: int) -> int:
        """Return how many steps the window of the bars from `start` up to `stop` has."""
        return int(self._starts[stop] - self._starts[start]) + self._has_bars

    def window(self, start: int, stop: int) -> Window:
        """Cut out the bars from `start` up to `stop`, counted from 0 within these bars.

        Raises:
            ValueError: there are no such bars, or more than 12.
        """
        if not 0 <= start < stop <= len(self) or stop - start > WINDOW_BARS:
            raise ValueError(f"no window of bars {start} to {stop} in {len(self)} bars")
        part = slice(self._starts[start], self._starts[stop])
        lengths = np.diff(self._starts[start : stop + 1])
        bars = np.repeat(np.arange(stop - start), lengths)
        inputs, targets = self._inputs[part].astype(np.int64), self._targets[part].astype(np.int64)
        hints = np.where(np.array(LAGS) <= bars[:, None], self._hints[part], NO_HINT).astype(np.int64)
        agreed = self._agreement(self._hits[part], bars, lengths)
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
        for number, bar in enumerate(self._bars[start:stop]):
            content[number, bar] = True
        return Window(inputs, targets, bars, hints, agreed, self.first_bar + start, content)

    def _agreement(
        self, hits: NDArray[np.bool_], bars: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Say how well earlier bars of the window agree at each of its steps."""
        lags = np.array(LAGS)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        total = np.concatenate([np.zeros((1, len(LAGS)), dtype=np.int64), np.cumsum(hits, axis=0)])
        so_far = np.where(lags <= bars[:, None], total[:-1] - total[starts[bars]], 0)
        share = (total[starts[1:]] - total[starts[:-1]]) / lengths[:, None]  # (bars, lags)
        before = np.concatenate([np.full((1, len(LAGS)), np.nan), share[:-1]])[bars]
        before = np.where(lags < bars[:, None], before, np.nan).astype(np.float32)
        return agreement(so_far, np.arange(len(bars)) - starts[bars], before)
