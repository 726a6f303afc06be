"""The LSTM description model, and the plain LSTM that serves as a baseline."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.feature_encoding import ENCODED_SIZE
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE, output_vocab
from emo_assets.description_model.networks.bar_encoder import BarEncoder, gather_bars
from emo_assets.description_model.networks.copy_head import CopyHead
from emo_assets.description_model.networks.embeddings import FeatureEmbedding, StepEmbedding
from emo_assets.description_model.specs import ModelConfig, ModelSpec


class LSTMModel(nn.Module):
    """Reads the previous token, the features and the encoded bar at each step (paper section 4.1.2).

    Args:
        spec: the kinds of tokens.
        config: the sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        vocab = output_vocab(spec.target_kinds)
        outputs = len(vocab.token_ids)
        width = config.embedding
        self.reading = StepEmbedding(width)
        self.memory = FeatureEmbedding(width)
        context_width = width + width % 2 if spec.context_kinds else 0
        self.seen = BarEncoder(sorted(spec.context_kinds), context_width) if spec.context_kinds else None
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = _lstm(2 * width + context_width, config)
        self.writing = nn.Linear(config.hidden + context_width, outputs)
        bins = outputs if spec.label_kind else None
        copying = CopyHead(config.hidden + context_width, len(spec.context_kinds), bins)
        self.copying = copying if config.copying else None
        self.register_buffer("allowed", torch.from_numpy(vocab.allowed), persistent=False)
        self.allowed: Tensor

    def forward(self, batch: Batch, state: list[Tensor] | None = None) -> tuple[Tensor, list[Tensor]]:
        """Return log-probabilities of each next token, and the state after the last step.

        Args:
            batch: the steps.
            state: the state after the steps before; None at the start of a window.

        Returns:
            (batch, time, outputs), and hidden and cell state.
        """
        steps = self.reading(batch)  # (batch, time, width)
        features = self.memory(batch.features, batch.feature_mask).sum(dim=1)  # (batch, width)
        parts = [steps, torch.tanh(features)[:, None].expand_as(steps)]
        bars = gather_bars(self.seen(batch.content), batch.bar_index) if self.seen else None
        if bars is not None:
            parts.append(bars)  # (batch, time, context_width)
        read = self.dropout(torch.cat(parts, dim=-1))  # (batch, time, 2 · width + context_width)
        states, (hidden, cell) = self.lstm(read, tuple(state) if state else None)  # (batch, time, hidden)
        states = self.dropout(states if bars is None else torch.cat([states, bars], dim=-1))
        allowed = self.allowed[batch.inputs]  # (batch, time, outputs)
        logits = self.writing(states).masked_fill(~allowed, -torch.inf)  # (batch, time, outputs)
        if self.copying is None:
            return logits.log_softmax(dim=-1), [hidden, cell]
        evidence = batch.agreement  # (batch, time, lags, AGREEMENT_SIZE)
        if self.seen:
            similarity = gather_bars(self.seen.similarity(batch.content), batch.bar_index)
            evidence = torch.cat([evidence, similarity], dim=-1)  # (batch, time, lags, size + kinds)
        return self.copying(states, logits, batch.hints, evidence, allowed), [hidden, cell]


class PlainLSTM(nn.Module):
    """Reads the previous token and the features only: the paper's LSTM without its faults.

    Args:
        spec: the kinds of tokens; the context is ignored.
        config: the sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        vocab = output_vocab(spec.target_kinds)
        self.token = nn.Embedding(INPUT_VOCAB_SIZE, config.embedding)
        self.lstm = _lstm(config.embedding + ENCODED_SIZE, config)
        self.writing = nn.Linear(config.hidden, len(vocab.token_ids))
        self.register_buffer("allowed", torch.from_numpy(vocab.allowed), persistent=False)
        self.allowed: Tensor

    def forward(self, batch: Batch, state: list[Tensor] | None = None) -> tuple[Tensor, list[Tensor]]:
        """Return log-probabilities and state, as `LSTMModel.forward`."""
        tokens = self.token(batch.inputs)  # (batch, time, embedding)
        features = batch.features[:, None].expand(-1, tokens.shape[1], -1)  # (batch, time, encoded)
        read = torch.cat([tokens, features], dim=-1)  # (batch, time, embedding + encoded)
        states, (hidden, cell) = self.lstm(read, tuple(state) if state else None)  # (batch, time, hidden)
        logits = self.writing(states).masked_fill(~self.allowed[batch.inputs], -torch.inf)
        return logits.log_softmax(dim=-1), [hidden, cell]  # (batch, time, outputs)


def _lstm(inputs: int, config: ModelConfig) -> nn.LSTM:
    dropout = config.dropout if config.layers > 1 else 0.0
    return nn.LSTM(inputs, config.hidden, config.layers, batch_first=True, dropout=dropout)
