"""Reading FIGARO's released checkpoints (PyTorch Lightning files) without executing anything in them.

Such a file is a zip with a pickle that describes tensors and one raw file a tensor's storage. The pickle is
read by an interpreter that never imports: the few names that tensors are made of have a meaning here, every
other name becomes an inert stand-in, and names that reach for the system are refused. Our own format is
`weights`'.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, NoReturn

import torch
from pydantic import ValidationError
from torch import Tensor
from upath import UPath

from emo_assets.errors import InputError
from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.weights import network_from_tensors

LARGEST_PICKLE = 64 * 2**20
"""Bytes. The pickle holds names and shapes; figaro-expert's is well below one megabyte."""

_STORAGES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

_DATA_MODULES = {
    *("_codecs", "argparse", "collections", "copyreg", "datetime", "decimal", "enum", "fractions"),
    *("functools", "numbers", "pathlib", "types", "typing", "uuid"),
}
"""Modules of the standard library whose names only hold data; every other one is refused."""

_DATA_BUILTINS = {
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object"),
    *("range", "set", "slice", "str", "tuple"),
}

_UNUSED = (
    "embeddings.position_ids",
    "embeddings.position_embeddings.weight",
    "embeddings.word_embeddings.weight",
    ".pooler.",
    ".cls.predictions.",
)
"""Parts of names of tensors that BERT brings along and FIGARO never uses."""


def read_checkpoint(path: Path | UPath, *, sha256: str | None = None) -> FigaroNetwork:
    """Read a released FIGARO checkpoint, of the old layout (relative cross-attention) or the new.

    Args:
        path: a Lightning file of FIGARO with the expert description (`figaro-expert.ckpt`).
        sha256: the file's sum in hexadecimal, if it is known; another file is not looked into.

    Returns:
        The network, in float32.

    Raises:
        InputError: the file is missing, damaged or another than the sum says, would run code, holds another
            model or weights that are no numbers.
    """
    try:
        with path.open("rb") as file:
            if sha256 is not None and (found := _sum(file)) != sha256:
                raise InputError(f"{path}: has the sha256 {found}, expected {sha256}; get it again")
            with zipfile.ZipFile(file) as archive:
                return _network(_Archive(archive, str(path)))
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: is no PyTorch checkpoint or was cut off; get it again") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def _sum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := file.read(2**20):
        digest.update(part)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Storage:
    """A raw file in the archive: `count` numbers of one kind."""

    key: str
    dtype: torch.dtype
    count: int


@dataclass(frozen=True)
class _TensorPlan:
    """A tensor as the pickle describes it: a strided window into a storage."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Inert(dict[Any, Any]):
    """Stands for whatever class or function a foreign name means: takes everything, does nothing.

    It is a dictionary because Lightning keeps settings in a dictionary class of its own.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__()

    def __call__(self, *arguments: Any, **named: Any) -> _Inert:
        return _Inert()

    def __setstate__(self, state: Any) -> None:
        """Ignore an object's state."""

    def append(self, item: Any) -> None:
        """Ignore an item of a list class."""

    def extend(self, items: Any) -> None:
        """Ignore items of a list class."""

    def add(self, item: Any) -> None:
        """Ignore an item of a set class."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:  # type: ignore[override]  # usable as a key, unlike a dictionary
        return id(self)


class _Unpickler(pickle.Unpickler):
    """Reads a pickle without importing anything it names."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        """Return what `module.name` means here; called by the pickle for each name."""
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return _tensor_plan
        if module == "torch._utils" and name == "_rebuild_parameter":
            return _parameter_plan
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        top = module.partition(".")[0]
        if top in ("builtins", "__builtin__"):
            harmless = name in _DATA_BUILTINS
        else:
            harmless = top in _DATA_MODULES or top not in sys.stdlib_module_names
        if not harmless:
            raise InputError(
                f"{self._path}: is refused: opened as usual it would run {module}.{name}; "
                "get it from a place you trust"
            )
        return _Inert

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that the pickle refers to."""
        kind, dtype, key, _, count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError(f"unknown storage {pid!r}")
        return _Storage(str(key), dtype, int(count))


