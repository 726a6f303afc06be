"""The plain LSTM, trained as a baseline: the least that a good describer beats.

One layer of 256 units, standardised features beside each token, Adam with 0.002, stopped early; one network
for each ordered class, one for the rest. It sees nothing of the others, copies nothing and calls chords by
their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd
import torch

from emo_assets.description_model.specs import SPECIALIZED_MODELS, ModelConfig, ModelSpec, model_spec
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel
from emo_assets.parallel import worker_pool
from emo_assets.progress import Progress, no_progress

PLAIN_LSTM_CONFIG = ModelConfig(
    embedding=128,
    hidden=256,
    layers=1,
    dropout=0.0,
    copying=False,
    learning_rate=2e-3,
    weight_decay=0.0,
    epochs=16,
    patience=4,
    drop_all_features=0.0,
    drop_one_feature=0.0,
    random_windows=False,
    degrees=False,
)

MAX_PARALLEL_TRAININGS = 2
"""Processes that train plain LSTMs, where torch is given more than one core."""


def plain_lstm_spec(name: str) -> ModelSpec:
    """Return the plain LSTM that writes what the describer `name` writes."""
    spec = model_spec(name)
    return replace(spec, name=f"plain {name}", network="plain", context_kinds=frozenset())


@contextmanager
def plain_lstms_training(
    training_set: pd.DataFrame, *, seed: int = 0, progress: Progress = no_progress
) -> Iterator[Callable[[], list[TrainedModel]]]:
    """Train one plain LSTM for each specialised describer; together they write whole descriptions.

    They are trained beside the block, in processes of their own, where torch is given more than one core.

    Args:
        training_set: the `training_set` table; songs without features are left out, for it knows no
            way to use them.
        seed: of the training.
        progress: told how many are trained, or the epochs of each.

    Yields:
        What waits for them and returns them.
    """
    linked = training_set.dropna(subset=["energy"])
    config = PLAIN_LSTM_CONFIG.model_copy(update={"seed": seed})
    threads = torch.get_num_threads()
    if threads == 1:
        yield lambda: [_trained(name, config, linked, progress) for name in SPECIALIZED_MODELS]
        return
    beside = worker_pool(MAX_PARALLEL_TRAININGS)
    # threads that wait for one another take many times as long where others work, too
    torch.set_num_threads(1)
    try:
        # the first one takes as long as the others together
        training = [beside.submit(_trained, name, config, linked) for name in SPECIALIZED_MODELS]

        def trained() -> list[TrainedModel]:
            for number, _ in enumerate(as_completed(training), 1):
                progress("training plain LSTMs", number, len(training))
            return [future.result() for future in training]

        yield trained
    finally:
        torch.set_num_threads(threads)
        beside.shutdown(cancel_futures=True)


def _trained(
    name: str, config: ModelConfig, linked: pd.DataFrame, progress: Progress = no_progress
) -> TrainedModel:
    return train_model(plain_lstm_spec(name), config, linked, progress=progress)
