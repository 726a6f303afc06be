"""Weight files of FIGARO: safetensors with the sizes and the provenance in the metadata.

Reading one never executes anything. `released_checkpoint` reads the format of the released checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import torch
from pydantic import ValidationError
from torch import Tensor

from emo_assets.errors import InputError
from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.nn.weight_files import decode_weights, encode_weights

FORMAT = "emo_assets.figaro.1"
"""The metadata key of these files."""

BUNDLED = "figaro-small.safetensors"
"""The weights that ship with the package, in `emo_assets/figaro/bundled/` next to their model card."""


def to_bytes(
    network: FigaroNetwork, *, provenance: Mapping[str, str] | None = None, half: bool = False
) -> bytes:
    """Write a network as the content of a safetensors file.

    Args:
        network: the network.
        provenance: where the weights come from (data, steps, measurements); kept in the metadata.
        half: write float16 instead of float32.

    Returns:
        The file's content; equal networks give equal bytes.
    """
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: weight.detach().cpu().to(dtype).contiguous() for name, weight in network.named_parameters()
    }
    metadata = {"config": network.config.model_dump(), "about": dict(provenance or {})}
    return encode_weights(tensors, metadata, key=FORMAT)


def from_bytes(content: bytes, name: str = "the FIGARO weights") -> FigaroNetwork:
    """Read a network, in float32, from what `to_bytes` wrote.

    Args:
        content: the file's content.
        name: what to call the file in errors.

    Raises:
        InputError: the content is of another kind, is damaged, or holds values that are not finite.
    """
    metadata, tensors = decode_weights(content, key=FORMAT, name=name)
    try:
        config = FigaroConfig.model_validate(metadata["config"])
    except (KeyError, ValidationError) as error:
        raise InputError(f"{name}: the sizes in the metadata are damaged; make the file again") from error
    return network_from_tensors(config, tensors, name)


def read_provenance(content: bytes, name: str = "the FIGARO weights") -> dict[str, str]:
    """Return where the weights in a file come from.

    Raises:
        InputError: the content is of another kind or damaged.
    """
    provenance: dict[str, str] = decode_weights(content, key=FORMAT, name=name)[0].get("about", {})
    return provenance


def bundled_bytes() -> bytes:
    """Return the content of the weights that ship with the package.

    Raises:
        InputError: this installation lacks them.
    """
    file = resources.files("emo_assets.figaro") / "bundled" / BUNDLED
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"the bundled FIGARO weights ({BUNDLED}) are missing from this installation; "
            "run `make weights`, or set figaro_model's source to `train`"
        ) from error


def network_from_tensors(config: FigaroConfig, tensors: Mapping[str, Tensor], name: str) -> FigaroNetwork:
    """Build a network from `tensors`, keyed by the names of `FigaroNetwork`'s parameters.

    Raises:
        InputError: a tensor is missing, has another shape, is not expected, or holds values that are not
            finite; `name` is what the message calls the file.
    """
    with torch.device("meta"):
        network = FigaroNetwork(config)
    expected = {parameter: tuple(weight.shape) for parameter, weight in network.named_parameters()}
    found = {parameter: tuple(tensor.shape) for parameter, tensor in tensors.items()}
    if expected != found:
        wrong = min(set(expected.items()) ^ set(found.items()))[0]
        raise InputError(
            f"{name}: is not a FIGARO of the size it states: {wrong} is {found.get(wrong, 'missing')}, "
            f"expected {expected.get(wrong, 'nothing of that name')}"
        )
    for parameter, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"{name}: holds values that are not finite (in {parameter})")
    network.load_state_dict({parameter: tensor.float() for parameter, tensor in tensors.items()}, assign=True)
    return network.eval()
