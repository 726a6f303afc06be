from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.output_vocab import KINDS
from emo_assets.description_model.data.songs import load_songs
from emo_assets.description_model.evaluation.baselines import BASELINES, Baselines
from emo_assets.description_model.specs import ModelConfig, model_spec
from emo_assets.tokens.vocabulary import DescriptionKind


def test_baselines_are_distributions_and_copying_copies(training_set: pd.DataFrame) -> None:
    spec, config = model_spec("lstm_full"), ModelConfig()
    songs = {split: load_songs(training_set, split) for split in ("train", "test")}
    encoder = FeatureEncoder.fit(np.stack([song.features for song in songs["train"]]))
    estimator = KeyEstimator.fit(songs["train"])
    train, test = (DescriptionDataset(songs[split], spec, config, encoder, estimator) for split in songs)

    scores = Baselines(train).scores(test, test.segments())

    assert tuple(scores) == BASELINES
    for one in scores.values():
        assert np.isfinite(one.bits).all()
        assert (one.bits >= 0).all()
        assert len(one.bits) == len(scores[BASELINES[0]].bits)
    duration = [KINDS.index(DescriptionKind.MEAN_DURATION)]  # the same in every bar
    assert scores["copy the previous bar"].only(duration).right.mean() > 0.9
