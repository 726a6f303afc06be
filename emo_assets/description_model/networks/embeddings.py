"""Embeddings of what every step reads: the previous token, its bar, and the features."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.feature_encoding import COLUMN_FEATURE, ENCODED_SIZE
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.features import FEATURE_NAMES


class StepEmbedding(nn.Module):
    """Embeds the previous token, the bar's index in the window and its number in the song.

    Args:
        width: size of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.token = nn.Embedding(INPUT_VOCAB_SIZE, width)
        self.bar = nn.Embedding(WINDOW_BARS, width)
        self.place = nn.Linear(2, width)

    def forward(self, batch: Batch) -> Tensor:
        """Return (batch, time, width)."""
        numbers = batch.bar_number.float()  # (batch, time)
        progress = torch.stack([1 / numbers, numbers.log2() / 8], dim=-1)  # (batch, time, 2)
        token = self.token(batch.inputs)  # (batch, time, width)
        embedded: Tensor = token + self.bar(batch.bar_index) + self.place(progress)  # (batch, time, width)
        return embedded


class FeatureEmbedding(nn.Module):
    """Embeds each of the ten features as one vector, from its value or as missing.

    Args:
        width: size of a vector.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.value = nn.Linear(ENCODED_SIZE, width * len(FEATURE_NAMES), bias=False)
        self.told = nn.Parameter(torch.randn(len(FEATURE_NAMES), width) * 0.1)
        self.untold = nn.Parameter(torch.randn(len(FEATURE_NAMES), width) * 0.1)
        own = torch.arange(len(FEATURE_NAMES))[:, None] == torch.from_numpy(COLUMN_FEATURE)[None, :]
        self.register_buffer("own", own.float(), persistent=False)  # (10, encoded)
        self.own: Tensor

    def forward(self, features: Tensor, feature_mask: Tensor) -> Tensor:
        """Return (batch, 10, width).

        Args:
            features: encoded features, (batch, encoded).
            feature_mask: 1 for each feature that is given, (batch, 10).
        """
        weights = self.value.weight.view(len(FEATURE_NAMES), -1, ENCODED_SIZE)  # (10, width, encoded)
        weights = weights * self.own[:, None, :]  # (10, width, encoded): a feature reads its own columns
        values = torch.einsum("be,fwe->bfw", features, weights)  # (batch, 10, width)
        given = feature_mask[..., None]  # (batch, 10, 1)
        return values + given * self.told + (1 - given) * self.untold  # (batch, 10, width)
