"""What a specialised describer knows of the bars that the others have written."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from emo_assets.description_model.data.copy_features import LAGS
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind


class BarEncoder(nn.Module):
    """Summarises each bar of the window from the tokens of the kinds that are seen, both ways along the song.

    The describers before this one have finished the window when it starts, so it sees the bars to come too.

    Args:
        kinds: the kinds that are seen.
        width: of a bar's summary; even.
    """

    def __init__(self, kinds: Sequence[DescriptionKind], width: int) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        spans = [DESCRIPTIONS.span(kind) for kind in self.kinds]
        columns = torch.tensor([token for span in spans for token in span])
        self.register_buffer("columns", columns, persistent=False)
        self.columns: torch.Tensor
        self.reading = nn.Linear(len(columns), width)
        self.along = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, content: torch.Tensor) -> torch.Tensor:
        """Return a summary of each bar.

        Args:
            content: which tokens stand in each bar, (batch, 12, READ_TOKENS).

        Returns:
            (batch, 12, width).
        """
        read = torch.tanh(self.reading(content[..., self.columns]))  # (batch, 12, width)
        along: torch.Tensor = self.along(read)[0]  # (batch, 12, width)
        return read + along

    def similarity(self, content: torch.Tensor) -> torch.Tensor:
        """Say how alike each bar is to earlier ones, kind by kind, as the Jaccard index of their tokens.

        Returns:
            (batch, 12, lags, kinds); 0 where there is no earlier bar.
        """
        by_kind = []
        for kind in self.kinds:
            span = DESCRIPTIONS.span(kind)
            part = content[..., span.start : span.stop]  # (batch, 12, tokens)
            both = part @ part.transpose(1, 2)  # (batch, 12, 12)
            sizes = part.sum(dim=-1)
            either = sizes[:, :, None] + sizes[:, None, :] - both
            by_kind.append(both / either.clamp(min=1))
        alike = torch.stack(by_kind, dim=-1)  # (batch, 12, 12, kinds)
        bars = torch.arange(WINDOW_BARS, device=content.device)
        earlier = bars[:, None] - torch.tensor(LAGS, device=content.device)[None, :]  # (12, lags)
        picked = alike[:, bars[:, None], earlier.clamp(min=0)]  # (batch, 12, lags, kinds)
        return picked * (earlier >= 0)[None, :, :, None]


def gather_bars(by_bar: torch.Tensor, bars: torch.Tensor) -> torch.Tensor:
    """Pick for each step what belongs to its bar.

    Args:
        by_bar: (batch, 12, ...).
        bars: (batch, time).

    Returns:
        (batch, time, ...).
    """
    rows = torch.arange(len(bars), device=bars.device)[:, None]
    return by_bar[rows, bars]
