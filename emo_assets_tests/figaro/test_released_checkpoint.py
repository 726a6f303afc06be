from __future__ import annotations

import codecs
import collections
import hashlib
import os
import pickle
import resource
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from upath import UPath

from emo_assets.datasets.downloads import checkpoints
from emo_assets.errors import InputError
from emo_assets.figaro import released_checkpoint
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.released_checkpoint import parameter_names, read_checkpoint
from emo_assets_tests.figaro.conftest import LITTLE, random_network

UNUSED = {
    "transformer.encoder.embeddings.position_ids": torch.arange(1024)[None],
    "transformer.decoder.bert.embeddings.word_embeddings.weight": torch.zeros(1, 32),
    "transformer.encoder.pooler.dense.weight": torch.full((32, 32), float("nan")),
    "transformer.decoder.cls.predictions.bias": torch.zeros(1),
}


@pytest.fixture(params=[False, True], ids=["new layout", "old layout"])
def network(request: pytest.FixtureRequest) -> FigaroNetwork:
    """A little random network of each layout of the released checkpoints."""
    return random_network(LITTLE.model_copy(update={"relative_cross": request.param}))


def state_of(network: FigaroNetwork) -> dict[str, Tensor]:
    """The network's weights under the names of the released files."""
    ours = dict(network.named_parameters())
    state = {}
    for theirs, name in parameter_names(network.config).items():
        weight = ours[name].detach().clone()
        state[theirs] = torch.stack([weight, weight]) if name.endswith("token_type") else weight
    return state | UNUSED


def lightning(network: FigaroNetwork, **changes: Any) -> dict[str, Any]:
    """A Lightning checkpoint as the public code writes it."""
    settings = {"flavor": "description", "context_size": network.config.context, "lr": 1e-4}
    return {
        "epoch": 3,
        "pytorch-lightning_version": "1.5.10",
        "state_dict": state_of(network),
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}}],
        "hyper_parameters": settings,
    } | changes


def saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


