"""Sampling of tokens: temperature, top-p (nucleus) and classifier-free guidance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.errors import InputError


@dataclass(frozen=True)
class SamplingParams:
    """How tokens are sampled.

    Attributes:
        temperature: 0 to 10; below 1 sharpens the distribution, 0 is greedy.
        top_p: above 0 and at most 1; only the most likely tokens that together reach this probability are
            sampled (nucleus sampling, arXiv 1904.09751).
        guidance: 0 to 20, the scale of classifier-free guidance; see `apply_cfg`.

    Raises:
        InputError: a value is out of range.
    """

    temperature: float = 1.0
    top_p: float = 0.95
    guidance: float = 1.5

    def __post_init__(self) -> None:
        if not (0 <= self.temperature <= 10 and 0 < self.top_p <= 1 and 0 <= self.guidance <= 20):
            raise InputError(
                "temperature must be 0 to 10, top_p above 0 and at most 1, guidance 0 to 20; "
                f"got {self.temperature:g}, {self.top_p:g} and {self.guidance:g}"
            )


def apply_cfg(
    conditional: NDArray[np.float64], unconditional: NDArray[np.float64], guidance: float
) -> NDArray[np.float64]:
    """Apply classifier-free guidance (arXiv 2207.12598): p(x)^(1-g) · p(x|condition)^g.

    Args:
        conditional: log-probabilities given the condition, -inf where forbidden, any shape.
        unconditional: log-probabilities without it, -inf at the same entries.
        guidance: g: 1 returns `conditional`, 0 `unconditional`, more than 1 extrapolates.

    Returns:
        Unnormalized log-probabilities of the same shape.
    """
    forbidden = np.isneginf(conditional)
    with_condition, without = np.where(forbidden, 0, conditional), np.where(forbidden, 0, unconditional)
    return np.where(forbidden, -np.inf, without + guidance * (with_condition - without))


def sample_token(
    logits: NDArray[np.floating],
    uniform: float,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    most_likely_first: bool = False,
) -> int:
    """Sample a token by inverting the cumulative distribution at `uniform`.

    Args:
        logits: unnormalized log-probabilities, -inf where forbidden, shape (tokens,).
        uniform: a random number in [0, 1).
        temperature: see `SamplingParams`.
        top_p: see `SamplingParams`.
        most_likely_first: whether the cumulative distribution runs from the most likely token to the least
            likely one, instead of in the order of the tokens. Both are the same distribution, but one
            `uniform` gives different tokens.

    Returns:
        An index into `logits`.
    """
    if temperature == 0:
        return int(logits.argmax())
    scaled = (logits.astype(np.float64) - float(logits.max())) / temperature  # (tokens,)
    probabilities = np.exp(scaled)
    probabilities /= probabilities.sum()
    kept = np.argsort(-probabilities, kind="stable")  # (tokens,)
    cumulative = probabilities[kept].cumsum()
    kept = kept[: int(np.searchsorted(cumulative, top_p * cumulative[-1])) + 1]  # (nucleus,)
    if not most_likely_first:
        kept.sort()
    cumulative = probabilities[kept].cumsum()
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    return int(kept[min(index, len(kept) - 1)])
