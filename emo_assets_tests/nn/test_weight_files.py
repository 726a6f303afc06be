"""Weight files."""

from __future__ import annotations

import pytest
import torch

from emo_assets.errors import InputError
from emo_assets.nn.weight_files import decode_weights, encode_weights, read_header

TENSORS = {"b": torch.arange(3), "a": torch.randn(2, 2)}
METADATA = {"format": "test", "sizes": [1, 2], "nested": {"x": None}}


def test_tensors_and_metadata_survive() -> None:
    content = encode_weights(TENSORS, METADATA, key="about")
    metadata, tensors = decode_weights(content, key="about", name="weights")

    assert metadata == METADATA
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert encode_weights(tensors, metadata, key="about") == content
    assert read_header(content, name="weights").keys() == {"about"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\x80\x04cos\nsystem\n.",
        b"\xff" * 100,
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"null",
        encode_weights(TENSORS, METADATA, key="about")[:60],
        encode_weights(TENSORS, METADATA, key="about")[:-4],
        encode_weights(TENSORS, METADATA, key="another"),
    ],
)
def test_other_files_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(InputError, match="weights: not a weight file") as caught:
        decode_weights(content, key="about", name="weights")
    assert "\n" not in str(caught.value)
