"""The scoreboard: all models, the five specialized ones as one, and the baselines on the same test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import numpy as np
import pandas as pd

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.output_vocab import KINDS
from emo_assets.description_model.data.songs import DescribedSong, load_splits
from emo_assets.description_model.evaluation.baselines import Baselines
from emo_assets.description_model.evaluation.bootstrap_ci import bootstrap_ratio
from emo_assets.description_model.evaluation.free_running import FreeRunningMetrics, free_running
from emo_assets.description_model.evaluation.likelihood import (
    TokenScores,
    bits_by_song,
    concat_scores,
    permute_features,
    score_songs,
)
from emo_assets.description_model.evaluation.paper_protocol import PAPER_RESULTS, paper_protocol_accuracies
from emo_assets.description_model.evaluation.plain_lstm import plain_lstms_training
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.specs import COMBINED, SPECIALIZED_MODELS, config_for, model_spec
from emo_assets.description_model.weights import TrainedModel
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.vocabulary import DescriptionKind

PLAIN = "plain LSTM"
"""Name of the plain LSTMs as one baseline."""

MIN_BITS_PER_TOKEN = 0.01
"""Bits per token below which nothing is left to predict, as for mean durations of MIDI files of one
resolution."""

NUM_PERMUTATIONS = 2
"""Permutations of the features over which their worth is averaged."""


def score(
    trained: Sequence[TrainedModel],
    training_set: pd.DataFrame,
    *,
    samples: int = 64,
    plain: bool = True,
    paper_protocol: bool = False,
    seed: int = 0,
    progress: Progress = no_progress,
) -> pd.DataFrame:
    """Score models and baselines on the test split.

    Args:
        trained: the models; `COMBINED` is scored if the five specialized ones are among them.
        training_set: the `training_set` table; the baselines learn from its training split.
        samples: descriptions sampled per model.
        plain: whether to train the plain LSTM as a baseline.
        paper_protocol: whether to train the models again on rows split at random, to compute accuracy as the
            paper did.
        seed: of sampling and training.
        progress: called with the number of models scored.

    Returns:
        One row per model, `COMBINED` and baseline, in that order. Metrics that do not apply are missing, and
        intervals are 95 % bootstrap over songs. Columns:

        - `model`; `role`: describer, ensemble or baseline;
        - `songs`, `segments`, `tokens`: size of the test set;
        - `accuracy`: teacher-forced, share of tokens whose most likely prediction is right;
        - `bits_a_token` with `bits_low`, `bits_high`, and `bits_a_bar`: teacher-forced negative
          log-likelihood of the kinds that the model generates;
        - `kl`: divergence from its soft labels in bits per token;
        - `accuracy <kind>`, `bits <kind>`: the same for each kind of token;
        - `best_baseline`, `best_baseline_bits`: the baseline with the fewest bits per token for the same
          kinds; `margin`: share of those bits that the model saves, missing below `MIN_BITS_PER_TOKEN`;
          `beats_baselines`: whether it saves any, true where nothing is left to save;
        - `saved_a_bar` with `saved_low`, `saved_high`: bits per bar that the features save, compared with the
          features of other songs;
        - `validity`: share of sampled descriptions that the grammar accepts; `samples`: their number;
        - `free accuracy <ordered kind>`, `free error <ordered kind>` (bins), `free f1 instrument`,
          `free f1 chord`: sampled descriptions against the songs, bar by bar;
        - `published_accuracy`, `published_kl`: the paper's own; `paper_protocol_accuracy`: ours computed as
          the paper's; `not_comparable`: why they compare with nothing else.

    Raises:
        InputError: the training set has no songs to train or test on.
    """
    songs = load_splits(training_set)
    test = songs["test"]
    if not test:
        raise InputError("scoreboard: no songs in the test split; more artists are needed")
    training = (
        plain_lstms_training(training_set, seed=seed, progress=progress) if plain else nullcontext(list)
    )
    with training as plain_lstms:
        scores, permuted = _model_scores(trained, test, seed, progress)
        sampled = _free_running_columns(trained, test, samples, seed)
        baselines = _baseline_scores(songs)
        if parts := [score_songs(one, test) for one in plain_lstms()]:
            baselines[PLAIN] = concat_scores(parts, parts[0].bars)
    progress("scoring", len(trained) + 1, len(trained) + 2)
    rows = [
        {
            **_likelihood_columns(name, "ensemble" if name == COMBINED else "describer", one, test),
            **_margin_columns(one, baselines),
            **_saving_columns(one, permuted[name], test),
            **sampled.get(name, {}),
            **_paper_columns(name),
        }
        for name, one in scores.items()
    ]
    rows += [
        {**_likelihood_columns(name, "baseline", one, test), "beats_baselines": False}
        for name, one in baselines.items()
    ]
    table = pd.DataFrame(rows).assign(paper_protocol_accuracy=np.nan)
    if paper_protocol:
        configs = {one.spec.name: one.config for one in trained}
        ours = paper_protocol_accuracies(configs, training_set, seed=seed, progress=progress)
        table["paper_protocol_accuracy"] = table["model"].map(ours)
    progress("scoring", len(trained) + 2, len(trained) + 2)
    return table


def _model_scores(
    trained: Sequence[TrainedModel], test: Sequence[DescribedSong], seed: int, progress: Progress
) -> tuple[dict[str, TokenScores], dict[str, TokenScores]]:
    """Score each model and `COMBINED`, with the songs' own features and with permuted ones."""
    own: dict[str, TokenScores] = {}
    permuted: dict[str, TokenScores] = {}
    for number, one in enumerate(trained, 1):
        own[one.spec.name] = score_songs(one, test)
        parts = [
            score_songs(one, permute_features(test, seed=seed + turn)) for turn in range(NUM_PERMUTATIONS)
        ]
        permuted[one.spec.name] = concat_scores(parts, sum(part.bars for part in parts))
        progress("scoring", number, len(trained) + 2)
    if all(name in own for name in SPECIALIZED_MODELS):
        for scores in (own, permuted):
            parts = [scores[name] for name in SPECIALIZED_MODELS]
            scores[COMBINED] = concat_scores(parts, parts[0].bars)
    return own, permuted


