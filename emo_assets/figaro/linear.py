"""Linear layers for inference: in float, or in 8-bit integers.

A song must come out the same alone and in a batch, so a row's result must not depend on the rows beside it.
Integer sums are exact. In float libraries add up in an order that hangs on how many rows there are, so there
are always equally many: a song that is alone has rows of zeros for company, at a tenth of the time more.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LARGEST = 127.0
_SMALLEST_SCALE = 1e-12
"""Keeps a row of zeros from being divided by zero."""

FLOAT_ROWS = 8
"""Rows of every product of a step in float."""

# numbers as tensors: a step is short beside the making of a tensor from a number, many times over
_STEP = torch.tensor(1 / _LARGEST)
_HALF = torch.tensor(0.5)
_ROOT_HALF = torch.tensor(math.sqrt(0.5))

LEAST_INT8_WIDTH = 384
"""Width of states from which int8 is faster; at 192 a step takes two thirds of the time in float, at 512 it
takes longer."""


class Precision(StrEnum):
    """In which numbers linear layers are multiplied."""

    FLOAT32 = "float32"
    INT8 = "int8"


class FloatLinear:
    """A linear layer in float.

    Args:
        weight: (out, in).
        bias: (out,), or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight = weight.t().contiguous()  # (in, out)
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias.clone()  # (out,)

    def __call__(self, states: Tensor) -> Tensor:
        """Map (rows, in) to (rows, out)."""
        return torch.addmm(self._bias, states, self._weight)


class FrozenLayerNorm:
    """A layer norm without what a module does around it."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        self._shape, self._epsilon = list(norm.normalized_shape), norm.eps
        self._weight, self._bias = norm.weight.detach(), norm.bias.detach()  # (d_model,)

    def __call__(self, states: Tensor) -> Tensor:
        """Map (.., d_model) to the same shape."""
        return F.layer_norm(states, self._shape, self._weight, self._bias, self._epsilon)


class Int8Linear(nn.Module):
    """A linear layer in int8: weights scaled by output channel, inputs by row, both symmetric.

    Args:
        weight: (out, in) in float.
        bias: (out,), or None.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        scale = weight.abs().amax(1).clamp_min(_SMALLEST_SCALE) / _LARGEST  # (out,)
        rounded = (weight / scale[:, None]).round().to(torch.int8)  # (out, in)
        self.register_buffer("weight", rounded.t())  # (in, out), its columns contiguous
        self.register_buffer("scale", scale)
        self.register_buffer("bias", weight.new_zeros(len(weight)) if bias is None else bias.clone())

    def forward(self, states: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        rows = states.reshape(-1, states.shape[-1])  # (rows, in)
        scale = rows.abs().amax(1, keepdim=True).clamp_min_(_SMALLEST_SCALE).mul_(_STEP)  # (rows, 1)
        rounded = (rows / scale).round_().to(torch.int8)  # (rows, in)
        product = torch._int_mm(rounded, self.weight).float().mul_(scale)  # (rows, out)
        result = torch.addcmul(self.bias, product, self.scale)  # (rows, out)
        return result.view(*states.shape[:-1], -1)  # (..., out)


def scaled(layer: nn.Linear, factor: Tensor) -> nn.Linear:
    """Return a linear layer whose outputs are those of `layer` times a number."""
    result = copy.deepcopy(layer)
    with torch.no_grad():
        result.weight.mul_(factor)
        if result.bias is not None:
            result.bias.mul_(factor)
    return result


def gelu(states: Tensor) -> Tensor:
    """Return the exact GELU, x * (1 + erf(x / sqrt(2))) / 2; for few numbers faster than torch's own."""
    return torch.addcmul(states, states, torch.erf(states * _ROOT_HALF)).mul_(_HALF)


def prepared(layers: Sequence[nn.Linear], precision: Precision) -> Callable[[Tensor], Tensor]:
    """Join linear layers that read the same input into one, in the precision asked for.

    Returns:
        What maps (rows, in) to the layers' outputs side by side, (rows, out + out ..).
    """
    weight = torch.cat([layer.weight.detach() for layer in layers])  # (out + out .., in)
    biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
    bias = torch.cat(biases) if biases else None  # (out + out ..,)
    return (Int8Linear if precision is Precision.INT8 else FloatLinear)(weight, bias)


def quantized_layers(module: nn.ModuleList, precision: Precision) -> nn.ModuleList:
    """Return `module` itself, or in int8 a copy with every linear layer replaced."""
    if precision is Precision.FLOAT32:
        return module
    replaced = copy.deepcopy(module)
    for parent in replaced.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child.weight.detach(), child.bias.detach()))
    return replaced


def fastest_precision(width: int) -> Precision:
    """Return the precision that is fastest for a network's width; equal on equal machines.

    Narrow layers are multiplied faster than their inputs are rounded; wide ones wait for memory, of which
    int8 needs a quarter. It pays only where the processor multiplies it natively.
    """
    pays = width >= LEAST_INT8_WIDTH and torch.cpu._is_vnni_supported()
    return Precision.INT8 if pays else Precision.FLOAT32
