from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.evaluation.baselines import BASELINES
from emo_assets.description_model.evaluation.plain_lstm import PLAIN_LSTM_CONFIG
from emo_assets.description_model.evaluation.scoreboard import MIN_BITS_PER_TOKEN, PLAIN, score
from emo_assets.description_model.specs import (
    COMBINED,
    MODEL_SPECS,
    SPECIALIZED_MODELS,
    ModelConfig,
    model_spec,
)
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel


def figure(board: pd.DataFrame, model: str, column: str) -> float:
    """Return one metric of the scoreboard."""
    return float(board.set_index("model")[column].astype(float)[model])


@pytest.fixture(scope="module")
def board(trained: Mapping[str, TrainedModel], training_set: pd.DataFrame) -> pd.DataFrame:
    return score(list(trained.values()), training_set, samples=6, plain=False)


def test_every_model_and_baseline_has_a_row_with_metrics_in_their_ranges(board: pd.DataFrame) -> None:
    table = board.set_index("model")

    assert list(table.index) == [*(spec.name for spec in MODEL_SPECS), COMBINED, *BASELINES]
    assert table["accuracy"].between(0, 1).all()
    assert (table["bits_low"] <= table["bits_a_token"]).all()
    assert (table["bits_a_token"] <= table["bits_high"]).all()
    assert (table.loc[table["role"] != "baseline", "validity"] == 1).all()
    assert figure(board, "lstm_pitch", "published_accuracy") == 0.49
    assert "padding" in table["not_comparable"]["transformer"]
    assert np.isnan(figure(board, "lstm_density", "bits instrument"))


def test_the_combined_model_scores_what_its_five_parts_score(board: pd.DataFrame) -> None:
    def total(column: str) -> float:
        return sum(figure(board, name, column) for name in SPECIALIZED_MODELS)

    assert figure(board, COMBINED, "tokens") == total("tokens")
    assert figure(board, COMBINED, "bits_a_bar") == pytest.approx(total("bits_a_bar"))
    assert figure(board, COMBINED, "bits chord") == figure(board, "lstm_misc", "bits chord")
    assert figure(board, COMBINED, "bits mean pitch") == figure(board, "lstm_pitch", "bits mean pitch")


def test_features_that_cause_the_music_save_bits(board: pd.DataFrame) -> None:
    for name in ("transformer", "lstm_full", COMBINED):
        assert figure(board, name, "saved_low") > 0, name


@pytest.mark.slow
def test_the_whole_scoreboard_with_plain_lstm_and_paper_protocol(
    training_set: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = PLAIN_LSTM_CONFIG.model_copy(update={"hidden": 16, "embedding": 16, "epochs": 1})
    monkeypatch.setattr("emo_assets.description_model.evaluation.plain_lstm.PLAIN_LSTM_CONFIG", small)
    config = ModelConfig(embedding=16, hidden=16, epochs=1)
    one = train_model(model_spec("lstm_density"), config, training_set)

    board = score([one], training_set, samples=2, paper_protocol=True)

    assert PLAIN in set(board["model"])
    assert 0 <= figure(board, "lstm_density", "paper_protocol_accuracy") <= 1


def test_where_nothing_is_left_to_predict_nothing_is_lost(board: pd.DataFrame) -> None:
    row = board.set_index("model").loc["lstm_duration"]

    assert row["best_baseline_bits"] < MIN_BITS_PER_TOKEN, "every bar of these songs has one mean duration"
    assert row["beats_baselines"] == (row["bits_a_token"] < MIN_BITS_PER_TOKEN)
    assert np.isnan(row["margin"])
