"""Accuracy as the paper's code computed it, to lay our models beside its table; for nothing else.

Rows are split at random, so that bars of one song stand in training and test. The Transformer is scored
teacher-forced with padding counted as right, the LSTMs free-running and greedy, each prediction held against
the token *before* the right one. `published` says what else is wrong with these figures. Needs models trained
on its own split, which takes as long as training all describers again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.description_model.data.songs import DescribedSong, load_songs
from emo_assets.description_model.evaluation.free_running import clipped_features
from emo_assets.description_model.evaluation.likelihood import token_scores
from emo_assets.description_model.generate import SequenceGenerator
from emo_assets.description_model.specs import ModelConfig, model_spec
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel
from emo_assets.features import FEATURE_NAMES
from emo_assets.nn.sampling import SamplingParams
from emo_assets.progress import Progress, no_progress

SHARES = (0.8, 0.1, 0.1)
"""Of rows for training, early stop and test."""

GREEDY = SamplingParams(temperature=0.0, top_p=1.0, guidance=1.0)


def paper_protocol_accuracies(
    configs: Mapping[str, ModelConfig],
    training_set: pd.DataFrame,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict[str, float]:
    """Train describers on rows split at random and score them as the paper did.

    Args:
        configs: settings by describer.
        training_set: the `training_set` table; rows without features are left out, the splits are ignored.
        seed: of the split.
        progress: told the epochs of each training.

    Returns:
        Accuracy by describer.
    """
    table = split_rows(training_set.dropna(subset=list(FEATURE_NAMES)), seed=seed)
    accuracies = {}
    for name, config in configs.items():
        trained = train_model(model_spec(name), config, table, progress=progress)
        songs = load_songs(table, "test")
        count = padded_accuracy if name == "transformer" else shifted_accuracy
        accuracies[name] = count(trained, songs)
    return accuracies


def split_rows(table: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Return the table with its rows dealt to the splits at random, whatever song they belong to."""
    rng = np.random.default_rng(seed)
    splits = rng.choice(["train", "validation", "test"], size=len(table), p=SHARES)
    return table.assign(split=splits)


def padded_accuracy(trained: TrainedModel, songs: Sequence[DescribedSong]) -> float:
    """Return the teacher-forced accuracy with every segment padded to the longest and padding right."""
    source = trained.dataset(songs)
    examples = source.segments()
    right = int(token_scores(trained.network(), source, examples).right.sum())
    lengths = np.array([len(example.window.targets) for example in examples])
    padding = int((lengths.max() - lengths).sum())
    return (right + padding) / (int(lengths.max()) * len(lengths))


def shifted_accuracy(trained: TrainedModel, songs: Sequence[DescribedSong]) -> float:
    """Return the share of greedy predictions that equal the token before the one they should be.

    What a specialised describer sees of others is the truth; padding is left out.
    """
    stage = SequenceGenerator(trained)
    right = total = 0
    for song in songs:
        for stretch in song.bar_runs:
            for start, stop in stretch.segments:
                bars = stretch.bars[start:stop]
                others = [[t for t in bar if not stage.vocab.contains[t]] for bar in bars]
                generator = np.random.default_rng(0)
                [written] = stage.generate([clipped_features(song)], [others], [generator], GREEDY)
                predicted = _flat(written)
                truth = _flat([[t for t in bar if stage.vocab.contains[t]] for bar in bars])
                length = min(len(predicted) - 1, len(truth))
                right += int((predicted[1 : 1 + length] == truth[:length]).sum())
                total += length
    return right / max(total, 1)


def _flat(bars: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array([token for bar in bars for token in bar], dtype=np.int64)
