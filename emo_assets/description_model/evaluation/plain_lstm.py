"""The plain LSTM baseline: one network per specialized model, which together generate whole descriptions.

One layer of 256 units that reads the last token and the standardized features, trained by Adam with early
stopping. It is not conditioned on other kinds, copies nothing and uses chord names.
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


def plain_lstm_spec(name: str) -> ModelSpec:
    """Return the plain LSTM that generates what the model `name` generates."""
    return replace(model_spec(name), name=f"plain {name}", network="plain", context_kinds=frozenset())


@contextmanager
def plain_lstms_training(
    training_set: pd.DataFrame, *, seed: int = 0, progress: Progress = no_progress
) -> Iterator[Callable[[], list[TrainedModel]]]:
    """Train the plain LSTMs while the block runs, in worker processes where torch has several threads.

    Args:
        training_set: the `training_set` table; songs without features are left out, for the network cannot
            mask them.
        seed: of the training.
        progress: called with the number trained, or with the epochs of each.

    Yields:
        A function that waits for the trained models and returns them.
    """
    linked = training_set.dropna(subset=["energy"])
    config = PLAIN_LSTM_CONFIG.model_copy(update={"seed": seed})
    threads = torch.get_num_threads()
    if threads == 1:
        yield lambda: [_train(name, config, linked, progress) for name in SPECIALIZED_MODELS]
        return
    # the threads of one network wait for one another; they would slow down the workers
    torch.set_num_threads(1)
    try:
        with worker_pool(MAX_PARALLEL_TRAININGS) as pool:
            futures = [pool.schedule(_train, (name, config, linked)) for name in SPECIALIZED_MODELS]

            def trained() -> list[TrainedModel]:
                for number, _ in enumerate(as_completed(futures), 1):
                    progress("training plain LSTMs", number, len(futures))
                return [future.result() for future in futures]

            yield trained
    finally:
        torch.set_num_threads(threads)


def _train(
    name: str, config: ModelConfig, linked: pd.DataFrame, progress: Progress = no_progress
) -> TrainedModel:
    return train_model(plain_lstm_spec(name), config, linked, progress=progress)
