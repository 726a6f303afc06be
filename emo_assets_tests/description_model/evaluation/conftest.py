"""Small trained models that the tests of evaluation share."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from emo_assets.description_model.specs import MODEL_SPECS, ModelConfig
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel


@pytest.fixture(scope="session")
def trained(training_set: pd.DataFrame) -> Mapping[str, TrainedModel]:
    config = ModelConfig(
        embedding=24, hidden=32, layers=1, heads=2, batch=8, epochs=12, dropout=0.1, learning_rate=6e-3
    )
    return {spec.name: train_model(spec, config, training_set) for spec in MODEL_SPECS}
