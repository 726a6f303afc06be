from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pandas as pd
import pytest

from emo_assets.description_model.weights import TrainedModel
from emo_assets.evaluation import guidance
from emo_assets.evaluation.guidance import STRENGTHS, guidance_curve
from emo_assets.features import FeatureVector
from emo_assets.metrics.calibration import RequestCalibration
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar


class Generator:
    """Writes the same description for all seeds under strong guidance, and nothing alike without guidance."""

    def __init__(self, models: Sequence[TrainedModel]) -> None:
        self.models = models

    def generate(
        self, features: Sequence[FeatureVector], *, bars: int, seeds: Sequence[int], guidance: float
    ) -> list[list[int]]:
        return [_description(seed if guidance < 1 else 0, bars) for seed in seeds]


def _description(seed: int, bars: int) -> list[int]:
    bar = DescribedBar(14, 1 + seed, 1 + seed, 1 + seed, 1 + seed, (seed,), (seed,))
    return DescriptionGrammar().format([bar] * bars)


@pytest.fixture
def curve(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """The curve of two models, whose controllability is a tenth of the strength."""

    def control(
        generator: Generator, calibration: RequestCalibration, *, guidance: float, **_: object
    ) -> float:
        return guidance / 10

    monkeypatch.setattr(guidance, "DescriptionGenerator", Generator)
    monkeypatch.setattr(guidance, "description_controllability", control)
    monkeypatch.setattr(guidance, "cfg_nll", lambda model, songs, strength: model + strength)
    models = cast("list[TrainedModel]", [1.0, 3.0])
    return guidance_curve(models, [], cast("RequestCalibration", None))


def test_each_strength_has_a_row(curve: pd.DataFrame) -> None:
    assert curve["guidance"].tolist() == list(STRENGTHS)
    assert curve["control"].tolist() == [strength / 10 for strength in STRENGTHS]


def test_the_bits_of_models_add_up(curve: pd.DataFrame) -> None:
    assert curve["bits_a_bar"].tolist() == [4 + 2 * strength for strength in STRENGTHS]


def test_variety_is_0_for_equal_descriptions_and_1_for_disjoint_ones(curve: pd.DataFrame) -> None:
    assert curve["variety"].tolist() == [float(strength < 1) for strength in STRENGTHS]
