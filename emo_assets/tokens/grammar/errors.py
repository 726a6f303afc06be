"""The error that grammars raise, and its wording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import SPECIAL_TOKENS, Kind, Vocabulary


class GrammarError(ValueError):
    """A sequence of tokens breaks its grammar.

    Attributes:
        index: index of the first token that is not allowed; the sequence's length when it ends too early.
        found: that token, or "the end".
        expected: the tokens allowed there, in words.
    """

    def __init__(self, index: int, found: str, expected: str) -> None:
        super().__init__(f"token {index} is {found}; expected {expected}")
        self.index = index
        self.found = found
        self.expected = expected

    @classmethod
    def at(
        cls, index: int, token_id: int, vocabulary: Vocabulary[Kind], allowed: NDArray[np.bool_]
    ) -> GrammarError:
        """Return the error of a token that a mask, shape (len(vocabulary),), does not allow."""
        known = 0 <= token_id < len(vocabulary)
        found = vocabulary.tokens[token_id] if known else f"the unknown id {token_id}"
        return cls(index, found, _in_words(vocabulary, allowed))

    @classmethod
    def at_end(cls, index: int, vocabulary: Vocabulary[Kind], allowed: NDArray[np.bool_]) -> GrammarError:
        """Return the error of a sequence that ends where a mask does not allow it."""
        return cls(index, "the end", _in_words(vocabulary, allowed))


def _in_words(vocabulary: Vocabulary[Kind], allowed: NDArray[np.bool_]) -> str:
    """Name the tokens that a mask allows: kinds with several of them, and single tokens.

    For example `Chord, Bar_2 or <eos>`.
    """
    names = []
    tokens_by_kind: dict[Kind | None, list[str]] = {}
    for token_id in np.flatnonzero(allowed).tolist():
        tokens_by_kind.setdefault(vocabulary.kind(token_id), []).append(vocabulary.tokens[token_id])
    for kind, tokens in tokens_by_kind.items():
        if kind is None or len(tokens) == 1:
            names.extend(tokens)
        elif len(tokens) == len(vocabulary.span(kind)):
            names.append(str(kind))
        else:
            names.append(f"{kind} ({tokens[0]} to {tokens[-1]})")
    names.sort(key=lambda name: name in SPECIAL_TOKENS)
    if not names:
        return "nothing after the end"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