def _tensor_plan(storage: Any, offset: Any, size: Any, stride: Any, *rest: Any) -> _TensorPlan:
    if not isinstance(storage, _Storage) or len(size) != len(stride):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _TensorPlan(storage, int(offset), tuple(map(int, size)), tuple(map(int, stride)))


def _parameter_plan(plan: Any, *rest: Any) -> Any:
    return plan


class _Archive:
    """An open checkpoint: its pickle's content and its tensors."""

    def __init__(self, archive: zipfile.ZipFile, path: str) -> None:
        self.path = path
        self._archive = archive
        pickles = [name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            self.refuse("is no PyTorch checkpoint (a zip without one data.pkl)")
        self._folder = pickles[0].removesuffix("data.pkl")
        if self._folder + "byteorder" in archive.namelist() and self._raw("byteorder") != b"little":
            self.refuse("was written on a big-endian machine, which is not supported")
        if archive.getinfo(pickles[0]).file_size > LARGEST_PICKLE:
            self.refuse("has a pickle that is too large for a FIGARO checkpoint")
        self.content = self._unpickled(pickles[0])

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error that says what is wrong with the file."""
        raise InputError(f"{self.path}: {reason}")

    def tensor(self, name: str, plan: _TensorPlan) -> Tensor:
        """Read one tensor from its raw storage, as float32.

        Raises:
            InputError: the storage is missing or of other size, or holds values that are no numbers.
        """
        storage = plan.storage
        last = plan.offset + sum(
            (size - 1) * stride for size, stride in zip(plan.size, plan.stride, strict=True)
        )
        reasonable = plan.offset >= 0 and min(plan.size + plan.stride, default=0) >= 0
        try:
            raw = self._raw(f"data/{storage.key}")
        except KeyError:
            self.refuse(f"is incomplete: the values of {name} are missing; get it again")
        if not reasonable or last >= storage.count or len(raw) != storage.count * storage.dtype.itemsize:
            self.refuse(f"is damaged: the values of {name} are not of the size it states; get it again")
        flat = torch.frombuffer(bytearray(raw), dtype=storage.dtype)
        tensor = flat.as_strided(plan.size, plan.stride, plan.offset).float().clone()
        if not torch.isfinite(tensor).all():
            self.refuse(f"holds values that are no numbers (in {name}); its training broke down")
        return tensor

    def _raw(self, name: str) -> bytes:
        info = self._archive.getinfo(self._folder + name)
        if info.compress_type != zipfile.ZIP_STORED:
            self.refuse("is compressed, which PyTorch never does; get it again")
        return self._archive.read(info)

    def _unpickled(self, name: str) -> Any:
        with self._archive.open(name) as file:
            try:
                return _Unpickler(file, self.path).load()
            except (InputError, zipfile.BadZipFile):
                raise
            # A damaged pickle can make its interpreter fail in any way there is.
            except Exception as error:
                reason = " ".join(str(error).split())[:100]
                raise InputError(f"{self.path}: has a damaged pickle ({reason}); get it again") from error


def _network(archive: _Archive) -> FigaroNetwork:
    content = archive.content
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        archive.refuse("is no Lightning checkpoint: it has no state_dict")
    plans = {
        str(name): plan
        for name, plan in state.items()
        if isinstance(plan, _TensorPlan) and not any(part in str(name) for part in _UNUSED)
    }
    settings = content.get("hyper_parameters")
    config = _config(archive, plans, settings if isinstance(settings, dict) else {})
    names = dict(_names(config))
    missing, foreign = sorted(names.keys() - plans.keys()), sorted(plans.keys() - names.keys())
    if missing or foreign:
        what = f"{missing[0]} is missing" if missing else f"{foreign[0]} is not part of one"
        archive.refuse(f"is not a FIGARO with the expert description: {what}")
    tensors = {ours: archive.tensor(theirs, plans[theirs]) for theirs, ours in names.items()}
    for name in [name for name in tensors if name.endswith(".token_type")]:
        tensors[name] = tensors[name][:1].flatten()  # (d_model,): token type 0, the only one used
    return network_from_tensors(config, tensors, archive.path)


def _config(archive: _Archive, plans: Mapping[str, _TensorPlan], settings: Mapping[Any, Any]) -> FigaroConfig:
    """Read the sizes off the tensors; only the context's length stands nowhere but in the settings."""
    first = "transformer.decoder.bert.encoder.layer.0."
    try:
        distances, head_size = plans[first + "attention.self.distance_embedding.weight"].size
        width = plans["in_layer.weight"].size[1]
        return FigaroConfig(
            d_model=width,
            heads=width // max(1, head_size),
            feed_forward=plans[first + "intermediate.dense.weight"].size[0],
            encoder_layers=_layers(plans, "transformer.encoder.encoder.layer."),
            decoder_layers=_layers(plans, "transformer.decoder.bert.encoder.layer."),
            context=settings.get("context_size", 256),
            distances=(distances + 1) // 2,
            relative_cross=first + "crossattention.self.distance_embedding.weight" in plans,
        )
    except KeyError as error:
        archive.refuse(f"is not a FIGARO: {error.args[0]} is missing")
    except (ValidationError, ValueError, IndexError):
        archive.refuse("is not a FIGARO: its tensors have other shapes")


def _layers(plans: Mapping[str, _TensorPlan], start: str) -> int:
    return len({name.removeprefix(start).partition(".")[0] for name in plans if name.startswith(start)})


def _names(config: FigaroConfig) -> Iterator[tuple[str, str]]:
    """Yield (name in the checkpoint, name in `FigaroNetwork`) of every tensor."""
    yield "in_layer.weight", "event_embedding.weight"
    yield "desc_in.weight", "description_embedding.weight"
    yield "bar_embedding.weight", "bar_embedding.weight"
    yield "pos_embedding.weight", "position_embedding.weight"
    yield "out_layer.weight", "output.weight"
    for side, theirs in (("encoder", "transformer.encoder."), ("decoder", "transformer.decoder.bert.")):
        yield f"{theirs}embeddings.token_type_embeddings.weight", f"{side}_input.token_type"
        for part in ("weight", "bias"):
            yield f"{theirs}embeddings.LayerNorm.{part}", f"{side}_input.norm.{part}"
        for layer in range(config.encoder_layers if side == "encoder" else config.decoder_layers):
            yield from _layer_names(f"{theirs}encoder.layer.{layer}.", f"{side}.{layer}.", config)


def _layer_names(theirs: str, ours: str, config: FigaroConfig) -> Iterator[tuple[str, str]]:
    attentions = {"attention": "attention"}
    if ours.startswith("decoder"):
        attentions["crossattention"] = "cross"
    for their_attention, attention in attentions.items():
        if attention == "attention" or config.relative_cross:
            yield (
                f"{theirs}{their_attention}.self.distance_embedding.weight",
                f"{ours}{attention}.distance",
            )
        for part in ("weight", "bias"):
            for projection in ("query", "key", "value"):
                yield (
                    f"{theirs}{their_attention}.self.{projection}.{part}",
                    f"{ours}{attention}.{projection}.{part}",
                )
            yield f"{theirs}{their_attention}.output.dense.{part}", f"{ours}{attention}.output.{part}"
            yield f"{theirs}{their_attention}.output.LayerNorm.{part}", f"{ours}{attention}.norm.{part}"
    for part in ("weight", "bias"):
        yield f"{theirs}intermediate.dense.{part}", f"{ours}feed_forward.inner.{part}"
        yield f"{theirs}output.dense.{part}", f"{ours}feed_forward.outer.{part}"
        yield f"{theirs}output.LayerNorm.{part}", f"{ours}feed_forward.norm.{part}"
