"""Weight files: safetensors with JSON in the metadata. Reading one never executes anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from emo_assets.errors import InputError

MAX_HEADER_BYTES = 64 * 1024 * 1024


def encode_weights(tensors: Mapping[str, Tensor], metadata: Mapping[str, Any], *, key: str) -> bytes:
    """Return the content of a safetensors file; equal arguments give equal bytes.

    Args:
        tensors: contiguous tensors on the CPU, by name.
        metadata: JSON values. They are stored as one string, because safetensors does not keep the order of
            several.
        key: the name of that string.
    """
    content: bytes = save(dict(tensors), metadata={key: json.dumps(metadata, sort_keys=True)})
    return content


def decode_weights(content: bytes, *, key: str, name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the metadata and the tensors of a file that `encode_weights` wrote.

    Args:
        content: the file.
        key: as for `encode_weights`.
        name: what to call the file in error messages.

    Raises:
        InputError: the file is damaged or of another kind.
    """
    strings = read_header(content, name=name)
    try:
        metadata, tensors = json.loads(strings[key]), load(content)
        if not isinstance(metadata, dict):
            raise TypeError("the metadata are not an object")
    except (ValueError, TypeError, KeyError, RecursionError, SafetensorError) as error:
        raise _refusal(name, error) from error
    return metadata, tensors


def read_header(content: bytes, *, name: str) -> dict[str, str]:
    """Return the metadata strings of a safetensors file, without its tensors.

    Raises:
        InputError: the content does not begin with a safetensors header.
    """
    size = int.from_bytes(content[:8], "little")
    try:
        if not 2 <= size <= min(len(content) - 8, MAX_HEADER_BYTES):
            raise ValueError("no safetensors header")
        strings = json.loads(content[8 : 8 + size]).get("__metadata__", {})
        return {str(key): str(value) for key, value in strings.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:120]
    return InputError(f"{name}: not a weight file of this kind ({reason}); materialize or download it again")