def _baseline_scores(songs: Mapping[str, list[DescribedSong]]) -> dict[str, TokenScores]:
    linked = [song for song in songs["train"] if song.has_features]
    spec, config = model_spec("lstm_full"), config_for("lstm_full")
    encoder, keys = FeatureEncoder.fit(np.stack([song.features for song in linked])), KeyEstimator.fit(linked)
    train, test = (DescriptionDataset(part, spec, config, encoder, keys) for part in (linked, songs["test"]))
    return Baselines(train).scores(test, test.segments())


def _likelihood_columns(
    name: str, role: str, scores: TokenScores, songs: Sequence[DescribedSong]
) -> dict[str, object]:
    tokens = np.bincount(scores.song, minlength=len(songs))
    interval = bootstrap_ratio(bits_by_song(scores, songs), tokens)
    columns: dict[str, object] = {
        "model": name,
        "role": role,
        "songs": len(songs),
        "segments": sum(len(run.segments) for song in songs for run in song.bar_runs),
        "tokens": len(scores.bits),
        "accuracy": float(scores.right.mean()),
        "bits_a_token": interval.value,
        "bits_low": interval.low,
        "bits_high": interval.high,
        "bits_a_bar": float(scores.bits.sum() / scores.bars),
        "kl": float(np.nanmean(scores.kl)) if not np.isnan(scores.kl).all() else np.nan,
    }
    for index, kind in enumerate(KINDS):
        only = scores.only([index])
        if len(only.bits):
            columns[f"accuracy {str(kind).lower()}"] = float(only.right.mean())
            columns[f"bits {str(kind).lower()}"] = float(only.bits.mean())
    return columns


def _margin_columns(scores: TokenScores, baselines: Mapping[str, TokenScores]) -> dict[str, object]:
    """Compare a model with the baseline that is best at the same kinds of tokens."""
    kinds, bits = np.unique(scores.kind).tolist(), float(scores.bits.mean())
    bits_of = {name: float(one.only(kinds).bits.mean()) for name, one in baselines.items()}
    best = min(bits_of, key=lambda name: bits_of[name])
    return {
        "margin": 1 - bits / bits_of[best] if bits_of[best] >= MIN_BITS_PER_TOKEN else np.nan,
        "beats_baselines": bits < max(bits_of[best], MIN_BITS_PER_TOKEN),
        "best_baseline": best,
        "best_baseline_bits": bits_of[best],
    }


def _saving_columns(
    own: TokenScores, permuted: TokenScores, songs: Sequence[DescribedSong]
) -> dict[str, object]:
    bars = [sum(len(run.bars) for run in song.bar_runs) for song in songs]
    saved = bits_by_song(permuted, songs) / NUM_PERMUTATIONS - bits_by_song(own, songs)
    interval = bootstrap_ratio(saved, bars)
    return {"saved_a_bar": interval.value, "saved_low": interval.low, "saved_high": interval.high}


def _free_running_columns(
    trained: Sequence[TrainedModel], songs: Sequence[DescribedSong], samples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Sample each model; the specialized ones are sampled together and share the metrics of their kinds."""
    by_name = {one.spec.name: one for one in trained}
    every = frozenset(DescriptionKind)
    columns: dict[str, dict[str, float]] = {}
    for one in trained:
        if one.spec.is_full:
            metrics = free_running(DescriptionGenerator([one]), songs, samples=samples, seed=seed)
            columns[one.spec.name] = _kind_columns(metrics, every)
    if by_name.keys() >= set(SPECIALIZED_MODELS):
        combined = [by_name[name] for name in SPECIALIZED_MODELS]
        metrics = free_running(DescriptionGenerator(combined), songs, samples=samples, seed=seed)
        columns |= {one.spec.name: _kind_columns(metrics, one.spec.target_kinds) for one in combined}
        columns[COMBINED] = _kind_columns(metrics, every)
    return columns


def _kind_columns(metrics: FreeRunningMetrics, kinds: frozenset[DescriptionKind]) -> dict[str, float]:
    columns: dict[str, float] = {"validity": metrics.validity, "samples": metrics.samples}
    for kind in [kind for kind in metrics.accuracy if kind in kinds]:
        columns[f"free accuracy {str(kind).lower()}"] = metrics.accuracy[kind]
        columns[f"free error {str(kind).lower()}"] = metrics.error[kind]
    if DescriptionKind.INSTRUMENT in kinds:
        columns |= {"free f1 instrument": metrics.instrument_f1, "free f1 chord": metrics.chord_f1}
    return columns


def _paper_columns(name: str) -> dict[str, object]:
    paper = PAPER_RESULTS.get(name)
    if paper is None:
        return {}
    return {
        "published_accuracy": paper.accuracy,
        "published_kl": np.nan if paper.kl is None else paper.kl,
        "not_comparable": paper.caveat,
    }
