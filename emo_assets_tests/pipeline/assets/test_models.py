"""The configuration of the models' assets."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from emo_assets.definitions import build_defs
from emo_assets.pipeline.assets.figaro import FigaroModelConfig
from emo_assets.pipeline.assets.models import ModelTraining


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
