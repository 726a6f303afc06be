"""Linear layers for inference: in float, or in 8-bit integers.

A song must come out the same alone and in a batch, so a row's result must not depend on the rows beside it.
Integer sums are exact; in float each row is multiplied by itself, since libraries add up in another order
when there are more of them.
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

LEAST_INT8_WIDTH = 384
"""Width of states from which int8 is faster; at 192 a step takes two thirds of the time in float, at 512 it
takes longer."""


class Precision(StrEnum):
    """In which numbers linear layers are multiplied."""

    FLOAT32 = "float32"
    INT8 = "int8"


class FloatLinear(nn.Module):
    """A linear layer in float, each lane by itself.

    Args:
        weight: (out, in).
        bias: (out,), or None.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.t().contiguous())  # (in, out)
        self.register_buffer("bias", weight.new_zeros(len(weight)) if bias is None else bias.clone())

    def forward(self, states: Tensor) -> Tensor:
        """Map (lanes, in) to (lanes, out), or one lane's (1, time, in) to (1, time, out)."""
        lanes = len(states)
        rows = states.view(lanes, -1, states.shape[-1])  # (lanes, 1 or time, in)
        result = torch.baddbmm(self.bias, rows, self.weight.expand(lanes, -1, -1))
        return result.view(*states.shape[:-1], -1)


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
    return (Int8Linear if precision is Precision.INT8 else FloatLinear)(weight, bias)


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


def best_precision(width: int) -> Precision:
    """Return the precision that is fastest for a network's width; equal on equal machines.

    Narrow layers are multiplied faster than their inputs are rounded; wide ones wait for memory, of which
    int8 needs a quarter. It pays only where the processor multiplies it natively.
    """
    pays = width >= LEAST_INT8_WIDTH and torch.cpu._is_vnni_supported()
    return Precision.INT8 if pays else Precision.FLOAT32
