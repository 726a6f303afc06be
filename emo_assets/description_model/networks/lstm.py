"""The LSTM describer: for whole descriptions, and for one class of tokens each."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.output_vocab import output_vocab
from emo_assets.description_model.networks.bar_encoder import BarEncoder, gather_bars
from emo_assets.description_model.networks.copy_head import CopyHead
from emo_assets.description_model.networks.embeddings import FeatureEmbedding, StepEmbedding
from emo_assets.description_model.specs import ModelConfig, ModelSpec

State = list[torch.Tensor]
"""What a network remembers of the steps so far."""


class LSTMModel(nn.Module):
    """Reads token, features and what others wrote for the bar at each step (paper section 4.1.2).

    Args:
        spec: what it writes and sees.
        config: its sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        alphabet = output_vocab(spec.writes)
        width = config.embedding
        self.reading = StepEmbedding(width)
        self.memory = FeatureEmbedding(width)
        self.seen = BarEncoder(sorted(spec.sees), width + width % 2) if spec.sees else None
        seen_width = width + width % 2 if self.seen else 0
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            2 * width + seen_width,
            config.hidden,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.writing = nn.Linear(config.hidden + seen_width, len(alphabet.outputs))
        bins = len(alphabet.outputs) if spec.label_kind else None
        copying = CopyHead(config.hidden + seen_width, len(spec.sees), bins)
        self.copying = copying if config.copying else None
        self.register_buffer("allowed", torch.from_numpy(alphabet.allowed), persistent=False)
        self.allowed: torch.Tensor

    def forward(self, batch: Batch, state: State | None = None) -> tuple[torch.Tensor, State]:
        """Return log-probabilities of the next token at each step, and the state after the last.

        Args:
            batch: the steps.
            state: what was returned for the steps before; None at the start of a window.

        Returns:
            (batch, time, outputs), and the state.
        """
        features = self.memory(batch.features, batch.present).sum(dim=1)  # (batch, width)
        steps = self.reading(batch)  # (batch, time, width)
        parts = [steps, torch.tanh(features)[:, None].expand_as(steps)]
        seen = gather_bars(self.seen(batch.content), batch.bars) if self.seen else None
        if seen is not None:
            parts.append(seen)  # (batch, time, seen_width)
        read = self.dropout(torch.cat(parts, dim=-1))
        states, (hidden, cell) = self.lstm(read, tuple(state) if state else None)  # (batch, time, hidden)
        states = self.dropout(states if seen is None else torch.cat([states, seen], dim=-1))
        allowed = self.allowed[batch.inputs]  # (batch, time, outputs)
        logits = self.writing(states).masked_fill(~allowed, -torch.inf)  # (batch, time, outputs)
        if self.copying is None:
            return logits.log_softmax(dim=-1), [hidden, cell]
        evidence = batch.agreement
        if self.seen:
            alike = gather_bars(self.seen.similarity(batch.content), batch.bars)  # (batch, time, lags, kinds)
            evidence = torch.cat([evidence, alike], dim=-1)
        return self.copying(states, logits, batch.hints, evidence, allowed), [hidden, cell]
