"""An untrained network with a batch of windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.songs import load_songs
from emo_assets.description_model.networks import build_network
from emo_assets.description_model.specs import ModelConfig
from emo_assets_tests.description_model.networks.contract import Case


@pytest.fixture
def case(request: pytest.FixtureRequest, tiny: ModelConfig, training_set: pd.DataFrame) -> Case:
    """The network of a spec with or without a copy head, as `network_cases` asks for."""
    spec, copying = request.param
    config = tiny.model_copy(update={"copying": copying, "layers": 2})
    songs = load_songs(training_set, "test")
    encoder = FeatureEncoder.fit(np.stack([song.features for song in songs]))
    dataset = DescriptionDataset(songs, spec, config, encoder, KeyEstimator.fit(songs))
    torch.manual_seed(0)
    return spec, build_network(spec, config).eval(), dataset.collate(dataset.segments()[:3])
