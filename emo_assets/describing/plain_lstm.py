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

from emo_assets.beside import processes_beside
from emo_assets.describing.describers import SPECIALISED_ORDER, DescriberConfig, DescriberSpec, describer_spec
from emo_assets.describing.training import train_describer
from emo_assets.describing.weights import TrainedDescriber
from emo_assets.progress import Progress, silent

PLAIN_SETTINGS = DescriberConfig(
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

TRAININGS_AT_ONCE = 2
"""Processes that train plain LSTMs, where torch is given more than one core."""


def plain_spec(name: str) -> DescriberSpec:
    """Return the plain LSTM that writes what the describer `name` writes."""
    spec = describer_spec(name)
    return replace(spec, name=f"plain {name}", network="plain", sees=frozenset())


@contextmanager
def plain_lstms_in_training(
    training_set: pd.DataFrame, *, seed: int = 0, progress: Progress = silent
) -> Iterator[Callable[[], list[TrainedDescriber]]]:
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
    config = PLAIN_SETTINGS.model_copy(update={"seed": seed})
    threads = torch.get_num_threads()
    if threads == 1:
        yield lambda: [_trained(name, config, linked, progress) for name in SPECIALISED_ORDER]
        return
    beside = processes_beside(TRAININGS_AT_ONCE)
    # threads that wait for one another take many times as long where others work, too
    torch.set_num_threads(1)
    try:
        # the first one takes as long as the others together
        training = [beside.submit(_trained, name, config, linked) for name in SPECIALISED_ORDER]

        def trained() -> list[TrainedDescriber]:
            for number, _ in enumerate(as_completed(training), 1):
                progress("training plain LSTMs", number, len(training))
            return [future.result() for future in training]

        yield trained
    finally:
        torch.set_num_threads(threads)
        beside.shutdown(cancel_futures=True)


def _trained(
    name: str, config: DescriberConfig, linked: pd.DataFrame, progress: Progress = silent
) -> TrainedDescriber:
    return train_describer(plain_spec(name), config, linked, progress=progress)
