from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS, NO_HINT
from emo_assets.description_model.networks.copy_head import CopyHead

WIDTH, OUTPUTS = 6, 9


@dataclass
class Inputs:
    """Random arguments of a copy head; all but the last output are allowed."""

    states: Tensor
    logits: Tensor
    hints: Tensor
    evidence: Tensor
    allowed: Tensor


@pytest.fixture
def inputs() -> Inputs:
    torch.manual_seed(0)
    allowed = torch.ones(2, 3, OUTPUTS, dtype=torch.bool)
    allowed[..., -1] = False
    return Inputs(
        torch.randn(2, 3, WIDTH),
        torch.randn(2, 3, OUTPUTS).masked_fill(~allowed, -torch.inf),
        torch.randint(-1, OUTPUTS, (2, 3, len(LAGS))),
        torch.rand(2, 3, len(LAGS), AGREEMENT_SIZE),
        allowed,
    )


def predicted(head: CopyHead, inputs: Inputs) -> Tensor:
    """Return probabilities, (2, 3, OUTPUTS)."""
    with torch.no_grad():
        log_probabilities: Tensor = head(
            inputs.states, inputs.logits, inputs.hints, inputs.evidence, inputs.allowed
        )
    return log_probabilities.exp()


def test_without_usable_hints_the_network_generates(inputs: Inputs) -> None:
    for hint in (NO_HINT, OUTPUTS - 1):  # no hint, and one that the grammar forbids
        inputs.hints = torch.full_like(inputs.hints, hint)
        torch.testing.assert_close(
            predicted(CopyHead(WIDTH, 0, None), inputs), inputs.logits.softmax(dim=-1), atol=1e-6, rtol=1e-4
        )


def test_a_hinted_token_is_likelier_than_by_generating_alone(inputs: Inputs) -> None:
    inputs.hints = torch.full_like(inputs.hints, 4)
    mixed, generated = predicted(CopyHead(WIDTH, 0, None), inputs), inputs.logits.softmax(dim=-1)
    others = torch.arange(OUTPUTS) != 4
    assert (mixed[..., 4] > generated[..., 4]).all()
    assert (mixed[..., others] <= generated[..., others]).all()
    torch.testing.assert_close(mixed.sum(dim=-1), torch.ones(2, 3))


def test_evidence_decides_which_hint_is_copied(inputs: Inputs) -> None:
    head = CopyHead(WIDTH, 0, None)
    inputs.hints[..., 0], inputs.hints[..., 1:] = 2, NO_HINT
    one = predicted(head, inputs)
    inputs.evidence = 1 - inputs.evidence
    assert not torch.equal(predicted(head, inputs)[..., 2], one[..., 2])


def test_bins_near_a_hint_get_the_probability_of_their_difference(inputs: Inputs) -> None:
    head = CopyHead(WIDTH, 0, OUTPUTS)
    inputs.hints = torch.full_like(inputs.hints, 3)
    inputs.logits = torch.where(torch.arange(OUTPUTS) == 0, 0.0, -torch.inf).expand(2, 3, -1)
    assert head.differences is not None
    with torch.no_grad():
        head.differences.weight.zero_()
        head.differences.bias.zero_()
        head.differences.bias[OUTPUTS - 1 + 2] = 30.0  # two bins up
    mixed = predicted(head, inputs)
    assert (mixed[..., 5] > 0.01).all()
    torch.testing.assert_close(mixed[..., [0, 3, 5]].sum(dim=-1), torch.ones(2, 3))
