from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from emo_assets.description_model.evaluation import plain_lstm
from emo_assets.description_model.evaluation.plain_lstm import (
    PLAIN_LSTM_CONFIG,
    plain_lstm_spec,
    plain_lstms_training,
)
from emo_assets.description_model.specs import SPECIALIZED_MODELS, model_spec


@pytest.mark.parametrize("name", SPECIALIZED_MODELS)
def test_a_plain_lstm_writes_what_its_model_writes_without_a_context(name: str) -> None:
    spec, plain = model_spec(name), plain_lstm_spec(name)
    assert plain.name == f"plain {name}"
    assert plain.target_kinds == spec.target_kinds
    assert plain.network == "plain"
    assert not plain.context_kinds


def test_one_network_per_specialized_model_is_trained_on_songs_with_features(
    training_set: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"hidden": 8, "embedding": 8, "epochs": 1}
    monkeypatch.setattr(plain_lstm, "PLAIN_LSTM_CONFIG", PLAIN_LSTM_CONFIG.model_copy(update=small))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    first = training_set["md5"] == training_set["md5"].iloc[0]
    partly_linked = training_set.assign(energy=training_set["energy"].mask(first))
    reported = []

    with plain_lstms_training(
        partly_linked, seed=3, progress=lambda *step: reported.append(step)
    ) as trained_models:
        trained = trained_models()

    assert [model.spec.name for model in trained] == [f"plain {name}" for name in SPECIALIZED_MODELS]
    assert {model.config.seed for model in trained} == {3}
    energies = partly_linked.loc[partly_linked["split"] == "train"].drop_duplicates("md5")["energy"]
    assert trained[0].encoder.means[1] == pytest.approx(np.nanmean(energies))
    assert reported
