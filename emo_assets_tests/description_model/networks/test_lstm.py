from __future__ import annotations

from dataclasses import replace

import torch

from emo_assets_tests.description_model.networks.contract import Case, NetworkContract, network_cases


@network_cases("lstm", "plain")
class TestLSTM(NetworkContract):
    """Every LSTM keeps the contract."""


@network_cases("lstm", "plain")
@torch.no_grad()
def test_only_networks_with_a_context_read_the_other_tokens_of_a_bar(case: Case) -> None:
    spec, network, batch = case
    other = replace(batch, content=1 - batch.content)
    assert torch.equal(network(batch)[0], network(other)[0]) == (not spec.context_kinds)
