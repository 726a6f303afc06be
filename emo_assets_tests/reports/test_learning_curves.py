from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.reports.learning_curves import learning_curve_png
from emo_assets_tests.reports.pictures import checked_picture


@pytest.fixture
def history() -> pd.DataFrame:
    epochs = np.arange(1, 31)
    measured = np.where(epochs % 10 == 0, epochs / 100, np.nan)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "train_loss": 3 / epochs,
            "validation_loss": 1 + 3 / epochs,
            "accuracy": measured,
            "kl": 1 - measured,
        }
    )


def test_each_measure_has_a_panel(history: pd.DataFrame) -> None:
    whole = checked_picture(learning_curve_png(history, "lstm_pitch"))
    without_kl = checked_picture(learning_curve_png(history.assign(kl=None), "lstm_pitch"))
    losses = checked_picture(learning_curve_png(history[["epoch", "train_loss", "validation_loss"]], "x"))
    assert whole.shape[1] > without_kl.shape[1] > losses.shape[1]


def test_one_epoch_is_drawn(history: pd.DataFrame) -> None:
    checked_picture(learning_curve_png(history.head(1), "lstm_pitch"))


def test_a_training_may_count_steps(history: pd.DataFrame) -> None:
    steps = history.rename(columns={"epoch": "step"})
    checked_picture(learning_curve_png(steps, "figaro", clock="step", unit="nats a token"))


def test_losses_that_are_no_numbers_are_left_out(history: pd.DataFrame) -> None:
    checked_picture(learning_curve_png(history.assign(validation_loss=np.nan), "diverged"))
