"""Our files of FIGARO weights: safetensors whose metadata hold the sizes and where the weights came from.

Nothing in such a file can be executed. The released checkpoints' own format is read in `checkpoint`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from torch import Tensor
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork

FORMAT = "emo_assets.figaro.1"
"""The key that the metadata of every file of ours stand under, as JSON."""

BUNDLED = "figaro-small.safetensors"
"""The weights that ship with the package, in `emo_assets/figaro/bundled/` beside their model card."""


def to_bytes(network: FigaroNetwork, *, about: Mapping[str, str] | None = None, half: bool = False) -> bytes:
    """Write a network as the content of a safetensors file.

    Args:
        network: what to write.
        about: where the weights came from (data, steps, measurements); kept in the metadata.
        half: write float16 instead of float32, half the size.

    Returns:
        The file's content; equal networks give equal bytes.
    """
    kind = torch.float16 if half else torch.float32
    tensors = {
        name: weight.detach().cpu().to(kind).contiguous() for name, weight in network.named_parameters()
    }
    metadata = {"config": network.config.model_dump(), "about": dict(about or {})}
    # Under one key: safetensors writes several in an order that changes from run to run.
    return safetensors.torch.save(tensors, {FORMAT: json.dumps(metadata, sort_keys=True)})


def from_bytes(content: bytes, name: str = "the weights") -> FigaroNetwork:
    """Read a network, in float32, from the content of a file of ours.

    Args:
        content: what `to_bytes` returned.
        name: what to call the file in errors.

    Raises:
        InputError: it is no such file, is damaged, or holds values that are no numbers.
    """
    metadata = _metadata(content, name)
    try:
        config = FigaroConfig.model_validate(metadata["config"])
        tensors = safetensors.torch.load(content)
    except (KeyError, ValidationError, SafetensorError) as error:
        raise InputError(f"{name}: is a damaged file of FIGARO weights; make it again") from error
    return network_from_tensors(config, tensors, name)


def about(content: bytes, name: str = "the weights") -> dict[str, str]:
    """Return what a file of ours says of where its weights came from.

    Raises:
        InputError: it is no such file.
    """
    told: dict[str, str] = _metadata(content, name).get("about", {})
    return told


def load(path: Path | UPath) -> FigaroNetwork:
    """Read a network from a file of ours.

    Raises:
        InputError: the file is missing, or as for `from_bytes`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    return from_bytes(content, str(path))


def bundled_bytes() -> bytes:
    """Return the content of the weights that ship with the package.

    Raises:
        InputError: this installation came without them.
    """
    file = resources.files("emo_assets.figaro") / "bundled" / BUNDLED
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"the bundled FIGARO weights ({BUNDLED}) are missing from this installation; "
            "run `make weights`, or set figaro_model's source to `train`"
        ) from error


def load_bundled() -> FigaroNetwork:
    """Read the network that ships with the package.

    Raises:
        InputError: this installation came without its weights, or they are damaged.
    """
    return from_bytes(bundled_bytes(), BUNDLED)


def network_from_tensors(config: FigaroConfig, tensors: Mapping[str, Tensor], name: str) -> FigaroNetwork:
    """Build a network and give it `tensors`, by the names of `FigaroNetwork`'s parameters.

    Raises:
        InputError: a tensor is missing, has another shape, is not expected, or holds values that are no
            numbers; `name` says which file it was.
    """
    with torch.device("meta"):
        network = FigaroNetwork(config)
    expected = {parameter: tuple(weight.shape) for parameter, weight in network.named_parameters()}
    found = {parameter: tuple(tensor.shape) for parameter, tensor in tensors.items()}
    if expected != found:
        wrong = sorted(set(expected.items()) ^ set(found.items()))[0][0]
        raise InputError(
            f"{name}: is not a FIGARO of the size it states: {wrong} is {found.get(wrong, 'missing')}, "
            f"expected {expected.get(wrong, 'nothing of that name')}"
        )
    for parameter, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"{name}: holds values that are no numbers (in {parameter})")
    network.load_state_dict({parameter: tensor.float() for parameter, tensor in tensors.items()}, assign=True)
    return network.eval()


def _metadata(content: bytes, name: str) -> dict[str, Any]:
    """Read the metadata off a safetensors header: its length in 8 bytes, then JSON."""
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length]) if length < len(content) else {}
        metadata = json.loads(header["__metadata__"][FORMAT])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{name}: is no file of FIGARO weights (format {FORMAT})") from error
    return metadata if isinstance(metadata, dict) else {}
