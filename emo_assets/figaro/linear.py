"""Linear layers for inference: in float32, or in 8-bit integers.

A song must be the same alone and in a batch, so a row's result must not depend on the other rows. Integer
sums are exact. Float libraries add in an order that depends on the number of rows, so that number is fixed:
a song that is alone is padded with rows of zeros, which takes a tenth more time.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_MAX_INT8 = 127.0
_MIN_SCALE = 1e-12
"""Keeps a row of zeros from being divided by zero."""

FLOAT_ROWS = 8
"""Rows of every product of a step in float32."""

# as tensors, because a step would convert the numbers many times over
_STEP = torch.tensor(1 / _MAX_INT8)
_HALF = torch.tensor(0.5)
_ROOT_HALF = torch.tensor(math.sqrt(0.5))

MIN_INT8_WIDTH = 384
"""Width of states from which int8 is faster: at 192 float32 takes two thirds of its time."""


class Precision(StrEnum):
    """The number format of linear layers."""

    FLOAT32 = "float32"
    INT8 = "int8"


class Int8Linear(nn.Module):
    """A linear layer in int8: weights scaled by output channel, inputs by row, both symmetric.

    Args:
        weight: (out, in) in float32.
        bias: (out,).
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1).clamp_min(_MIN_SCALE) / _MAX_INT8  # (out,)
        rounded = (weight / scale[:, None]).round().to(torch.int8)  # (out, in)
        self.register_buffer("weight", rounded.t())  # (in, out), its columns contiguous
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias.clone())

    def forward(self, states: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        rows = states.reshape(-1, states.shape[-1])  # (rows, in)
        scale = rows.abs().amax(1, keepdim=True).clamp_min_(_MIN_SCALE).mul_(_STEP)  # (rows, 1)
        rounded = (rows / scale).round_().to(torch.int8)  # (rows, in)
        product = torch._int_mm(rounded, self.weight).float().mul_(scale)  # (rows, out)
        result = torch.addcmul(self.bias, product, self.scale)  # (rows, out)
        return result.view(*states.shape[:-1], -1)  # (..., out)


def scaled(layer: nn.Linear, factor: Tensor) -> nn.Linear:
    """Return a linear layer whose outputs are those of `layer` times a number."""
    result = copy.deepcopy(layer)
    with torch.no_grad():
        result.weight.mul_(factor)
        result.bias.mul_(factor)
    return result


def gelu(states: Tensor) -> Tensor:
    """Return the exact GELU, x * (1 + erf(x / sqrt(2))) / 2; for few numbers faster than torch's own."""
    return torch.addcmul(states, states, torch.erf(states * _ROOT_HALF)).mul_(_HALF)


def fused_linear(layers: Sequence[nn.Linear], precision: Precision) -> Callable[[Tensor], Tensor]:
    """Fuse linear layers with the same input into one.

    Returns:
        A function from (rows, in) to the layers' outputs side by side, (rows, out + out ..).
    """
    weight = torch.cat([layer.weight.detach() for layer in layers])  # (out + out .., in)
    biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
    bias = torch.cat(biases) if biases else weight.new_zeros(len(weight))  # (out + out ..,)
    if precision is Precision.INT8:
        return Int8Linear(weight, bias)
    transposed = weight.t().contiguous()  # (in, out + out ..)
    return lambda states: torch.addmm(bias, states, transposed)


def frozen_norm(norm: nn.LayerNorm) -> Callable[[Tensor], Tensor]:
    """Return a layer norm without the overhead of a module."""
    shape, weight, bias, epsilon = (
        list(norm.normalized_shape),
        norm.weight.detach(),
        norm.bias.detach(),
        norm.eps,
    )
    return lambda states: F.layer_norm(states, shape, weight, bias, epsilon)


def quantized_layers(module: nn.ModuleList, precision: Precision) -> nn.ModuleList:
    """Return `module` itself for float32; for int8 a copy in which every linear layer is replaced."""
    if precision is Precision.FLOAT32:
        return module
    replaced = copy.deepcopy(module)
    for parent in replaced.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child.weight.detach(), child.bias.detach()))
    return replaced


def fastest_precision(width: int) -> Precision:
    """Return the precision that is fastest for states of a width on this processor.

    Narrow layers are multiplied faster than their inputs are rounded; wide ones wait for memory, and int8
    reads a quarter of the bytes. It is slower where the processor does not multiply it natively.
    """
    is_faster = width >= MIN_INT8_WIDTH and torch.cpu._is_vnni_supported()
    return Precision.INT8 if is_faster else Precision.FLOAT32
