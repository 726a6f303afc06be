"""Encodes the bars of a window from the tokens that earlier models generated for them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from emo_assets.description_model.data.copy_features import LAGS
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind


class BarEncoder(nn.Module):
    """Encodes each bar of a window, with a bidirectional GRU across bars.

    The earlier models have finished the window, so later bars are visible too.

    Args:
        kinds: kinds of the visible tokens.
        width: size of an encoded bar; even.
    """

    def __init__(self, kinds: Sequence[DescriptionKind], width: int) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        columns = torch.tensor([token for kind in self.kinds for token in DESCRIPTIONS.span(kind)])
        self.register_buffer("columns", columns, persistent=False)
        self.columns: Tensor
        self.reading = nn.Linear(len(columns), width)
        self.along = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, content: Tensor) -> Tensor:
        """Return the encoded bars, (batch, 12, width).

        Args:
            content: multi-hot tokens of each bar, (batch, 12, vocabulary).
        """
        bars = torch.tanh(self.reading(content[..., self.columns]))  # (batch, 12, width)
        across: Tensor = self.along(bars)[0]  # (batch, 12, width)
        return bars + across

    def similarity(self, content: Tensor) -> Tensor:
        """Return the Jaccard index of each bar's tokens with each earlier bar's, per kind.

        Args:
            content: as for `forward`.

        Returns:
            (batch, 12, lags, kinds); 0 before the start of the window.
        """
        by_kind = []
        for kind in self.kinds:
            span = DESCRIPTIONS.span(kind)
            tokens = content[..., span.start : span.stop]  # (batch, 12, tokens)
            intersection = tokens @ tokens.transpose(1, 2)  # (batch, 12, 12)
            sizes = tokens.sum(dim=-1)  # (batch, 12)
            union = sizes[:, :, None] + sizes[:, None, :] - intersection  # (batch, 12, 12)
            by_kind.append(intersection / union.clamp(min=1))
        jaccard = torch.stack(by_kind, dim=-1)  # (batch, 12, 12, kinds)
        bars = torch.arange(WINDOW_BARS, device=content.device)  # (12,)
        earlier = bars[:, None] - torch.tensor(LAGS, device=content.device)[None, :]  # (12, lags)
        by_lag = jaccard[:, bars[:, None], earlier.clamp(min=0)]  # (batch, 12, lags, kinds)
        return by_lag * (earlier >= 0)[None, :, :, None]


def gather_bars(by_bar: Tensor, bar_index: Tensor) -> Tensor:
    """Look up each step's bar.

    Args:
        by_bar: (batch, 12, ...).
        bar_index: (batch, time).

    Returns:
        (batch, time, ...).
    """
    rows = torch.arange(len(bar_index), device=bar_index.device)[:, None]  # (batch, 1)
    return by_bar[rows, bar_index]
