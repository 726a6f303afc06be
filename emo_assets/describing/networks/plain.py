"""The plain LSTM: the network baseline that a describer must beat."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.describing.alphabet import READ_TOKENS, alphabet_of
from emo_assets.describing.batches import Batch
from emo_assets.describing.describers import DescriberConfig, DescriberSpec
from emo_assets.describing.feature_encoding import ENCODED_WIDTH
from emo_assets.describing.networks.lstm import State


class PlainLstm(nn.Module):
    """Reads the last token and the features, and nothing else; the paper's LSTM without its faults.

    Args:
        spec: what it writes; what it could see of others is ignored.
        config: its sizes.
    """

    def __init__(self, spec: DescriberSpec, config: DescriberConfig) -> None:
        super().__init__()
        alphabet = alphabet_of(spec.writes)
        self.token = nn.Embedding(READ_TOKENS, config.embedding)
        self.lstm = nn.LSTM(
            config.embedding + ENCODED_WIDTH,
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
        features = batch.features[:, None].expand(-1, tokens.shape[1], -1)  # (batch, time, ENCODED_WIDTH)
        read = torch.cat([tokens, features], dim=-1)
        states, (hidden, cell) = self.lstm(read, tuple(state) if state else None)  # (batch, time, hidden)
        logits = self.writing(states).masked_fill(~self.allowed[batch.inputs], -torch.inf)
        return logits.log_softmax(dim=-1), [hidden, cell]
