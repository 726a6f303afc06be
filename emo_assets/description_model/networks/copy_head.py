"""A mixture of writing a new token, copying one from an earlier bar, and moving a little from one."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS

MIN_PROBABILITY = 1e-9
"""Floor of a probability before its logarithm is taken."""

LAG_WIDTH = 8
INNER_WIDTH = 24


class LagScores(nn.Module):
    """Scores each lag by how well that earlier bar agrees, and by the network's state.

    Args:
        width: of the network's hidden states.
        evidence: how many numbers say how well an earlier bar agrees.
    """

    def __init__(self, width: int, evidence: int) -> None:
        super().__init__()
        self.of_states = nn.Linear(width, len(LAGS))
        self.lags = nn.Parameter(torch.zeros(len(LAGS), LAG_WIDTH))
        self.reading = nn.Linear(evidence + LAG_WIDTH, INNER_WIDTH)
        self.scoring = nn.Linear(INNER_WIDTH, 1)

    def forward(self, states: torch.Tensor, evidence: torch.Tensor, usable: torch.Tensor) -> torch.Tensor:
        """Return a score for each lag, -inf where it is not usable, (batch, time, lags)."""
        lags = self.lags.expand(*evidence.shape[:2], -1, -1)  # (batch, time, lags, LAG_WIDTH)
        read = torch.tanh(self.reading(torch.cat([evidence, lags], dim=-1)))  # (batch, time, lags, inner)
        scores: torch.Tensor = self.of_states(states) + self.scoring(read).squeeze(-1)
        return scores.masked_fill(~usable, -torch.inf)


class CopyHead(nn.Module):
    """Chooses between the network's own distribution and what stood in earlier bars.

    p(token) = w₀ · softmax(logits)(token) + Σ wₗ · [hintₗ = token], where w is a softmax over one score for
    writing and one for each lag: a pointer network whose places are bars. Where outputs are bins of a number
    there is one term more, vₗ · q(token - hintₗ), with q a distribution over differences: a number that
    changes mostly changes a little.

    Args:
        width: of the network's hidden states.
        similarity: how many numbers say how alike two bars are in what others have written.
        bins: how many outputs there are, if they are bins of a number; None if not.
    """

    def __init__(self, width: int, similarity: int, bins: int | None) -> None:
        super().__init__()
        self.writing = nn.Linear(width, 1)
        self.copied = LagScores(width, AGREEMENT_SIZE + similarity)
        self.moved = LagScores(width, AGREEMENT_SIZE + similarity) if bins else None
        self.differences = nn.Linear(width, 2 * bins - 1) if bins else None
        if bins:
            outputs = torch.arange(bins)
            self.register_buffer(
                "difference", outputs[None, :] - outputs[:, None] + bins - 1, persistent=False
            )
        self.difference: torch.Tensor

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
            evidence: agreement and similarity of each lag, (batch, time, lags, AGREEMENT_SIZE + similarity).
            allowed: what the grammar allows, (batch, time, outputs).
        """
        place = hints.clamp(min=0)
        usable = (hints >= 0) & allowed.gather(-1, place)
        scores = [self.writing(states), self.copied(states, evidence, usable)]
        if self.moved is not None:
            scores.append(self.moved(states, evidence, usable))
        weights = torch.cat(scores, dim=-1).softmax(dim=-1)  # (batch, time, 1 + lags or 1 + 2 · lags)
        mixed = weights[..., :1] * logits.softmax(dim=-1)
        mixed = mixed.scatter_add(-1, place, weights[..., 1 : 1 + len(LAGS)])  # (batch, time, outputs)
        if self.differences is not None:
            steps = self.differences(states)  # (batch, time, 2 · outputs - 1)
            shape = (*place.shape, steps.shape[-1])
            near = steps[:, :, None].expand(shape).gather(-1, self.difference[place])
            moved = weights[..., None, 1 + len(LAGS) :] @ near.softmax(dim=-1)  # (batch, time, 1, outputs)
            mixed = mixed + moved.squeeze(-2)
        return mixed.clamp(min=MIN_PROBABILITY).log().masked_fill(~allowed, -torch.inf)
