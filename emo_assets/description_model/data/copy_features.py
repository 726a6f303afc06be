"""Copy features: what earlier bars of the window suggest as the next token, and how far to trust them.

Songs repeat their bars after one, two, four or eight bars. For each lag the hint is the token at the
corresponding place of the bar that many bars back. The agreement says how often its hints were right so far.
Both depend on previous tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.output_vocab import BAR, KIND_INDEX, KINDS
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import BOS, EOS, DescriptionKind

LAGS = tuple(range(1, WINDOW_BARS))
"""How many bars back the hints come from."""

AGREEMENT_SIZE = 4
"""Size of the agreement; see `agreement`."""

NO_HINT = -1

_INSTRUMENT = KINDS.index(DescriptionKind.INSTRUMENT)
_CHORD = KINDS.index(DescriptionKind.CHORD)
_KIND: list[int] = KIND_INDEX.tolist()  # a list is faster than an array here


class EarlierBar:
    """A finished bar that suggests tokens for a later one.

    Args:
        tokens: its tokens, starting with `BAR`; or the one token of a model that generates one per bar.
    """

    __slots__ = ("_chords", "_fixed", "_instruments")

    def __init__(self, tokens: Sequence[int]) -> None:
        self._instruments = [token for token in tokens if _KIND[token] == _INSTRUMENT]
        self._chords = [token for token in tokens if _KIND[token] == _CHORD]
        self._fixed = list(tokens[: len(tokens) - len(self._instruments) - len(self._chords)])

    def next_token(self, prefix: Sequence[int]) -> int:
        """Return the token at the corresponding place of this bar, `BAR` at its end.

        Args:
            prefix: the tokens of the later bar so far, starting with `BAR`.
        """
        if len(prefix) < len(self._fixed):
            return self._fixed[len(prefix)]
        last = prefix[-1] if prefix else BOS
        if _KIND[last] == _CHORD:
            chords = sum(_KIND[token] == _CHORD for token in prefix)
            return self._chords[chords] if chords < len(self._chords) else BAR
        for instrument in self._instruments:
            if _KIND[last] != _INSTRUMENT or instrument > last:
                return instrument
        return self._chords[0] if self._chords else BAR


def agreement(
    hits: NDArray[np.int64], steps: NDArray[np.int64], previous: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how well the hints of each lag agree with the tokens.

    Args:
        hits: number of right hints in the current bar so far, per lag, shape (..., lags).
        steps: number of hints in the current bar so far, shape (...).
        previous: share of right hints in the whole previous bar, NaN for none, shape (..., lags).

    Returns:
        Shape (..., lags, AGREEMENT_SIZE): whether all hints were right, the share of right ones (0.5 for
        none), the share in the previous bar (0.5 if unknown), and whether that is known.
    """
    counted = np.broadcast_to(steps[..., None], hits.shape)
    share = np.where(counted > 0, hits / np.maximum(counted, 1), 0.5)
    known = ~np.isnan(previous)
    return np.stack([hits == counted, share, np.where(known, previous, 0.5), known], axis=-1).astype(
        np.float32
    )


class CopyFeatureTracker:
    """Computes the copy features of a window while it is generated.

    `TokenizedSong` computes the same for whole songs.

    Args:
        has_bars: whether the model generates `BAR` tokens, or one token per bar.

    Attributes:
        hints: the hint of each lag, `NO_HINT` for none, shape (lags,).
    """

    def __init__(self, has_bars: bool) -> None:
        self._has_bars = has_bars
        self._earlier: list[EarlierBar] = []
        self._prefix: list[int] = [BAR] if has_bars else []
        self._previous = np.full(len(LAGS), np.nan, dtype=np.float32)
        self._start_bar()

    @property
    def bar(self) -> int:
        """Index of the current bar, from 0."""
        return len(self._earlier)

    @property
    def agreement(self) -> NDArray[np.float32]:
        """The agreement at this step, shape (lags, AGREEMENT_SIZE)."""
        return agreement(self._hits, np.array(self._steps), self._previous)

    def append(self, token: int) -> None:
        """Add the next token of the current bar; `BAR` ends the bar."""
        self._hits += self.hints == token
        self._steps += 1
        if self._has_bars and token != BAR:
            self._prefix.append(token)
            self._update_hints()
            return
        self._earlier.append(EarlierBar(self._prefix if self._has_bars else [token]))
        # only lags that had a hint in the bar that ends here
        shares = np.where(np.array(LAGS) < self.bar, self._hits / self._steps, np.nan)
        self._previous = shares.astype(np.float32)
        self._prefix = [BAR] if self._has_bars else []
        self._start_bar()

    def _start_bar(self) -> None:
        self._steps = 0
        self._hits = np.zeros(len(LAGS), dtype=np.int64)
        self._update_hints()

    def _update_hints(self) -> None:
        self.hints = np.full(len(LAGS), NO_HINT)
        for index, lag in enumerate(LAGS[: self.bar]):
            self.hints[index] = self._earlier[-lag].next_token(self._prefix)
        if self.bar == WINDOW_BARS - 1:
            self.hints[self.hints == BAR] = EOS
