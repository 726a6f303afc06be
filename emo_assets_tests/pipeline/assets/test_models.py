"""The configuration of the models' assets, and the check of their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from safetensors.numpy import save

from emo_assets.definitions import build_defs
from emo_assets.pipeline.assets.figaro import FigaroModelConfig
from emo_assets.pipeline.assets.models import ModelTraining, check_weights
from emo_assets.pipeline.checks import CheckRun
from emo_assets.store import Store


@pytest.mark.parametrize("field", ["size", "preset"])
def test_a_size_is_read_under_its_name_and_its_former_name(field: str) -> None:
    values: dict[str, Any] = {field: "paper"}
    ops = {"transformer": {"config": values}, "figaro_model": {"config": values}}

    assert ModelTraining(**values).size == "paper"
    assert FigaroModelConfig(**values).size == "paper"
    assert dg.validate_run_config(build_defs().resolve_job_def("train"), {"ops": ops})


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError, match="'small', 'paper' or 'best'"):
        ModelTraining(preset="huge")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"nonsense", "is not a safetensors file"),
        (b"", "is not a safetensors file"),
        (save({"bias": np.array([np.inf, 1], np.float32)}), "bias has 1 weights that are not finite"),
        (save({}), "holds no weights"),
    ],
)
def test_check_weights(tmp_path: Path, content: bytes, fault: str) -> None:
    store = Store(tmp_path)
    store.assets.mkdir()
    (store.assets / "transformer.safetensors").write_bytes(content)
    assert fault in check_weights(CheckRun("transformer", store)).summary
