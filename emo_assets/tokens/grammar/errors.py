"""How a grammar says that a sequence is wrong.

Holds the error and the wording of what was expected; the rules themselves are in the grammars' modules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.vocabulary import SPECIAL_TOKENS, Kind, Vocabulary


class GrammarError(ValueError):
    """A sequence of tokens breaks its grammar.

    Attributes:
        index: index of the first token that may not stand where it stands; the sequence's length when it
            ends too early.
        found: that token, or "the end".
        expected: what may stand there, in words.
    """

    def __init__(self, index: int, found: str, expected: str) -> None:
        super().__init__(f"token {index} is {found}; expected {expected}")
        self.index = index
        self.found = found
        self.expected = expected


def token_name(vocabulary: Vocabulary[Kind], token_id: int) -> str:
    """Return the token of an id, or words for an id that has none."""
    if 0 <= token_id < len(vocabulary):
        return vocabulary.tokens[token_id]
    return f"the unknown id {token_id}"


def expectation(vocabulary: Vocabulary[Kind], allowed: NDArray[np.bool_]) -> str:
    """Say in words which tokens a mask allows.

    Args:
        vocabulary: whose tokens they are.
        allowed: the mask, shape (len(vocabulary),).

    Returns:
        Kinds of which several tokens are allowed and single tokens, such as `Chord, Bar_2 or <eos>`.
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
