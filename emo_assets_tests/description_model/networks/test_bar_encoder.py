from __future__ import annotations

import pytest
import torch
from torch import Tensor

from emo_assets.description_model.data.copy_features import LAGS
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE
from emo_assets.description_model.networks.bar_encoder import BarEncoder, gather_bars
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import DESCRIPTIONS, DescriptionKind

KINDS = (DescriptionKind.INSTRUMENT, DescriptionKind.CHORD)


@pytest.fixture
def content() -> Tensor:
    torch.manual_seed(0)
    return (torch.rand(2, WINDOW_BARS, INPUT_VOCAB_SIZE) < 0.1).float()


@torch.no_grad()
def test_bars_are_encoded_from_tokens_of_the_visible_kinds_only(content: Tensor) -> None:
    encoder = BarEncoder(KINDS, 8)
    hidden = content.clone()
    for kind in set(DescriptionKind) - set(KINDS):
        span = DESCRIPTIONS.span(kind)
        hidden[..., span.start : span.stop] = 1
    assert encoder(content).shape == (2, WINDOW_BARS, 8)
    assert torch.equal(encoder(hidden), encoder(content))


@torch.no_grad()
def test_a_later_bar_changes_an_earlier_one(content: Tensor) -> None:
    encoder = BarEncoder(KINDS, 8)
    other = content.clone()
    other[:, -1] = 1 - other[:, -1]
    assert not torch.equal(encoder(other)[:, 0], encoder(content)[:, 0])


def test_similarity_is_the_jaccard_index_of_each_kind(content: Tensor) -> None:
    similarity = BarEncoder(KINDS, 8).similarity(content)
    assert similarity.shape == (2, WINDOW_BARS, len(LAGS), len(KINDS))
    for bar in range(WINDOW_BARS):
        for number, lag in enumerate(LAGS):
            for column, kind in enumerate(KINDS):
                span = DESCRIPTIONS.span(kind)
                one, other = (
                    set(torch.nonzero(content[0, each, span.start : span.stop]).flatten().tolist())
                    for each in (bar, bar - lag)
                )
                expected = len(one & other) / max(len(one | other), 1) if lag <= bar else 0
                assert similarity[0, bar, number, column] == pytest.approx(expected)


def test_each_step_gets_its_bar() -> None:
    by_bar = torch.arange(24).view(2, WINDOW_BARS, 1)
    assert gather_bars(by_bar, torch.tensor([[0, 0, 11], [1, 2, 3]])).squeeze(-1).tolist() == [
        [0, 0, 11],
        [13, 14, 15],
    ]
