"""The output head that mixes generating a token with copying one from an earlier bar."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS

MIN_PROBABILITY = 1e-9
"""Probabilities are clamped to this before the logarithm."""

LAG_WIDTH = 8
INNER_WIDTH = 24


class LagScores(nn.Module):
    """Scores how much to trust each earlier bar, from its evidence and the network's state.

    Args:
        width: size of the hidden states.
        evidence: size of the evidence.
    """

    def __init__(self, width: int, evidence: int) -> None:
        super().__init__()
        self.of_states = nn.Linear(width, len(LAGS))
        self.lags = nn.Parameter(torch.zeros(len(LAGS), LAG_WIDTH))
        self.reading = nn.Linear(evidence + LAG_WIDTH, INNER_WIDTH)
        self.scoring = nn.Linear(INNER_WIDTH, 1)

    def forward(self, states: Tensor, evidence: Tensor, usable: Tensor) -> Tensor:
        """Return a score for each lag, -inf for unusable ones, (batch, time, lags)."""
        lags = self.lags.expand(*evidence.shape[:2], -1, -1)  # (batch, time, lags, LAG_WIDTH)
        inner = torch.tanh(self.reading(torch.cat([evidence, lags], dim=-1)))  # (batch, time, lags, inner)
        scores: Tensor = self.of_states(states) + self.scoring(inner).squeeze(-1)  # (batch, time, lags)
        return scores.masked_fill(~usable, -torch.inf)


class CopyHead(nn.Module):
    """A pointer network over earlier bars.

    p(token) = w₀ · softmax(logits)(token) + Σ wₗ · [hintₗ = token], where w is a softmax over one score for
    generating and one for each lag. Where outputs are bins of a number there is another term,
    vₗ · q(token - hintₗ), with q a distribution over differences: most changes are small.

    Args:
        width: size of the hidden states.
        similarity: size of the similarity of two bars, 0 for none.
        bins: number of outputs if they are bins of a number, else None.
    """

    def __init__(self, width: int, similarity: int, bins: int | None) -> None:
        super().__init__()
        self.writing = nn.Linear(width, 1)
        self.copied = LagScores(width, AGREEMENT_SIZE + similarity)
        self.moved = LagScores(width, AGREEMENT_SIZE + similarity) if bins else None
        self.differences = nn.Linear(width, 2 * bins - 1) if bins else None
        if bins:
            outputs = torch.arange(bins)
            difference = outputs[None, :] - outputs[:, None] + bins - 1  # (bins, bins)
            self.register_buffer("difference", difference, persistent=False)
        self.difference: Tensor

    def forward(
        self, states: Tensor, logits: Tensor, hints: Tensor, evidence: Tensor, allowed: Tensor
    ) -> Tensor:
        """Return log-probabilities, (batch, time, outputs).

        Args:
            states: hidden states, (batch, time, width).
            logits: the network's logits, -inf where the grammar forbids, (batch, time, outputs).
            hints: the output that each lag suggests, negative for none, (batch, time, lags).
            evidence: agreement and similarity, (batch, time, lags, AGREEMENT_SIZE + similarity).
            allowed: what the grammar allows, (batch, time, outputs).
        """
        hinted = hints.clamp(min=0)  # (batch, time, lags)
        usable = (hints >= 0) & allowed.gather(-1, hinted)  # (batch, time, lags)
        scores = [self.writing(states), self.copied(states, evidence, usable)]
        if self.moved is not None:
            scores.append(self.moved(states, evidence, usable))
        weights = torch.cat(scores, dim=-1).softmax(dim=-1)  # (batch, time, 1 + lags or 1 + 2 · lags)
        mixed = weights[..., :1] * logits.softmax(dim=-1)  # (batch, time, outputs)
        mixed = mixed.scatter_add(-1, hinted, weights[..., 1 : 1 + len(LAGS)])  # (batch, time, outputs)
        if self.differences is not None:
            differences = self.differences(states)  # (batch, time, 2 · outputs - 1)
            shape = (*hinted.shape, differences.shape[-1])
            near = differences[:, :, None].expand(shape)  # (batch, time, lags, 2 · outputs - 1)
            near = near.gather(-1, self.difference[hinted])  # (batch, time, lags, outputs)
            moved = weights[..., None, 1 + len(LAGS) :] @ near.softmax(dim=-1)  # (batch, time, 1, outputs)
            mixed = mixed + moved.squeeze(-2)
        return mixed.clamp(min=MIN_PROBABILITY).log().masked_fill(~allowed, -torch.inf)