def refusal(path: Path) -> str:
    """Return the message that refuses a file: one line that names it."""
    with pytest.raises(InputError) as error:
        read_checkpoint(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def with_pickle(path: Path, content: bytes) -> Path:
    """Replace the pickle inside a checkpoint."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, content if name.endswith("data.pkl") else part)
    return path


class Foreign:
    """A class of someone else's, as Lightning pickles them into hyper_parameters."""

    def __init__(self) -> None:
        self.size = 3


class ForeignDict(dict[str, Any]):
    """A dictionary class of someone else's, as Lightning keeps hyper_parameters in."""


class ForeignList(list[Any]):
    """A list class of someone else's."""


class ForeignItems(list[Any]):
    """A list class whose name does not say so."""


class Dangerous:
    """Runs a command when it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call[0], self.call[1:]


def test_every_weight_arrives_in_its_place(network: FigaroNetwork, tmp_path: Path) -> None:
    read = read_checkpoint(saved(lightning(network), tmp_path / "figaro.ckpt"))
    assert read.config == network.config
    for (name, weight), (_, expected) in zip(
        read.named_parameters(), network.named_parameters(), strict=True
    ):
        assert torch.equal(weight, expected), name


def test_a_file_is_held_against_its_sum_before_it_is_read(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_checkpoint(path, sha256=found).config == network.config
    with pytest.raises(InputError, match=f"has the sha256 {found}, expected 0000"):
        read_checkpoint(path, sha256="0" * 64)


def test_foreign_classes_are_passed_over_without_being_imported(
    network: FigaroNetwork, tmp_path: Path
) -> None:
    settings = {"context_size": 64, "of": Foreign(), "where": Path("x"), ("a", Foreign()): {Foreign()}}
    path = saved(lightning(network, hyper_parameters=settings), tmp_path / "figaro.ckpt")
    module, name = Foreign.__module__.encode(), Foreign.__name__.encode()
    with zipfile.ZipFile(path) as archive:
        raw = archive.read(next(entry for entry in archive.namelist() if entry.endswith("data.pkl")))
    # The class is one that cannot be imported: nothing may try.
    assert module in raw
    gone = raw.replace(b"c" + module + b"\n" + name, b"cnot_installed.anywhere\n" + name)
    assert gone != raw
    assert read_checkpoint(with_pickle(path, gone)).config == network.config


def test_settings_in_a_foreign_dictionary_class_are_read(network: FigaroNetwork, tmp_path: Path) -> None:
    settings = ForeignDict(lightning(network)["hyper_parameters"])
    path = saved(lightning(network, hyper_parameters=settings), tmp_path / "figaro.ckpt")
    assert read_checkpoint(path).config == network.config


@pytest.mark.parametrize("of", [collections.deque([1, 2], maxlen=3), ForeignList([1, 2])])
def test_settings_that_hold_a_foreign_list_are_read(of: Any, network: FigaroNetwork, tmp_path: Path) -> None:
    settings = lightning(network)["hyper_parameters"] | {"of": of}
    path = saved(lightning(network, hyper_parameters=settings), tmp_path / "figaro.ckpt")
    assert read_checkpoint(path).config == network.config


def test_what_torch_cannot_load_safely_is_not_called_damaged(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network, callbacks=ForeignItems([1, 2])), tmp_path / "figaro.ckpt")
    message = refusal(path)
    assert "cannot be loaded safely" in message
    assert "damaged" not in message


def test_a_download_and_a_file_have_one_limit() -> None:
    assert checkpoints.MAX_BYTES == released_checkpoint.MAX_BYTES


def test_a_file_in_a_remote_store_is_read(network: FigaroNetwork) -> None:
    path = UPath("memory://checkpoints/figaro.ckpt")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        torch.save(lightning(network), file)
    assert read_checkpoint(path).config == network.config


def test_weights_in_half_precision_and_shared_storages_are_read(
    network: FigaroNetwork, tmp_path: Path
) -> None:
    state = {name: tensor.half() for name, tensor in state_of(network).items()}
    state["out_layer.weight"] = state["in_layer.weight"]
    read = read_checkpoint(saved(lightning(network, state_dict=state), tmp_path / "figaro.ckpt"))
    assert torch.equal(read.output.weight, read.event_embedding.weight)
    assert read.output.weight.dtype is torch.float32


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (exec, "open('{}', 'w')"),
        (getattr, os, "system"),
    ],
    ids=["os.system", "eval", "exec", "getattr"],
)
def test_a_file_that_would_run_a_command_is_refused_and_does_not_run_it(
    call: tuple[Any, ...], network: FigaroNetwork, tmp_path: Path
) -> None:
    trace = tmp_path / "it ran"
    filled = [part.format(trace) if isinstance(part, str) else part for part in call]
    content = lightning(network, callbacks=Dangerous(*filled))
    if call[0] is getattr:
        content["callbacks"] = {"system": os.system}
    message = refusal(saved(content, tmp_path / "evil.ckpt"))
    assert "would run" in message
    assert not trace.exists()


def hexadecimal(times: int, codec: str = "hex") -> Any:
    """A value that doubles `times` times when it is unpickled."""
    return b"x" if not times else Dangerous(codecs.encode, hexadecimal(times - 1, codec), codec)


def copies(times: int) -> Any:
    """Copies of one string of 2 MiB, which the pickle holds once."""
    text = "x" * 2**21
    return [Dangerous(codecs.encode, text, "latin1") for _ in range(times)]


BOMBS: dict[str, Callable[[FigaroNetwork], Any]] = {
    "bytearray": lambda network: lightning(network, callbacks=Dangerous(bytearray, 2**50)),
    "codecs": lambda network: lightning(network, callbacks=hexadecimal(60)),
    "a long codec name": lambda network: lightning(
        network, callbacks=hexadecimal(60, "Hex" + "-" * 20 + "codec")
    ),
    "a codec name with an accent": lambda network: lightning(
        network, callbacks=hexadecimal(60, "hex\u00e9codec")
    ),
    "copies": lambda network: lightning(network, callbacks=copies(1000)),
    "an empty tensor": lambda network: lightning(network, callbacks=Dangerous(torch.FloatTensor, 2**40)),
    "a converted tensor": lambda network: lightning(
        network,
        callbacks=Dangerous(
            torch._utils._rebuild_device_tensor_from_cpu_tensor,
            *(torch.zeros(1).expand(2**40), torch.float64, "cpu", False),
        ),
    ),
    "an expanded weight": lambda network: lightning(
        network, state_dict=state_of(network) | {"out_layer.weight": torch.zeros(1).expand(2**20, 2**20)}
    ),
    "a large pickle": lambda network: lightning(network, callbacks="x" * 2**24),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_cannot_ask_for_much_memory(name: str, network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(BOMBS[name](network), tmp_path / "bomb.ckpt")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert any(word in refusal(path) for word in ("FIGARO never needs", "more values than", "too large"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18  # KiB


def test_a_codec_name_in_a_string_of_python_2_is_refused(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network, callbacks=hexadecimal(60)), tmp_path / "bomb.ckpt")
    with zipfile.ZipFile(path) as archive:
        raw = archive.read(next(entry for entry in archive.namelist() if entry.endswith("data.pkl")))
    short = raw.replace(b"X\x03\x00\x00\x00hex", b"U\x03hex")
    assert short != raw
    assert "FIGARO never needs" in refusal(with_pickle(path, short))


def test_a_compressed_file_is_refused_without_being_unpacked(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "bomb.ckpt")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data/999", bytes(2**20))
    assert "compressed" in refusal(path)


def test_a_flipped_weight_is_noticed(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    content = path.read_bytes()
    weight = network.output.weight.detach().numpy().tobytes()
    place = content.index(weight) + 40
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    assert "checksum" in refusal(path)


def test_values_that_are_no_numbers_are_refused(network: FigaroNetwork, tmp_path: Path) -> None:
    state = state_of(network)
    state["out_layer.weight"][5, 5] = float("nan")
    message = refusal(saved(lightning(network, state_dict=state), tmp_path / "figaro.ckpt"))
    assert "not finite" in message
    assert "out_layer.weight" in message


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.5, 0.99])
def test_a_truncated_file_is_refused(kept: float, network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert "cut off" in refusal(path)


def test_flipped_bytes_are_refused_or_read_but_never_crash(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    content = path.read_bytes()
    for place in range(0, len(content), len(content) // 60):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with suppress(InputError):
            read_checkpoint(path)


OTHER_MODELS: dict[str, Callable[[FigaroNetwork], Any]] = {
    "a list": lambda network: [1, 2],
    "no state": lambda network: {"weights": state_of(network)},
    "a linear layer": lambda network: lightning(network, state_dict={"weight": torch.zeros(3, 3)}),
    "another vocabulary": lambda network: lightning(
        network, state_dict=state_of(network) | {"in_layer.weight": torch.zeros(500, 32)}
    ),
    "a learned description": lambda network: lightning(
        network, state_dict=state_of(network) | {"vae.codebook.weight": torch.zeros(4, 4)}
    ),
    "a layer short": lambda network: lightning(
        network,
        state_dict={
            name: tensor for name, tensor in state_of(network).items() if ".layer.0.intermediate" not in name
        },
    ),
    "too long a context": lambda network: lightning(network, hyper_parameters={"context_size": 4000}),
    "a context in words": lambda network: lightning(network, hyper_parameters={"context_size": "wide"}),
}


@pytest.mark.parametrize("name", OTHER_MODELS)
def test_another_model_is_refused(name: str, network: FigaroNetwork, tmp_path: Path) -> None:
    message = refusal(saved(OTHER_MODELS[name](network), tmp_path / "other.ckpt"))
    assert "is not" in message


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.ckpt"
    assert "cannot be read" in refusal(path)
    path.write_bytes(pickle.dumps({"state_dict": {}}))
    assert "not a PyTorch checkpoint" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "not a PyTorch checkpoint" in refusal(path)


def test_storages_that_lie_about_their_size_are_refused(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part[:8] if "/data/" in name else part)
    assert "does not match expected size" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            if "/data/" not in name:
                archive.writestr(name, part)
    assert "file not found" in refusal(path)
