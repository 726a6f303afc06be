"""What every step reads: the last token, where in the window and in the song it stands, and the features."""

from __future__ import annotations

import torch
from torch import nn

from emo_assets.description_model.data.dataset import Batch
from emo_assets.description_model.data.feature_encoding import COLUMN_FEATURE, ENCODED_SIZE
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.features import FEATURE_NAMES


class StepEmbedding(nn.Module):
    """Embeds a step: token read, bar of the window, and how far the song is.

    Args:
        width: of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.token = nn.Embedding(INPUT_VOCAB_SIZE, width)
        self.bar = nn.Embedding(WINDOW_BARS, width)
        self.place = nn.Linear(2, width)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return (batch, time, width)."""
        places = batch.places.float()
        far = torch.stack([1 / places, places.log2() / 8], dim=-1)  # (batch, time, 2)
        read: torch.Tensor = self.token(batch.inputs) + self.bar(batch.bars) + self.place(far)
        return read


class FeatureEmbedding(nn.Module):
    """The ten features as ten vectors, each telling its value and whether it is told at all.

    Args:
        width: of a vector.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.value = nn.Linear(ENCODED_SIZE, width * len(FEATURE_NAMES), bias=False)
        self.told = nn.Parameter(torch.randn(len(FEATURE_NAMES), width) * 0.1)
        self.untold = nn.Parameter(torch.randn(len(FEATURE_NAMES), width) * 0.1)
        own = torch.arange(len(FEATURE_NAMES))[:, None] == torch.from_numpy(COLUMN_FEATURE)[None, :]
        self.register_buffer("own", own.float(), persistent=False)
        self.own: torch.Tensor

    def forward(self, features: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Return (batch, 10, width).

        Args:
            features: encoded, (batch, ENCODED_SIZE).
            present: which of the ten are told, (batch, 10).
        """
        count = len(FEATURE_NAMES)
        weights = self.value.weight.view(count, -1, ENCODED_SIZE) * self.own[:, None, :]
        values = torch.einsum("be,fwe->bfw", features, weights)  # (batch, 10, width)
        told = present[..., None]
        return values + told * self.told + (1 - told) * self.untold
