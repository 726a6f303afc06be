"""Heads and rotary positions."""

from __future__ import annotations

import torch

from emo_assets.nn.attention import apply_rope, merge_heads, split_heads


def test_heads_are_split_and_merged() -> None:
    states = torch.randn(2, 5, 12)
    by_head = split_heads(states, 3)

    assert by_head.shape == (2, 3, 5, 4)
    assert torch.equal(by_head[:, 1], states[:, :, 4:8])
    assert torch.equal(merge_heads(by_head), states)


def test_rotary_scores_depend_on_distances_only() -> None:
    query, key = torch.randn(1, 1, 6, 8), torch.randn(1, 1, 6, 8)
    scores = apply_rope(query) @ apply_rope(key).transpose(-1, -2)
    later = apply_rope(query, 40) @ apply_rope(key, 40).transpose(-1, -2)

    torch.testing.assert_close(scores, later, atol=1e-4, rtol=1e-4)


def test_an_offset_continues_the_positions() -> None:
    states = torch.randn(1, 2, 6, 8)

    torch.testing.assert_close(apply_rope(states)[:, :, 4:], apply_rope(states[:, :, 4:], 4))
