from __future__ import annotations

import torch

from emo_assets.description_model.networks.transformer import DecoderLayer
from emo_assets.description_model.specs import ModelConfig
from emo_assets_tests.description_model.networks.contract import NetworkContract, network_cases


@network_cases("transformer")
class TestTransformer(NetworkContract):
    """The transformer keeps the contract."""


@torch.no_grad()
def test_embedded_features_are_attended_to_as_a_set(tiny: ModelConfig) -> None:
    torch.manual_seed(0)
    layer = DecoderLayer(tiny).eval()
    memory, steps = torch.randn(1, 10, tiny.embedding), torch.randn(1, 6, tiny.embedding)

    states, key, value = layer(steps, memory, None)
    permuted, _, _ = layer(steps, memory.flip(1), None)
    other, _, _ = layer(steps, -memory, None)

    assert key.shape == value.shape == (1, tiny.heads, 6, tiny.embedding // tiny.heads)
    torch.testing.assert_close(permuted, states)
    assert not torch.allclose(other, states)


@torch.no_grad()
def test_steps_in_another_order_give_another_state(tiny: ModelConfig) -> None:
    torch.manual_seed(0)
    layer = DecoderLayer(tiny).eval()
    memory, steps = torch.randn(1, 10, tiny.embedding), torch.randn(1, 6, tiny.embedding)
    swapped = steps[:, [1, 0, 2, 3, 4, 5]]
    assert not torch.allclose(layer(swapped, memory, None)[0][:, -1], layer(steps, memory, None)[0][:, -1])
