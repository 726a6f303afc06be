"""What an earlier bar would have next: the hints from which describers learn to repeat.

Songs repeat their bars, after one bar, two, four or eight. For each lag the hint is the token that stood in
the bar that many bars before, at the place that corresponds to the one that is being written; beside it is
how well that bar has agreed so far. Both are functions of the past alone. Networks that use them are in
`networks`; baselines copy the first hint.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.output_vocab import BAR, KIND_INDEX, KINDS
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import BOS, EOS, DescriptionKind

LAGS = tuple(range(1, WINDOW_BARS))
"""How many bars a hint looks back."""

AGREEMENT_SIZE = 4
"""Numbers that say how well an earlier bar agrees: see `agreement`."""

NO_HINT = -1

_INSTRUMENT = KINDS.index(DescriptionKind.INSTRUMENT)
_CHORD = KINDS.index(DescriptionKind.CHORD)


class EarlierBar:
    """A finished bar that can say what it had where another bar now stands.

    Args:
        tokens: its tokens, from `BAR` on; or the one token of a describer that writes one a bar.
    """

    __slots__ = ("_chords", "_fixed", "_instruments")

    def __init__(self, tokens: Sequence[int]) -> None:
        kinds = [KIND_INDEX[token] for token in tokens]
        self._instruments = [t for t, kind in zip(tokens, kinds, strict=True) if kind == _INSTRUMENT]
        self._chords = [t for t, kind in zip(tokens, kinds, strict=True) if kind == _CHORD]
        self._fixed = list(tokens[: len(tokens) - len(self._instruments) - len(self._chords)])

    def next_token(self, written: Sequence[int]) -> int:
        """Return what this bar had after what corresponds to `written`, `BAR` where it had ended.

        Args:
            written: the tokens of the present bar so far, from `BAR` on.
        """
        if len(written) < len(self._fixed):
            return self._fixed[len(written)]
        last = written[-1] if written else BOS
        if KIND_INDEX[last] == _CHORD:
            number = sum(KIND_INDEX[token] == _CHORD for token in written)
            return self._chords[number] if number < len(self._chords) else BAR
        for instrument in self._instruments:
            if KIND_INDEX[last] != _INSTRUMENT or instrument > last:
                return instrument
        return self._chords[0] if self._chords else BAR


def agreement(
    hits: NDArray[np.int64], steps: NDArray[np.int64], before: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Say how well earlier bars agree with what is being written.

    Args:
        hits: how many hints of the present bar came true so far, for each lag, shape (..., lags).
        steps: how many hints there were so far in the present bar, shape (...).
        before: share of hints that came true in the whole bar before, at the same lag, NaN where there was
            none, shape (..., lags).

    Returns:
        Shape (..., lags, AGREEMENT_SIZE): whether no hint failed so far, the share that came true (1/2 when
        there was none), the share of the bar before (1/2 when unknown) and whether that is known.
    """
    counted = np.broadcast_to(steps[..., None], hits.shape)
    share = np.where(counted > 0, hits / np.maximum(counted, 1), 0.5)
    known = ~np.isnan(before)
    return np.stack([hits == counted, share, np.where(known, before, 0.5), known], axis=-1).astype(np.float32)


class CopyFeatureTracker:
    """Follows one window as it is written and gives the hints for each next token.

    Training reads its arrays from whole songs instead (`steps`); both yield the same numbers.

    Args:
        has_bars: whether the describer writes `BAR` tokens, or one token a bar.
    """

    def __init__(self, has_bars: bool) -> None:
        self._has_bars = has_bars
        self._earlier: list[EarlierBar] = []
        self._written: list[int] = [BAR] if has_bars else []
        self._before = np.full(len(LAGS), np.nan, dtype=np.float32)
        self._start_bar()

    @property
    def bar(self) -> int:
        """Index of the bar that is being written, from 0."""
        return len(self._earlier)

    def _start_bar(self) -> None:
        self._steps = 0
        self._hits = np.zeros(len(LAGS), dtype=np.int64)
        self._look_up()

    def _look_up(self) -> None:
        self.hints = np.full(len(LAGS), NO_HINT)
        for place, lag in enumerate(LAGS[: self.bar]):
            self.hints[place] = self._earlier[-lag].next_token(self._written)
        if self.bar == WINDOW_BARS - 1:
            self.hints[self.hints == BAR] = EOS

    @property
    def agreement(self) -> NDArray[np.float32]:
        """What `agreement` says at this step, shape (lags, AGREEMENT_SIZE)."""
        return agreement(self._hits, np.array(self._steps), self._before)

    def write(self, token: int) -> None:
        """Take note of the next token that this describer writes in the present bar (`BAR` ends the bar)."""
        self._hits += self.hints == token
        self._steps += 1
        if self._has_bars and token != BAR:
            self._written.append(token)
            self._look_up()
            return
        self._earlier.append(EarlierBar(self._written if self._has_bars else [token]))
        shares = self._hits / self._steps
        # only lags that already had a hint in the bar that ends here
        self._before = np.where(np.array(LAGS) < self.bar, shares, np.nan).astype(np.float32)
        self._written = [BAR] if self._has_bars else []
        self._start_bar()
