from __future__ import annotations

import json

import pytest
import safetensors.torch
import torch

from emo_assets.errors import InputError
from emo_assets.figaro import weights
from emo_assets.figaro.network import FigaroNetwork


def test_weights_come_back_as_they_were_written(network: FigaroNetwork) -> None:
    content = weights.to_bytes(network, provenance={"steps": "7"})
    read = weights.from_bytes(content)
    assert read.config == network.config
    for (name, weight), (_, expected) in zip(
        read.named_parameters(), network.named_parameters(), strict=True
    ):
        assert torch.equal(weight, expected), name
    assert weights.read_provenance(content) == {"steps": "7"}


def test_half_precision_halves_the_file_and_is_read_as_float32(network: FigaroNetwork) -> None:
    whole, half = weights.to_bytes(network), weights.to_bytes(network, half=True)
    assert len(half) < 0.6 * len(whole)
    read = weights.from_bytes(half)
    assert {weight.dtype for weight in read.parameters()} == {torch.float32}
    torch.testing.assert_close(read.output.weight, network.output.weight, rtol=1e-3, atol=1e-3)


def test_equal_networks_give_equal_bytes(network: FigaroNetwork) -> None:
    assert weights.to_bytes(network) == weights.to_bytes(network)


def refusal(content: bytes) -> str:
    with pytest.raises(InputError) as error:
        weights.from_bytes(content, "figaro.safetensors")
    message = str(error.value)
    assert message.startswith("figaro.safetensors: ")
    assert "\n" not in message
    return message


def test_wrong_files_are_refused_in_one_line(network: FigaroNetwork) -> None:
    content = weights.to_bytes(network)
    assert "not a weight file" in refusal(b"")
    assert "not a weight file" in refusal(b"MThd" * 10)
    assert "not a weight file" in refusal(safetensors.torch.save({"weight": torch.zeros(2)}))
    assert "not a weight file" in refusal(content[:-100])
    tensors = safetensors.torch.load(content)
    header = {weights.FORMAT: json.dumps({"config": network.config.model_dump()})}
    fewer = {name: tensor for name, tensor in tensors.items() if name != "output.weight"}
    assert "output.weight is missing" in refusal(safetensors.torch.save(fewer, header))
    tensors["output.weight"][0, 0] = float("inf")
    assert "not finite" in refusal(safetensors.torch.save(tensors, header))
    assert "damaged" in refusal(safetensors.torch.save(tensors, {weights.FORMAT: "{}"}))


def test_missing_bundled_weights_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUNDLED", "gone.safetensors")
    with pytest.raises(InputError, match="make weights"):
        weights.bundled_bytes()
