"""The scoreboard: every describer, the five together and the baselines, on the same test segments.

Belongs here: putting token scores into one table. How tokens are scored is `likelihood`'s and `baselines`'
business, which describer serves is `champion`'s, and pictures are `reports`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emo_assets.describing.alphabet import KINDS
from emo_assets.describing.baselines import Baselines
from emo_assets.describing.batches import WindowSource
from emo_assets.describing.describers import SPECIALISED_ORDER, config_for, describer_spec
from emo_assets.describing.feature_encoding import FeatureEncoder
from emo_assets.describing.intervals import ratio_interval
from emo_assets.describing.likelihood import SoftLabels, TokenScores, joined, token_scores
from emo_assets.describing.sampling import Describer, combined_describer, full_describer
from emo_assets.describing.songs import Song, checked_songs
from emo_assets.describing.training import feature_table
from emo_assets.describing.weights import TrainedDescriber
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.progress import Progress, silent
from emo_assets.symbolic.grammar.descriptions import DescriptionGrammar
from emo_assets.symbolic.grammar.errors import GrammarError
from emo_assets.symbolic.vocabulary import DescriptionKind

COMBINED = "combined"
"""Name of the five specialised describers as one."""


@dataclass(frozen=True)
class Scoreboard:
    """What was measured on the test split.

    Attributes:
        table: one row a describer, "combined" or baseline; columns: `model`; `role` (describer, ensemble,
            baseline); `songs`, `segments`, `tokens` it was tested on; `accuracy` (share of tokens whose most
            likely prediction is right); `bits_a_token` with `bits_low` and `bits_high` (95 % bootstrap over
            songs); `bits_a_bar`; `validity` (share of sampled descriptions that the grammar accepts) and
            `samples`; for each kind of tokens `accuracy <kind>` and `bits <kind>`. A figure that does not
            apply is missing.
        by_song: one row a model and song: `model`, `md5`, `bits`, `tokens`.
    """

    table: pd.DataFrame
    by_song: pd.DataFrame


def score(
    trained: Sequence[TrainedDescriber],
    training_set: pd.DataFrame,
    *,
    samples: int = 64,
    seed: int = 0,
    progress: Progress = silent,
) -> Scoreboard:
    """Score describers and baselines on the test split.

    Args:
        trained: the describers; "combined" is scored when the five specialised ones are among them.
        training_set: the `training_set` table; the baselines learn from its training split.
        samples: descriptions sampled for each describer's validity.
        seed: of the sampling.
        progress: told the models scored.

    Raises:
        InputError: the training set has no songs to train or test on.
    """
    songs = checked_songs(training_set)
    scores: dict[str, TokenScores] = {}
    for number, one in enumerate(trained):
        scores[one.spec.name] = split_scores(one, songs["test"])
        progress("scoring", number + 1, len(trained) + 1)
    baselines = _baseline_scores(songs)
    parts = [scores[name] for name in SPECIALISED_ORDER if name in scores]
    roles = dict.fromkeys(scores, "describer") | dict.fromkeys(baselines, "baseline")
    if len(parts) == len(SPECIALISED_ORDER):
        scores[COMBINED] = joined(parts, parts[0].bars)
        roles[COMBINED] = "ensemble"
    validity = sampled_validity(trained, songs["test"], samples=samples, seed=seed)
    rows = [_row(name, roles[name], one, songs["test"]) for name, one in (scores | baselines).items()]
    table = pd.DataFrame(rows)
    table["validity"] = table["model"].map(validity)
    table["samples"] = table["model"].map(dict.fromkeys(validity, samples))
    by_song = pd.concat([_by_song(name, one, songs["test"]) for name, one in (scores | baselines).items()])
    progress("scoring", len(trained) + 1, len(trained) + 1)
    return Scoreboard(table, by_song.reset_index(drop=True))


def split_scores(trained: TrainedDescriber, songs: Sequence[Song]) -> TokenScores:
    """Score one describer, teacher-forced, on all segments of some songs."""
    source = WindowSource(songs, trained.spec, trained.config, trained.encoder)
    kind = trained.spec.label_kind
    label = SoftLabels(kind, trained.config.label_sigma) if kind else None
    return token_scores(trained.network(), source, source.segments(), label=label)


def validation_likelihoods(
    describers: Mapping[str, Sequence[TrainedDescriber]], training_set: pd.DataFrame
) -> pd.DataFrame:
    """Return how likely each describer finds the songs of the validation split: what a champion is chosen by.

    Args:
        describers: by name, each one full describer or the five specialised ones.
        training_set: the `training_set` table.

    Returns:
        One row a describer and song: `model`, `md5`, `bits` (of the song's segments), `bars`.
    """
    songs = checked_songs(training_set)["validation"]
    frames = []
    for name, parts in describers.items():
        scores = [split_scores(part, songs) for part in parts]
        frame = _by_song(name, joined(scores, scores[0].bars), songs)
        frame["bars"] = [sum(len(part.bars) for part in song.stretches) for song in songs]
        frames.append(frame.drop(columns="tokens"))
    return pd.concat(frames, ignore_index=True)


def sampled_validity(
    trained: Sequence[TrainedDescriber], songs: Sequence[Song], *, samples: int, seed: int
) -> dict[str, float]:
    """Sample descriptions for the features of songs and count how many the grammar accepts.

    Args:
        trained: the describers. The specialised ones are sampled together, and share what comes of it.
        songs: whose features are asked for, in turn.
        samples: how many.
        seed: of the first; the others count on.

    Returns:
        Share of valid descriptions by model.
    """
    sampled: dict[str, Describer] = {
        one.spec.name: full_describer(one) for one in trained if one.spec.is_full
    }
    specialised = [one for one in trained if one.spec.name in SPECIALISED_ORDER]
    if len(specialised) == len(SPECIALISED_ORDER):
        sampled[COMBINED] = combined_describer(specialised)
    asked = [asked_features(songs[number % len(songs)]) for number in range(samples)] if songs else []
    seeds = range(seed, seed + len(asked))
    validity = {
        name: float(np.mean([is_valid(ids) for ids in one.describe(asked, bars=12, seeds=seeds)]))
        for name, one in sampled.items()
        if asked
    }
    if COMBINED in validity:
        validity |= dict.fromkeys(SPECIALISED_ORDER, validity[COMBINED])
    return validity


def asked_features(song: Song) -> FeatureVector:
    """Return a song's features as a request, cut to the ranges that a request may have."""
    values = {}
    for name, value in zip(FEATURE_NAMES, song.features.tolist(), strict=True):
        low, high = feature_range(name)
        values[name] = min(max(value, low), high)
    whole = {name: round(values[name]) for name in ("key", "mode", "time_signature")}
    return FeatureVector.from_values({**values, **whole})


def is_valid(ids: Sequence[int]) -> bool:
    """Say whether the grammar accepts a description."""
    try:
        DescriptionGrammar().check(ids)
    except GrammarError:
        return False
    return True


def _baseline_scores(songs: Mapping[str, list[Song]]) -> dict[str, TokenScores]:
    spec, config = describer_spec("lstm_full"), config_for("lstm_full")
    encoder = FeatureEncoder.fitted(feature_table(songs["train"]))
    test = WindowSource(songs["test"], spec, config, encoder)
    return Baselines(WindowSource(songs["train"], spec, config, encoder)).scores(test, test.segments())


def _row(name: str, role: str, scores: TokenScores, songs: Sequence[Song]) -> dict[str, object]:
    by_song = _by_song(name, scores, songs)
    interval = ratio_interval(by_song["bits"], by_song["tokens"])
    row: dict[str, object] = {
        "model": name,
        "role": role,
        "songs": len(songs),
        "segments": sum(len(part.segments) for song in songs for part in song.stretches),
        "tokens": len(scores.bits),
        "accuracy": float(scores.right.mean()),
        "bits_a_token": interval.value,
        "bits_low": interval.low,
        "bits_high": interval.high,
        "bits_a_bar": float(scores.bits.sum() / scores.bars),
    }
    for number, kind in enumerate(KINDS):
        only = scores.only([number])
        if len(only.bits):
            row[f"accuracy {_column(kind)}"] = float(only.right.mean())
            row[f"bits {_column(kind)}"] = float(only.bits.mean())
    return row


def _column(kind: DescriptionKind) -> str:
    return str(kind).lower()


def _by_song(name: str, scores: TokenScores, songs: Sequence[Song]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": name,
            "md5": [song.md5 for song in songs],
            "bits": np.bincount(scores.song, scores.bits, minlength=len(songs)),
            "tokens": np.bincount(scores.song, minlength=len(songs)),
        }
    )
