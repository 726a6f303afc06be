"""Linear layers for inference: as they are, or in 8-bit integers.

Integer sums are exact, so that in int8 a row's result does not depend on the rows beside it: a song comes
out the same alone and in a batch. Floating-point libraries give no such promise.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from enum import StrEnum

import torch
from torch import Tensor, nn

_LARGEST = 127.0
_SMALLEST_SCALE = 1e-12
"""Keeps a row of zeros from being divided by zero."""


class Precision(StrEnum):
    """In which numbers linear layers are multiplied."""

    FLOAT32 = "float32"
    INT8 = "int8"


class Int8Linear(nn.Module):
    """A linear layer in int8: weights scaled by output channel, inputs by row, both symmetric.

    Args:
        weight: (out, in) in float.
        bias: (out,), or None.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        scale = weight.abs().amax(1).clamp_min(_SMALLEST_SCALE) / _LARGEST  # (out,)
        rounded = (weight / scale[:, None]).round().to(torch.int8)  # (out, in)
        self.register_buffer("weight", rounded.t())  # (in, out), its columns contiguous
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if bias is None else bias.clone())

    def forward(self, states: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        rows = states.reshape(-1, states.shape[-1])  # (rows, in)
        scale = rows.abs().amax(1, keepdim=True).clamp_min_(_SMALLEST_SCALE).div_(_LARGEST)  # (rows, 1)
        rounded = (rows / scale).round_().to(torch.int8)  # (rows, in)
        product = torch._int_mm(rounded, self.weight)  # (rows, out)
        result = product * scale * self.scale  # (rows, out)
        if self.bias is not None:
            result += self.bias
        return result.view(*states.shape[:-1], -1)  # (..., out)


def prepared(layers: Sequence[nn.Linear], precision: Precision) -> nn.Module:
    """Join linear layers that read the same input into one, in the precision asked for.

    Returns:
        A module that maps (..., in) to the layers' outputs side by side, (..., out + out ..).
    """
    weight = torch.cat([layer.weight.detach() for layer in layers])  # (out + out .., in)
    biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
    bias = torch.cat(biases) if biases else None  # (out + out ..,)
    if precision is Precision.INT8:
        return Int8Linear(weight, bias)
    joined = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    joined.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        joined.bias = nn.Parameter(bias, requires_grad=False)
    return joined


def with_precision(module: nn.ModuleList, precision: Precision) -> nn.ModuleList:
    """Return `module` itself, or in int8 a copy with every linear layer replaced."""
    if precision is Precision.FLOAT32:
        return module
    replaced = copy.deepcopy(module)
    for parent in replaced.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child.weight.detach(), child.bias.detach()))
    return replaced


def best_precision() -> Precision:
    """Return int8 where the processor multiplies it natively, else float32; equal on equal machines."""
    native = torch.cpu._is_vnni_supported()
    return Precision.INT8 if native else Precision.FLOAT32
