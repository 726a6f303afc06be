from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork, attend, causal_mask, relative_scores, relative_shift
from emo_assets.tokens.vocabulary import EVENTS


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
    seen = causal_mask(query @ key.transpose(-1, -2)) == 0
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


def test_shapes(network: FigaroNetwork) -> None:
    ids = torch.arange(10).repeat(3, 1)  # (batch, time)
    memory = network.encode(ids[:, :6], ids[:, :6])
    assert memory.shape == (3, 6, network.config.d_model)
    assert network(ids, ids, ids, memory).shape == (3, 10, len(EVENTS))


def test_songs_of_a_batch_do_not_see_each_other(network: FigaroNetwork) -> None:
    torch.manual_seed(2)
    ids = torch.randint(0, 20, (3, 12))
    together = network(ids, ids, ids, network.encode(ids, ids))
    for row in range(3):
        song = ids[row : row + 1]
        alone = network(song, song, song, network.encode(song, song))
        torch.testing.assert_close(alone[0], together[row], rtol=1e-4, atol=1e-4)


def test_the_encoder_sees_the_whole_description_and_every_event_sees_it(network: FigaroNetwork) -> None:
    ids = torch.arange(12)[None]
    changed = ids.clone()
    changed[0, -1] = 500
    before, after = network.encode(ids, ids), network.encode(changed, ids)
    assert not torch.allclose(before[0, 0], after[0, 0])
    assert not torch.allclose(network(ids, ids, ids, before)[0, 0], network(ids, ids, ids, after)[0, 0])


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_equals_its_formula(relative: bool, causal: bool) -> None:
    torch.manual_seed(3)
    query, key, value = (torch.randn(2, 3, 5, 8) for _ in range(3))
    distance = torch.randn(2 * 9 - 1, 8) if relative else None
    scores = query @ key.transpose(-1, -2)
    if distance is not None:
        scores = scores + gathered(query, key / 8**0.5, distance)
    if causal:
        scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), float("-inf"))
    found = attend(query, key, value, distance, causal=causal)
    torch.testing.assert_close(found, scores.softmax(-1) @ value)


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
