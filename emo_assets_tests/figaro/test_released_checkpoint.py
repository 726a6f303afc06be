from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from emo_assets.errors import InputError
from emo_assets.figaro import released_checkpoint
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.released_checkpoint import read_checkpoint

UNUSED = {
    "transformer.encoder.embeddings.position_ids": torch.arange(1024)[None],
    "transformer.decoder.bert.embeddings.word_embeddings.weight": torch.zeros(1, 32),
    "transformer.encoder.pooler.dense.weight": torch.full((32, 32), float("nan")),
    "transformer.decoder.cls.predictions.bias": torch.zeros(1),
}


def state_of(network: FigaroNetwork) -> dict[str, Tensor]:
    """The network's weights under the names of the released files."""
    ours = dict(network.named_parameters())
    state = {}
    for theirs, name in released_checkpoint._names(network.config):
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
    """What is said of a file that is refused: one line that names it."""
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


def test_values_that_are_no_numbers_are_refused(network: FigaroNetwork, tmp_path: Path) -> None:
    state = state_of(network)
    state["out_layer.weight"][5, 5] = float("nan")
    message = refusal(saved(lightning(network, state_dict=state), tmp_path / "figaro.ckpt"))
    assert "no numbers" in message
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
    assert "is no" in message


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.ckpt"
    assert "cannot be read" in refusal(path)
    path.write_bytes(pickle.dumps({"state_dict": {}}))
    assert "no PyTorch checkpoint" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "no PyTorch checkpoint" in refusal(path)


def test_storages_that_lie_about_their_size_are_refused(network: FigaroNetwork, tmp_path: Path) -> None:
    path = saved(lightning(network), tmp_path / "figaro.ckpt")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part[:8] if "/data/" in name else part)
    assert "not of the size" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            if "/data/" not in name:
                archive.writestr(name, part)
    assert "incomplete" in refusal(path)
