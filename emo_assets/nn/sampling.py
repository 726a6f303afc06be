"""How one token is sample_token from a distribution: temperature, nucleus, guidance.

Pure functions over probabilities; what they are of is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.errors import InputError


@dataclass(frozen=True)
class SamplingParams:
    """How tokens are sample_token.

    Attributes:
        temperature: below 1 likelier tokens become likelier still; 0 always takes the likeliest.
        top_p: only the likeliest tokens that together reach this probability are sample_token from.
        guidance: how strictly features are followed: 1 as learned, more exaggerates what the features change,
            0 ignores them. The sample_token distribution is proportional to p(·)^(1-g) · p(·|features)^g.
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
    """Move log-probabilities away from what they would be without features (arXiv 2207.12598).

    Args:
        conditional: with the features, -inf where forbidden, shape (songs, outputs).
        unconditional: without them, -inf at the same places.
        guidance: 1 gives `conditional`, 0 `unconditional`, more than 1 goes beyond.

    Returns:
        Unnormalised log-probabilities, shape (songs, outputs).
    """
    forbidden = np.isneginf(conditional)
    first, second = np.where(forbidden, 0, conditional), np.where(forbidden, 0, unconditional)
    return np.where(forbidden, -np.inf, second + guidance * (first - second))


def sample_token(logs: NDArray[np.float64], draw: SamplingParams, generator: np.random.Generator) -> int:
    """SamplingParams an output.

    Args:
        logs: log-probabilities, normalised or not, -inf where forbidden, shape (outputs,).
        draw: how.
        generator: gives one number, whatever is sample_token.
    """
    uniform = generator.random()
    if draw.temperature == 0:
        return int(logs.argmax())
    scaled = (logs - logs.max()) / draw.temperature
    probabilities = np.exp(scaled) / np.exp(scaled).sum()
    order = np.argsort(-probabilities, kind="stable")
    cumulative = probabilities[order].cumsum()
    kept = int(np.searchsorted(cumulative, draw.top_p * cumulative[-1])) + 1
    cumulative = cumulative[:kept]
    return int(order[min(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"), kept - 1)])
