"""Reads FIGARO's released checkpoints (PyTorch Lightning files) with `torch.load(weights_only=True)`.

Such files also pickle classes of packages that need not be installed. Inert stubs replace them. A file
that names anything with side effects is refused before it is loaded. `weights` reads our own format.
"""

from __future__ import annotations

import hashlib
import pickle
import pickletools
import re
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from encodings import aliases
from pathlib import Path
from typing import IO, Any, NoReturn

import torch
from pydantic import ValidationError
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.weights import network_from_tensors

MAX_BYTES = 2**34
"""Largest file that is loaded, as in `downloads.checkpoints`; figaro-expert.ckpt has half a gigabyte."""

MAX_PICKLE_BYTES = 8 * 2**20
"""Largest pickle of names and shapes; figaro-expert's is well below one megabyte."""

MAX_CALL_BYTES = 2**28
"""Largest product of the number of calls in a pickle and its longest string: each call could copy it."""

_DATA_MODULES = {
    *("_codecs", "argparse", "collections", "copyreg", "datetime", "decimal", "enum", "fractions"),
    *("functools", "numbers", "pathlib", "types", "typing", "uuid"),
}
"""Modules of the standard library that may be named; a stub replaces their classes, too."""

_DATA_BUILTINS = {
    *("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set"),
    *("slice", "str", "tuple"),
}

_EXPANDING = re.compile(
    r"bytearray$|^torch[\w.]* \w*Tensor$|^torch\.storage |^torch\._tensor "
    r"|^torch\._utils _rebuild_(?!tensor$|tensor_v2$|parameter$)"
)
"""Names that torch allows, but with which a small file can build arbitrarily large values."""

_BINARY_CODECS = {
    *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"),
}
"""Codecs that could lengthen a value again and again; Python pickles bytes with `latin1`."""

_BINARY_CODEC_NAMES = {
    name.replace("_", "")
    for name in _BINARY_CODECS
    | {alias for alias, codec in aliases.aliases.items() if codec in _BINARY_CODECS}
}

_UNUSED = (
    "embeddings.position_ids",
    "embeddings.position_embeddings.weight",
    "embeddings.word_embeddings.weight",
    ".pooler.",
    ".cls.predictions.",
)
"""Parts of the names of tensors that BERT brings along and FIGARO never uses."""

_ATTENTION = {
    "self.query": "query",
    "self.key": "key",
    "self.value": "value",
    "output.dense": "output",
    "output.LayerNorm": "norm",
}
_FEED_FORWARD = {
    "intermediate.dense": "feed_forward.inner",
    "output.dense": "feed_forward.outer",
    "output.LayerNorm": "feed_forward.norm",
}


def read_checkpoint(path: Path | UPath, *, sha256: str | None = None) -> FigaroNetwork:
    """Read a released FIGARO checkpoint, of the old layout (relative cross-attention) or the new.

    Args:
        path: a Lightning file of FIGARO with the expert description (`figaro-expert.ckpt`).
        sha256: the expected checksum in hexadecimal. It is compared before anything else is read.

    Returns:
        The network, in float32.

    Raises:
        InputError: the file is missing, damaged, too large or has another checksum, names code to run, or
            holds another model or values that are not finite.
    """
    try:
        with path.open("rb") as file:
            if sha256 is not None and (found := _checksum(file)) != sha256:
                raise InputError(f"{path}: has the sha256 {found}, expected {sha256}; get it again")
            content = _load(file, str(path))
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: is not a PyTorch checkpoint or was cut off; get it again") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    return _network(content, str(path))


