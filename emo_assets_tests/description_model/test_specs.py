"""The seven models and their settings."""

from __future__ import annotations

import pytest

from emo_assets.description_model.specs import (
    MODEL_SPECS,
    SPECIALIZED_MODELS,
    ModelConfig,
    ModelSize,
    config_for,
    model_spec,
)
from emo_assets.errors import InputError
from emo_assets.tokens.vocabulary import DescriptionKind


def test_a_specialized_model_sees_what_the_ones_before_generate() -> None:
    generated: set[DescriptionKind] = set()
    for name in SPECIALIZED_MODELS:
        spec = model_spec(name)
        assert spec.context_kinds == generated - {DescriptionKind.BAR}
        assert not spec.target_kinds & generated
        generated |= spec.target_kinds
    assert generated == set(DescriptionKind)


@pytest.mark.parametrize("size", ["small", "paper", "best"])
def test_every_model_has_valid_settings_of_each_size(size: ModelSize) -> None:
    for spec in MODEL_SPECS:
        config = config_for(spec.name, size, seed=3)
        assert ModelConfig.model_validate(config.model_dump()) == config
        assert config.seed == 3


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(InputError, match="'lstm_tuba'; choose one of transformer"):
        model_spec("lstm_tuba")
