"""Which tokens a describer reads and writes, and which may follow which.

A describer works on token ids of the fixed vocabulary, with one difference: all `Bar_n` tokens are one token,
because their number only counts. What may follow what is asked of the grammar once and kept as a table.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_assets.tokens.grammar.descriptions import DescriptionGrammar, DescriptionState, bar_token
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, PAD, UNK, DescriptionKind

BAR = DESCRIPTIONS.span(DescriptionKind.BAR).start
"""Stands for every `Bar_n`."""

INPUT_VOCAB_SIZE = BAR + 1
"""Number of token ids that a describer reads: the fixed vocabulary up to its first bar."""

KINDS: tuple[DescriptionKind, ...] = tuple(DescriptionKind)


def _kind_numbers() -> NDArray[np.int64]:
    numbers = np.full(INPUT_VOCAB_SIZE, -1)
    for number, kind in enumerate(KINDS):
        span = DESCRIPTIONS.span(kind)
        numbers[span.start : min(span.stop, INPUT_VOCAB_SIZE)] = number
    numbers[UNK] = KINDS.index(DescriptionKind.TIME_SIGNATURE)
    numbers[EOS] = KINDS.index(DescriptionKind.BAR)
    return numbers


KIND_INDEX: NDArray[np.int64] = _kind_numbers()
"""For each read token the index of its kind in `KINDS`, -1 for specials, shape (INPUT_VOCAB_SIZE,).

`<unk>` is a time signature (nothing else can be unknown), `<eos>` counts as a bar line.
"""


def merge_bar_tokens(ids: ArrayLike) -> NDArray[np.int64]:
    """Return the ids with every `Bar_n` as `BAR`, of the shape of `ids`."""
    return np.minimum(np.asarray(ids, dtype=np.int64), BAR)


def number_bars(ids: Iterable[int]) -> list[int]:
    """Return the ids with every `BAR` as `Bar_1`, `Bar_2` and so on: the reverse of `merge_bar_tokens`."""
    bar = 0
    result = []
    for token in ids:
        bar += token == BAR
        result.append(bar_token(bar) if token == BAR else int(token))
    return result


def split_bars(ids: ArrayLike) -> list[list[int]]:
    """Cut a description (without `<bos>` and `<eos>`) into its bars, each beginning with `BAR`."""
    tokens = merge_bar_tokens(ids)
    starts = np.flatnonzero(tokens == BAR)
    return [bar.tolist() for bar in np.split(tokens, starts)[1:]]


class OutputVocab:
    """The tokens that one describer writes.

    Args:
        writes: their kinds.

    Attributes:
        outputs: the ids it chooses among, ascending, shape (outputs,).
        output_of: for each read token its index in `outputs`, -1 where it is none, shape (INPUT_VOCAB_SIZE,).
        allowed: whether an output may follow a read token, shape (INPUT_VOCAB_SIZE, outputs).
    """

    def __init__(self, writes: frozenset[DescriptionKind]) -> None:
        self.writes = writes
        self.has_bars = DescriptionKind.BAR in writes
        written = np.isin(KIND_INDEX, [KINDS.index(kind) for kind in writes])
        if not self.has_bars:
            written[EOS] = False
        self.outputs: NDArray[np.int64] = np.flatnonzero(written)
        self.output_of: NDArray[np.int64] = np.full(INPUT_VOCAB_SIZE, -1)
        self.output_of[self.outputs] = np.arange(len(self.outputs))
        self.output_kinds: NDArray[np.int64] = KIND_INDEX[self.outputs]
        self.written: NDArray[np.bool_] = written
        self.allowed: NDArray[np.bool_] = self._followers()

    def _followers(self) -> NDArray[np.bool_]:
        """Walk through the grammar once, past every token that it knows, and note what may follow."""
        table = np.zeros((INPUT_VOCAB_SIZE, len(self.outputs)), dtype=np.bool_)
        state = DescriptionGrammar(self.writes).start()
        table[PAD] = True  # so that padded steps have finite probabilities; they never count
        table[BOS] = self._outputs_of(state)
        frontier = state
        while not frontier.allowed[EOS]:
            following = np.flatnonzero(frontier.allowed)
            for token in following.tolist():
                table[min(token, BAR)] = self._outputs_of(frontier.advance(token))
            frontier = frontier.advance(int(following[-1]))
        for token in np.flatnonzero(frontier.allowed).tolist():
            if token < BAR and token != EOS:
                table[token] = self._outputs_of(frontier.advance(token))
        return table

    def _outputs_of(self, state: DescriptionState) -> NDArray[np.bool_]:
        mask = state.allowed[:INPUT_VOCAB_SIZE].copy()
        mask[BAR] = bool(state.allowed[BAR:].any())
        return mask[self.outputs]


@cache
def output_vocab(writes: frozenset[DescriptionKind]) -> OutputVocab:
    """Return the alphabet of a describer that writes these kinds."""
    return OutputVocab(writes)