def _checksum(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file works


def _refuse(path: str, reason: str) -> NoReturn:
    raise InputError(f"{path}: {reason}")


def _load(file: IO[bytes], path: str) -> Any:
    """Return what a file holds: plain values, tensors on the CPU, and stubs for everything else."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_archive(archive, path)
        file.seek(0)
        stubs = _stubs(get_unsafe_globals_in_checkpoint(file), path)
        file.seek(0)
        with safe_globals(stubs):
            return torch.load(file, map_location="cpu", weights_only=True)
    except (InputError, OSError, zipfile.BadZipFile):
        raise
    except pickle.UnpicklingError as error:
        reason = " ".join(str(error.__context__ or error).split())[:100]
        _refuse(path, f"holds what cannot be loaded safely ({reason}); get it from a source you trust")
    # torch raises errors of all kinds for a damaged file
    except Exception as error:
        reason = " ".join(str(error.__context__ or error).split())[:100]
        raise InputError(f"{path}: is damaged ({reason}); get it again") from error


def _check_archive(archive: zipfile.ZipFile, path: str) -> None:
    """Bound what loading the file can take, and compare the checksums, which torch does not."""
    parts = archive.infolist()
    pickles = [part for part in parts if part.filename.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        _refuse(path, "is not a PyTorch checkpoint (a zip with one data.pkl)")
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        _refuse(path, "is compressed, which PyTorch never does; get it again")
    if pickles[0].file_size > MAX_PICKLE_BYTES or sum(part.file_size for part in parts) > MAX_BYTES:
        _refuse(path, "is too large for a FIGARO checkpoint")
    if (damaged := archive.testzip()) is not None:
        _refuse(path, f"is damaged (the checksum of {damaged} differs); get it again")
    _check_pickle(archive.read(pickles[0]), path)


def _check_pickle(content: bytes, path: str) -> None:
    """Refuse a pickle that could build much larger values than it holds itself."""
    calls = longest = 0
    for opcode, argument, _ in pickletools.genops(content):
        text = str(argument)
        if (
            opcode.name == "SHORT_BINSTRING"  # strings of Python 2, which torch reads and never writes
            or (opcode.name == "GLOBAL" and _EXPANDING.search(text))
            or (opcode.name == "BINUNICODE" and _is_binary_codec(text))
        ):
            _refuse(path, f"is refused: it uses {' '.join(text.split())[:100]}, which FIGARO never needs")
        calls += opcode.name in ("REDUCE", "NEWOBJ")
        longest = max(longest, len(text))
    if calls * longest > MAX_CALL_BYTES:
        _refuse(path, f"is refused: {calls:,} calls and a string of {longest:,}, which FIGARO never needs")


def _is_binary_codec(text: str) -> bool:
    """Return whether Python could find a binary codec by a name; it takes "Hex--codec" for "hex_codec"."""
    return re.sub(r"[^a-z0-9]+", "", text.lower()) in _BINARY_CODEC_NAMES


class _Stub:
    """Replaces a class or function: takes any arguments and state, does nothing."""

    def __init__(self, *arguments: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...


class _ListStub:
    """Replaces a list class: torch appends to nothing but lists."""

    def __new__(cls, *arguments: object) -> list[Any]:  # type: ignore[misc]
        return []


class _DictStub:
    """Replaces a dictionary class: keeps the items, as Lightning's hyper_parameters need it."""

    def __new__(cls, *arguments: object) -> OrderedDict[Any, Any]:  # type: ignore[misc]
        return OrderedDict()


def _stubs(names: Iterable[str], path: str) -> list[Any]:
    """Return (stub, name) for each name that torch does not allow.

    Raises:
        InputError: a name belongs to a module of the standard library that does more than hold data.
    """
    for name in names:
        module, _, rest = name.partition(".")
        is_foreign = module not in sys.stdlib_module_names
        if not (rest in _DATA_BUILTINS if module == "builtins" else is_foreign or module in _DATA_MODULES):
            _refuse(
                path, f"is refused: it names {name}, which would run code; get it from a source you trust"
            )
    return [(_stub(name.lower()), name) for name in names]


def _stub(name: str) -> type:
    if name.endswith("dict"):
        return _DictStub
    return _ListStub if name.endswith(("list", "deque")) else _Stub


def _network(content: Any, path: str) -> FigaroNetwork:
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        _refuse(path, "is not a Lightning checkpoint: it has no state_dict")
    tensors = {
        str(name): tensor
        for name, tensor in state.items()
        if isinstance(tensor, Tensor) and not any(part in str(name) for part in _UNUSED)
    }
    settings = content.get("hyper_parameters")
    config = _config(tensors, settings if isinstance(settings, dict) else {}, path)
    names = parameter_names(config)
    missing, foreign = sorted(names.keys() - tensors.keys()), sorted(tensors.keys() - names.keys())
    if missing or foreign:
        what = f"{missing[0]} is missing" if missing else f"{foreign[0]} is not part of one"
        _refuse(path, f"is not a FIGARO with the expert description: {what}")
    for name, tensor in tensors.items():
        if tensor.nbytes > tensor.untyped_storage().nbytes():
            _refuse(path, f"is damaged: {name} states more values than there are; get it again")
        if not torch.isfinite(tensor).all():
            _refuse(path, f"holds values that are not finite (in {name}); its training diverged")
    ours = {names[name]: tensor.detach().float() for name, tensor in tensors.items()}
    for name in [name for name in ours if name.endswith(".token_type")]:
        ours[name] = ours[name][:1].flatten()  # (d_model,): token type 0, the only one used
    return network_from_tensors(config, ours, path)


def _config(tensors: Mapping[str, Tensor], settings: Mapping[Any, Any], path: str) -> FigaroConfig:
    """Read the sizes from the tensors' shapes, and the context's length from the settings."""
    first = "transformer.decoder.bert.encoder.layer.0."
    try:
        distances, head_size = tensors[first + "attention.self.distance_embedding.weight"].shape
        width = tensors["in_layer.weight"].shape[1]
        return FigaroConfig(
            d_model=width,
            heads=width // max(1, head_size),
            feed_forward=tensors[first + "intermediate.dense.weight"].shape[0],
            encoder_layers=_layers(tensors, "transformer.encoder.encoder.layer."),
            decoder_layers=_layers(tensors, "transformer.decoder.bert.encoder.layer."),
            context=settings.get("context_size", 256),
            distances=(distances + 1) // 2,
            relative_cross=first + "crossattention.self.distance_embedding.weight" in tensors,
        )
    except KeyError as error:
        _refuse(path, f"is not a FIGARO: {error.args[0]} is missing")
    except (ValidationError, ValueError, IndexError):
        _refuse(path, "is not a FIGARO: its tensors have other shapes")


def _layers(tensors: Mapping[str, Tensor], start: str) -> int:
    return len({name.removeprefix(start).partition(".")[0] for name in tensors if name.startswith(start)})


def parameter_names(config: FigaroConfig) -> dict[str, str]:
    """Map each tensor's name in a checkpoint to its name in `FigaroNetwork`."""
    names = {
        "in_layer.weight": "event_embedding.weight",
        "desc_in.weight": "description_embedding.weight",
        "bar_embedding.weight": "bar_embedding.weight",
        "pos_embedding.weight": "position_embedding.weight",
        "out_layer.weight": "output.weight",
    }
    modules: dict[str, str] = {}
    for side, prefix, layers in (
        ("encoder", "transformer.encoder.", config.encoder_layers),
        ("decoder", "transformer.decoder.bert.", config.decoder_layers),
    ):
        names[f"{prefix}embeddings.token_type_embeddings.weight"] = f"{side}_input.token_type"
        modules[f"{prefix}embeddings.LayerNorm"] = f"{side}_input.norm"
        attentions = {"attention": "attention", "crossattention": "cross"}
        for layer in range(layers):
            theirs, ours = f"{prefix}encoder.layer.{layer}.", f"{side}.{layer}."
            modules |= {theirs + a: ours + b for a, b in _FEED_FORWARD.items()}
            for attention, name in attentions.items() if side == "decoder" else [("attention", "attention")]:
                modules |= {f"{theirs}{attention}.{a}": f"{ours}{name}.{b}" for a, b in _ATTENTION.items()}
                if name == "attention" or config.relative_cross:
                    distance = f"{theirs}{attention}.self.distance_embedding.weight"
                    names[distance] = f"{ours}{name}.distance"
    parts = {f"{a}.{part}": f"{b}.{part}" for a, b in modules.items() for part in ("weight", "bias")}
    return names | parts
