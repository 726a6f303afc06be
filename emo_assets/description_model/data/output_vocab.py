"""The tokens that a description model reads and generates, and which of them the grammar allows next.

Token ids are those of the description vocabulary, except that all `Bar_n` tokens are one token.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_assets.tokens.grammar.descriptions import DescriptionGrammar, DescriptionState, bar_token
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, PAD, UNK, DescriptionKind

BAR = DESCRIPTIONS.span(DescriptionKind.BAR).start
"""The token of every `Bar_n`."""

INPUT_VOCAB_SIZE = BAR + 1
"""Number of token ids that a model reads: the vocabulary up to its first bar."""

KINDS: tuple[DescriptionKind, ...] = tuple(DescriptionKind)


def _kind_index() -> NDArray[np.int64]:
    index = np.full(INPUT_VOCAB_SIZE, -1)
    for number, kind in enumerate(KINDS):
        span = DESCRIPTIONS.span(kind)
        index[span.start : min(span.stop, INPUT_VOCAB_SIZE)] = number
    index[UNK] = KINDS.index(DescriptionKind.TIME_SIGNATURE)
    index[EOS] = KINDS.index(DescriptionKind.BAR)
    return index


KIND_INDEX: NDArray[np.int64] = _kind_index()
"""Index in `KINDS` of each token's kind, -1 for special tokens, shape (INPUT_VOCAB_SIZE,).

`<unk>` is a time signature (only these can be unknown), `<eos>` counts as a bar.
"""


def merge_bar_tokens(ids: ArrayLike) -> NDArray[np.int64]:
    """Replace every `Bar_n` by `BAR`."""
    return np.minimum(np.asarray(ids, dtype=np.int64), BAR)


def number_bars(ids: Iterable[int]) -> list[int]:
    """Replace each `BAR` by `Bar_1`, `Bar_2` and so on: the inverse of `merge_bar_tokens`."""
    bar = 0
    result = []
    for token in ids:
        bar += token == BAR
        result.append(bar_token(bar) if token == BAR else int(token))
    return result


def split_bars(ids: ArrayLike) -> list[list[int]]:
    """Split a description without `<bos>` and `<eos>` into bars, each starting with `BAR`."""
    tokens = merge_bar_tokens(ids)
    starts = np.flatnonzero(tokens == BAR)
    return [bar.tolist() for bar in np.split(tokens, starts)[1:]]


class OutputVocab:
    """The tokens that one model generates.

    Args:
        kinds: their kinds.

    Attributes:
        has_bars: whether bars are among them; otherwise the model generates one token per bar.
        token_ids: the ids of the outputs, ascending, shape (outputs,).
        index: the output of each input token, -1 for none, shape (INPUT_VOCAB_SIZE,).
        kinds: their kinds.
        contains: whether an input token is an output, shape (INPUT_VOCAB_SIZE,).
        kind_index: index in `KINDS` of each output's kind, shape (outputs,).
        allowed: whether the grammar allows an output after an input token, shape (INPUT_VOCAB_SIZE, outputs).
    """

    def __init__(self, kinds: frozenset[DescriptionKind]) -> None:
        self.kinds = kinds
        self.has_bars = DescriptionKind.BAR in kinds
        self.contains: NDArray[np.bool_] = np.isin(KIND_INDEX, [KINDS.index(kind) for kind in kinds])
        if not self.has_bars:
            self.contains[EOS] = False
        self.token_ids: NDArray[np.int64] = np.flatnonzero(self.contains)
        self.index: NDArray[np.int64] = np.full(INPUT_VOCAB_SIZE, -1)
        self.index[self.token_ids] = np.arange(len(self.token_ids))
        self.kind_index: NDArray[np.int64] = KIND_INDEX[self.token_ids]
        self.allowed: NDArray[np.bool_] = self._allowed_next(DescriptionGrammar(kinds).start())

    def _allowed_next(self, state: DescriptionState) -> NDArray[np.bool_]:
        """Walk the grammar once through every token, and record what may follow it."""
        table = np.zeros((INPUT_VOCAB_SIZE, len(self.token_ids)), dtype=np.bool_)
        table[PAD] = True  # keeps the ignored log-probabilities of padding finite
        table[BOS] = self._allowed_outputs(state)
        while not state.allowed[EOS]:
            following = np.flatnonzero(state.allowed)
            for token in following.tolist():
                table[min(token, BAR)] = self._allowed_outputs(state.advance(token))
            state = state.advance(int(following[-1]))
        for token in np.flatnonzero(state.allowed).tolist():
            if token < BAR and token != EOS:
                table[token] = self._allowed_outputs(state.advance(token))
        return table

    def _allowed_outputs(self, state: DescriptionState) -> NDArray[np.bool_]:
        mask = state.allowed[:INPUT_VOCAB_SIZE].copy()
        mask[BAR] = bool(state.allowed[BAR:].any())
        return mask[self.token_ids]


@cache
def output_vocab(kinds: frozenset[DescriptionKind]) -> OutputVocab:
    """Return the vocabulary of a model that generates these kinds."""
    return OutputVocab(kinds)
