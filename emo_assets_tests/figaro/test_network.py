from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork, future, relative_scores, relative_shift


def gathered(query: Tensor, key: Tensor, distance: Tensor) -> Tensor:
    """The relative terms as the formula has them: one gathered vector for each pair of positions."""
    left, right = query.shape[-2], key.shape[-2]
    between = torch.arange(left)[:, None] - torch.arange(right)[None] + distance.shape[0] // 2
    table = distance[between]
    return torch.einsum("...ld,lrd->...lr", query, table) + torch.einsum("...rd,lrd->...lr", key, table)


@pytest.mark.parametrize(("left", "right"), [(1, 1), (1, 5), (5, 1), (4, 7), (7, 4), (6, 6)])
def test_relative_terms_equal_the_gathered_formula(left: int, right: int) -> None:
    torch.manual_seed(left * 10 + right)
    query, key = torch.randn(2, 3, left, 8), torch.randn(2, 3, right, 8)
    distance = torch.randn(2 * 9 - 1, 8)
    torch.testing.assert_close(
        relative_scores(query, key, distance, causal=False), gathered(query, key, distance)
    )


@pytest.mark.parametrize("length", [1, 2, 6])
def test_causal_relative_terms_are_right_wherever_they_matter(length: int) -> None:
    torch.manual_seed(length)
    query, key = torch.randn(2, 3, length, 8), torch.randn(2, 3, length, 8)
    distance = torch.randn(2 * 9 - 1, 8)
    seen = future(query @ key.transpose(-1, -2)) == 0
    found = relative_scores(query, key, distance, causal=True)
    torch.testing.assert_close(found[..., seen], gathered(query, key, distance)[..., seen])


def test_skew_shifts_each_row_by_one_less_than_the_row_before() -> None:
    products = torch.arange(12).view(3, 4)
    assert relative_shift(products, 2).tolist() == [[2, 3], [5, 6], [8, 9]]


def test_an_event_does_not_depend_on_later_ones(network: FigaroNetwork) -> None:
    torch.manual_seed(1)
    events = torch.randint(5, 1357, (1, 12))
    changed = events.clone()
    changed[0, 8:] = 7
    other = torch.randint(0, 20, (1, 12))
    memory = network.encode(other, other)
    before = network(events, other, other, memory)
    after = network(changed, other, other, memory)
    torch.testing.assert_close(before[0, :8], after[0, :8])
    assert not torch.allclose(before[0, 8], after[0, 8])


def test_a_short_description_is_continued_with_zero_vectors_that_are_attended_to(
    network: FigaroNetwork,
) -> None:
    ids = torch.arange(10)[None]
    memory = network.encode(ids[:, :6], ids[:, :6])
    padded = torch.cat([memory, torch.zeros(1, 4, memory.shape[2])], 1)
    torch.testing.assert_close(network(ids, ids, ids, memory), network(ids, ids, ids, padded))
    assert not torch.allclose(network(ids, ids, ids, memory)[0, :6], network(*[ids[:, :6]] * 3, memory)[0])


def test_the_default_sizes_are_those_of_the_released_model() -> None:
    with torch.device("meta"):
        old, new = FigaroNetwork(FigaroConfig()), FigaroNetwork(FigaroConfig(relative_cross=False))
    # The released file also counts what FIGARO never uses: position tables, poolers and BERT's head.
    assert (
        sum(weight.numel() for weight in old.parameters())
        - sum(weight.numel() for weight in new.parameters())
        == 6 * 2047 * 64
    )


@pytest.mark.parametrize("sizes", [{"heads": 3}, {"context": 1024}, {"d_model": 0}, {"unknown": 1}])
def test_sizes_that_do_not_fit_together_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        FigaroConfig.model_validate(sizes)
