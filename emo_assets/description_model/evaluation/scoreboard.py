"""The scoreboard: every describer, the five together and the baselines, on the same test segments.

Belongs here: putting figures into one table. How tokens are scored is `likelihood`'s and `baselines`'
business, samples are `free_running`'s, what the features are worth `shuffling`'s; which describer serves is
`champion`'s, and pictures are `reports`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.output_vocab import KINDS
from emo_assets.description_model.data.soft_labels import SoftLabels
from emo_assets.description_model.data.songs import DescribedSong, load_splits
from emo_assets.description_model.evaluation.baselines import Baselines
from emo_assets.description_model.evaluation.bootstrap_ci import bootstrap_ratio
from emo_assets.description_model.evaluation.free_running import FreeRunningMetrics, free_running
from emo_assets.description_model.evaluation.likelihood import (
    TokenScores,
    concat_scores,
    token_scores,
)
from emo_assets.description_model.evaluation.paper_protocol import paper_protocol_accuracies
from emo_assets.description_model.evaluation.paper_results import PAPER_RESULTS
from emo_assets.description_model.evaluation.permute_features import NUM_PERMUTATIONS, permute_features
from emo_assets.description_model.evaluation.plain_lstm import plain_lstms_training
from emo_assets.description_model.generate import DescriptionGenerator
from emo_assets.description_model.specs import SPECIALIZED_MODELS, config_for, model_spec
from emo_assets.description_model.weights import TrainedModel
from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.vocabulary import DescriptionKind

COMBINED = "combined"
"""Name of the five specialised describers as one."""

MIN_BITS_PER_TOKEN = 0.01
"""Bits a token below which there is nothing left to predict, and nothing to beat: MIDI files of one
resolution have one mean duration."""

PLAIN = "plain LSTM"
"""Name of the plain LSTMs, one a class, as one."""


@dataclass(frozen=True)
class Scoreboard:
    """What was measured on the test split.

    Attributes:
        table: one row a describer, "combined" or baseline, in that order. A figure that does not apply is
            missing. Columns:

            - `model`; `role`: describer, ensemble or baseline;
            - `songs`, `segments`, `tokens`: what it was tested on;
            - `accuracy`: teacher-forced, share of tokens whose most likely prediction is right;
            - `bits_a_token` with `bits_low`, `bits_high`, and `bits_a_bar`: negative log-likelihood,
              teacher-forced, of the kinds that it writes;
            - `kl`: divergence from its soft labels in bits a token;
            - `best_baseline`, `best_baseline_bits`: the baseline that needs the fewest bits a token for the
              same kinds; `margin`: share of those bits that the model saves, missing where they are below
              `MIN_BITS_PER_TOKEN`; `beats_baselines`: whether it saves any, true where there is nothing to
              save;
            - `saved_a_bar` with `saved_low`, `saved_high`: bits a bar that the features save, against the
              same model told other songs' features;
            - `validity`: share of sampled descriptions that the grammar accepts; `samples`: how many;
            - `free accuracy <ordered kind>`, `free error <ordered kind>` (bins), `free f1 instrument`,
              `free f1 chord`: sampled descriptions against the songs, bar by bar;
            - `published_accuracy`, `published_kl`: the paper's own; `paper_protocol_accuracy`: ours computed
              as the paper's was, on rows split at random; `not_comparable`: why they say little;
            - `accuracy <kind>`, `bits <kind>`: for each kind of tokens.

            Intervals are 95 % bootstrap over songs.
        by_song: one row a model and song: `model`, `md5`, `bits`, `tokens`.
    """

    table: pd.DataFrame
    by_song: pd.DataFrame


def score(
    trained: Sequence[TrainedModel],
    training_set: pd.DataFrame,
    *,
    samples: int = 64,
    plain: bool = True,
    paper_protocol: bool = False,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Scoreboard:
    """Score describers and baselines on the test split.

    Args:
        trained: the describers; "combined" is scored when the five specialised ones are among them.
        training_set: the `training_set` table; the baselines learn from its training split.
        samples: descriptions sampled of each describer.
        plain: whether the plain LSTM is trained as a baseline.
        paper_protocol: whether the describers are trained once more, on rows split at random, to compute
            accuracy as the paper did.
        seed: of sampling and training.
        progress: told the models scored.

    Raises:
        InputError: the training set has no songs to train or test on.
    """
    songs = load_splits(training_set)
    test = songs["test"]
    if not test:
        raise InputError("scoreboard: no songs in the test split; more artists are needed")
    rivals_in_training = (
        plain_lstms_training(training_set, seed=seed, progress=progress) if plain else nullcontext(list)
    )
    with rivals_in_training as plain_lstms:
        scores, wrong = _describer_scores(trained, test, seed, progress)
        sampled = _sampled(trained, test, samples, seed)
        baselines = _baseline_scores(songs)
        if rivals := {one.spec.name: score_songs(one, test) for one in plain_lstms()}:
            baselines[PLAIN] = _together(rivals, list(rivals))
    progress("scoring", len(trained) + 1, len(trained) + 2)
    table = pd.DataFrame(
        [
            _row(name, "ensemble" if name == COMBINED else "describer", one, test)
            for name, one in scores.items()
        ]
        + [_row(name, "baseline", one, test) for name, one in baselines.items()]
    ).set_index("model", drop=False)
    _add_margins(table, scores, baselines)
    _add_savings(table, scores, wrong, test)
    for name, columns in sampled.items():
        for column, value in columns.items():
            table.loc[name, column] = value
    _add_published(table)
    if paper_protocol:
        configs = {one.spec.name: one.config for one in trained}
        ours = paper_protocol_accuracies(configs, training_set, seed=seed, progress=progress)
        table["paper_protocol_accuracy"] = table["model"].map(ours)
    progress("scoring", len(trained) + 2, len(trained) + 2)
    by_song = pd.concat([_by_song(name, one, test) for name, one in (scores | baselines).items()])
    return Scoreboard(table.reset_index(drop=True), by_song.reset_index(drop=True))


def score_songs(trained: TrainedModel, songs: Sequence[DescribedSong]) -> TokenScores:
    """Score one describer, teacher-forced, on all segments of some songs."""
    source = trained.dataset(songs)
    kind = trained.spec.label_kind
    label = SoftLabels(kind, trained.config.label_sigma) if kind else None
    return token_scores(trained.network(), source, source.segments(), label=label, over_keys=True)


def validation_nll(
    describers: Mapping[str, Sequence[TrainedModel]], training_set: pd.DataFrame
) -> pd.DataFrame:
    """Return how likely each describer finds the songs of the validation split: what a champion is chosen by.

    Args:
        describers: by name, each one full describer or the five specialised ones.
        training_set: the `training_set` table.

    Returns:
        One row a describer and song: `model`, `md5`, `bits` (of the song's segments), `bars`.
    """
    songs = load_splits(training_set)["validation"]
    frames = []
    for name, parts in describers.items():
        scores = [score_songs(part, songs) for part in parts]
        frame = _by_song(name, concat_scores(scores, scores[0].bars), songs)
        frame["bars"] = [sum(len(part.bars) for part in song.bar_runs) for song in songs]
        frames.append(frame.drop(columns="tokens"))
    return pd.concat(frames, ignore_index=True)


def _describer_scores(
    trained: Sequence[TrainedModel], test: Sequence[DescribedSong], seed: int, progress: Progress
) -> tuple[dict[str, TokenScores], dict[str, TokenScores]]:
    """Score each describer, and the five together, told the songs' own features and those of others."""
    scores: dict[str, TokenScores] = {}
    wrong: dict[str, TokenScores] = {}
    for number, one in enumerate(trained):
        scores[one.spec.name] = score_songs(one, test)
        wrong[one.spec.name] = _misled_scores(one, test, seed)
        progress("scoring", number + 1, len(trained) + 2)
    if all(name in scores for name in SPECIALIZED_MODELS):
        for measured in (scores, wrong):
            measured[COMBINED] = _together(measured, SPECIALIZED_MODELS)
    return scores, wrong


def _together(scores: Mapping[str, TokenScores], names: Sequence[str]) -> TokenScores:
    parts = [scores[name] for name in names]
    return concat_scores(parts, parts[0].bars)


def _misled_scores(trained: TrainedModel, songs: Sequence[DescribedSong], seed: int) -> TokenScores:
    """Score a describer that is told other songs' features, `NUM_PERMUTATIONS` times."""
    parts = [
        score_songs(trained, permute_features(songs, seed=seed + turn)) for turn in range(NUM_PERMUTATIONS)
    ]
    return concat_scores(parts, sum(part.bars for part in parts))


def _baseline_scores(songs: Mapping[str, list[DescribedSong]]) -> dict[str, TokenScores]:
    linked = [song for song in songs["train"] if song.has_features]
    spec, config = model_spec("lstm_full"), config_for("lstm_full")
    encoder = FeatureEncoder.fit(np.stack([song.features for song in linked]))
    estimator = KeyEstimator.fit(linked)
    train, test = (
        DescriptionDataset(part, spec, config, encoder, estimator) for part in (linked, songs["test"])
    )
    return Baselines(train).scores(test, test.segments())


def _row(name: str, role: str, scores: TokenScores, songs: Sequence[DescribedSong]) -> dict[str, object]:
    by_song = _by_song(name, scores, songs)
    interval = bootstrap_ratio(by_song["bits"], by_song["tokens"])
    row: dict[str, object] = {
        "model": name,
        "role": role,
        "songs": len(songs),
        "segments": sum(len(part.segments) for song in songs for part in song.bar_runs),
        "tokens": len(scores.bits),
        "accuracy": float(scores.right.mean()),
        "bits_a_token": interval.value,
        "bits_low": interval.low,
        "bits_high": interval.high,
        "bits_a_bar": float(scores.bits.sum() / scores.bars),
        "kl": float(np.nanmean(scores.kl)) if not np.isnan(scores.kl).all() else np.nan,
    }
    for number, kind in enumerate(KINDS):
        only = scores.only([number])
        if len(only.bits):
            row[f"accuracy {_column(kind)}"] = float(only.right.mean())
            row[f"bits {_column(kind)}"] = float(only.bits.mean())
    return row


def _add_margins(
    table: pd.DataFrame, scores: Mapping[str, TokenScores], baselines: Mapping[str, TokenScores]
) -> None:
    """Hold each describer against the baseline that is best at the same kinds of tokens."""
    table["margin"], table["beats_baselines"] = np.nan, False
    for name, one in scores.items():
        kinds = np.unique(one.kind).tolist()
        rivals = {rival: float(of.only(kinds).bits.mean()) for rival, of in baselines.items()}
        best = min(rivals, key=lambda rival: rivals[rival])
        table.loc[name, "best_baseline"] = best
        table.loc[name, "best_baseline_bits"] = rivals[best]
        if rivals[best] >= MIN_BITS_PER_TOKEN:
            table.loc[name, "margin"] = 1 - float(one.bits.mean()) / rivals[best]
        table.loc[name, "beats_baselines"] = bool(one.bits.mean() < max(rivals[best], MIN_BITS_PER_TOKEN))


def _add_savings(
    table: pd.DataFrame,
    scores: Mapping[str, TokenScores],
    wrong: Mapping[str, TokenScores],
    songs: Sequence[DescribedSong],
) -> None:
    bars = np.array([sum(len(part.bars) for part in song.bar_runs) for song in songs])
    for name, one in scores.items():
        misled = _by_song(name, wrong[name], songs)["bits"] / NUM_PERMUTATIONS
        interval = bootstrap_ratio(misled - _by_song(name, one, songs)["bits"], bars)
        table.loc[name, ["saved_a_bar", "saved_low", "saved_high"]] = [
            interval.value,
            interval.low,
            interval.high,
        ]


def _sampled(
    trained: Sequence[TrainedModel], songs: Sequence[DescribedSong], samples: int, seed: int
) -> dict[str, dict[str, float]]:
    """Sample each describer; the specialised ones are sampled together and share what comes of it."""
    describers: dict[str, DescriptionGenerator] = {
        one.spec.name: DescriptionGenerator([one]) for one in trained if one.spec.is_full
    }
    specialised = [one for one in trained if not one.spec.is_full]
    if {one.spec.name for one in specialised} == set(SPECIALIZED_MODELS):
        describers[COMBINED] = DescriptionGenerator(specialised)
    columns: dict[str, dict[str, float]] = {}
    for name, describer in describers.items():
        outcome = free_running(describer, songs, samples=samples, seed=seed)
        own = {one.spec.name: one.spec.target_kinds for one in specialised if name == COMBINED}
        for member, kinds in {**own, name: frozenset(DescriptionKind)}.items():
            columns[member] = _free_columns(outcome, kinds)
    return columns


def _free_columns(outcome: FreeRunningMetrics, kinds: frozenset[DescriptionKind]) -> dict[str, float]:
    columns: dict[str, float] = {"validity": outcome.validity, "samples": outcome.samples}
    for kind in kinds:
        if kind in outcome.accuracy:
            columns[f"free accuracy {_column(kind)}"] = outcome.accuracy[kind]
            columns[f"free error {_column(kind)}"] = outcome.error[kind]
    if DescriptionKind.INSTRUMENT in kinds:
        columns |= {"free f1 instrument": outcome.instrument_f1, "free f1 chord": outcome.chord_f1}
    return columns


def _add_published(table: pd.DataFrame) -> None:
    table["published_accuracy"] = table["model"].map(
        {name: one.accuracy for name, one in PAPER_RESULTS.items()}
    )
    table["published_kl"] = table["model"].map({name: one.kl for name, one in PAPER_RESULTS.items()})
    table["paper_protocol_accuracy"] = np.nan
    table["not_comparable"] = table["model"].map({name: one.caveat for name, one in PAPER_RESULTS.items()})


def _column(kind: DescriptionKind) -> str:
    return str(kind).lower()


def _by_song(name: str, scores: TokenScores, songs: Sequence[DescribedSong]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": name,
            "md5": [song.md5 for song in songs],
            "bits": np.bincount(scores.song, scores.bits, minlength=len(songs)),
            "tokens": np.bincount(scores.song, minlength=len(songs)),
        }
    )
