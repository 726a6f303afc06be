"""What attention layers share: heads, rotary positions, and keys and values of earlier steps."""

from __future__ import annotations

import torch
from torch import Tensor


def split_heads(states: Tensor, heads: int) -> Tensor:
    """Split (batch, time, d_model) into (batch, heads, time, head_size)."""
    batch, time, _ = states.shape
    return states.view(batch, time, heads, -1).transpose(1, 2)


def merge_heads(by_head: Tensor) -> Tensor:
    """Merge (batch, heads, time, head_size) into (batch, time, d_model)."""
    return by_head.transpose(1, 2).flatten(-2)


def apply_rope(by_head: Tensor, offset: int = 0) -> Tensor:
    """Apply rotary position embeddings (arXiv 2104.09864), one half of the channels against the other.

    Args:
        by_head: queries or keys, (batch, heads, time, head_size); head_size is even.
        offset: index of the first step.

    Returns:
        The same shape.
    """
    half = by_head.shape[-1] // 2
    time = torch.arange(offset, offset + by_head.shape[2], device=by_head.device)
    frequency = 1000.0 ** (-torch.arange(half, device=by_head.device) / half)
    angle = time[:, None] * frequency[None, :]  # (time, head_size / 2)
    first, second = by_head[..., :half], by_head[..., half:]  # (batch, heads, time, head_size / 2)
    return torch.cat(
        [first * angle.cos() - second * angle.sin(), first * angle.sin() + second * angle.cos()], dim=-1
    )
