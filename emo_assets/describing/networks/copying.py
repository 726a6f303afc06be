"""A mixture of writing a new token and copying what stood in an earlier bar."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.describing.repeats import AGREEMENT_WIDTH, LAGS

SMALLEST = 1e-9
"""Floor of a probability before its logarithm is taken."""


class CopyHead(nn.Module):
    """Chooses between the network's own distribution and the hint of each earlier bar.

    p(token) = w₀ · softmax(logits)(token) + Σ wₗ · [hintₗ = token], where w is a softmax over one score for
    writing and one for each lag; a pointer network whose places are bars.

    Args:
        width: of the network's hidden states.
        similarity: how many numbers say how alike two bars are in what others have written.
    """

    def __init__(self, width: int, similarity: int) -> None:
        super().__init__()
        self.scores_of_states = nn.Linear(width, 1 + len(LAGS))
        self.lags = nn.Parameter(torch.zeros(len(LAGS), 8))
        inner = 24
        self.reading = nn.Linear(AGREEMENT_WIDTH + similarity + 8, inner)
        self.scoring = nn.Linear(inner, 1)

    def forward(
        self,
        states: torch.Tensor,
        logits: torch.Tensor,
        hints: torch.Tensor,
        evidence: torch.Tensor,
        allowed: torch.Tensor,
    ) -> torch.Tensor:
        """Return log-probabilities.

        Args:
            states: hidden states, (batch, time, width).
            logits: the network's own, -inf where the grammar forbids, (batch, time, outputs).
            hints: an output for each lag, negative for none, (batch, time, lags).
            evidence: agreement and similarity of each lag, (batch, time, lags, AGREEMENT_WIDTH + similarity).
            allowed: what the grammar allows, (batch, time, outputs).
        """
        lags = self.lags.expand(*evidence.shape[:2], -1, -1)  # (batch, time, lags, 8)
        read = torch.tanh(self.reading(torch.cat([evidence, lags], dim=-1)))  # (batch, time, lags, inner)
        by_state = self.scores_of_states(states)  # (batch, time, 1 + lags)
        by_lag = by_state[..., 1:] + self.scoring(read).squeeze(-1)  # (batch, time, lags)
        place = hints.clamp(min=0)
        usable = (hints >= 0) & allowed.gather(-1, place)
        by_lag = by_lag.masked_fill(~usable, -torch.inf)
        weights = torch.cat([by_state[..., :1], by_lag], dim=-1).softmax(dim=-1)  # (batch, time, 1 + lags)
        written = weights[..., :1] * logits.softmax(dim=-1)
        mixed = written.scatter_add(-1, place, weights[..., 1:])  # (batch, time, outputs)
        return mixed.clamp(min=SMALLEST).log().masked_fill(~allowed, -torch.inf)
