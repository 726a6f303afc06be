"""The plain LSTM: the network baseline that a describer must beat."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.feature_encoding import ENCODED_SIZE
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE, output_vocab
from emo_assets.description_model.networks.lstm import State
from emo_assets.description_model.specs import ModelConfig, ModelSpec


class PlainLSTM(nn.Module):
    """Reads the last token and the features, and nothing else; the paper's LSTM without its faults.

    Args:
        spec: what it writes; what it could see of others is ignored.
        config: its sizes.
    """

    def __init__(self, spec: ModelSpec, config: ModelConfig) -> None:
        super().__init__()
        alphabet = output_vocab(spec.writes)
        self.token = nn.Embedding(INPUT_VOCAB_SIZE, config.embedding)
        self.lstm = nn.LSTM(
            config.embedding + ENCODED_SIZE,
            config.hidden,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.writing = nn.Linear(config.hidden, len(alphabet.outputs))
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
        tokens = self.token(batch.inputs)  # (batch, time, embedding)
        features = batch.features[:, None].expand(-1, tokens.shape[1], -1)  # (batch, time, ENCODED_SIZE)
        read = torch.cat([tokens, features], dim=-1)
        states, (hidden, cell) = self.lstm(read, tuple(state) if state else None)  # (batch, time, hidden)
        logits = self.writing(states).masked_fill(~self.allowed[batch.inputs], -torch.inf)
        return logits.log_softmax(dim=-1), [hidden, cell]
