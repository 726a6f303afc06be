from __future__ import annotations

import pytest
import torch

from emo_assets.description_model.data.feature_encoding import COLUMN_FEATURE, ENCODED_SIZE
from emo_assets.description_model.networks.embeddings import FeatureEmbedding, StepEmbedding
from emo_assets.features import FEATURE_NAMES
from emo_assets_tests.description_model.networks.contract import Case, network_cases


@pytest.mark.parametrize("feature", FEATURE_NAMES)
@torch.no_grad()
def test_a_feature_changes_its_own_vector_alone(feature: str) -> None:
    torch.manual_seed(0)
    embed = FeatureEmbedding(8)
    number = FEATURE_NAMES.index(feature)
    features, given = torch.rand(1, ENCODED_SIZE), torch.ones(1, len(FEATURE_NAMES))
    columns = torch.from_numpy(number == COLUMN_FEATURE)
    other = torch.where(columns, features + 1, features)

    changed = (embed(features, given) != embed(other, given)).any(dim=-1)

    assert torch.nonzero(changed[0]).flatten().tolist() == [number]


@torch.no_grad()
def test_a_missing_feature_has_another_vector_than_a_mean_one() -> None:
    torch.manual_seed(0)
    embed = FeatureEmbedding(8)
    mean = torch.zeros(1, ENCODED_SIZE)
    given = torch.ones(1, len(FEATURE_NAMES))
    differ = (embed(mean, given) != embed(mean, 0 * given)).any(dim=-1)
    assert differ.all()


@network_cases("transformer")
@torch.no_grad()
def test_equal_tokens_differ_by_their_bar(case: Case) -> None:
    _, _, batch = case
    embedded = StepEmbedding(8)(batch)
    assert embedded.shape == (*batch.inputs.shape, 8)
    token = int(batch.inputs[0, 1])
    same = torch.nonzero(batch.inputs[0] == token).squeeze(1)
    bars = {int(batch.bar_index[0, step]) for step in same}
    assert len(torch.unique(embedded[0, same], dim=0)) >= len(bars)
