"""Checks of pictures."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from emo_assets.pipeline.metadata import MAX_EMBEDDED_BYTES


def checked_picture(content: bytes) -> NDArray[np.uint8]:
    """Return a PNG's dots, shape (height, width, 3), if it is not blank and small enough for the UI."""
    assert content.startswith(b"\x89PNG")
    assert len(content) < MAX_EMBEDDED_BYTES
    dots = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    assert dots.shape[1] >= 500
    assert len(np.unique(dots.reshape(-1, 3), axis=0)) > 3
    return dots


def colors(content: bytes) -> set[tuple[int, int, int]]:
    """Return the colors of a PNG."""
    dots = checked_picture(content)
    return {(int(red), int(green), int(blue)) for red, green, blue in np.unique(dots.reshape(-1, 3), axis=0)}
