"""The scoreboard and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.data.dataset import DescriptionDataset
from emo_assets.description_model.data.feature_encoding import FeatureEncoder
from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.output_vocab import KINDS
from emo_assets.description_model.data.songs import load_songs
from emo_assets.description_model.evaluation.baselines import BASELINES, Baselines
from emo_assets.description_model.evaluation.cfg_nll import cfg_nll
from emo_assets.description_model.evaluation.free_running import f1
from emo_assets.description_model.evaluation.likelihood import token_scores
from emo_assets.description_model.evaluation.paper_protocol import split_rows
from emo_assets.description_model.evaluation.permute_features import permute_features
from emo_assets.description_model.evaluation.plain_lstm import PLAIN_LSTM_CONFIG
from emo_assets.description_model.evaluation.scoreboard import (
    COMBINED,
    MIN_BITS_PER_TOKEN,
    PLAIN,
    Scoreboard,
    score,
    score_songs,
    validation_nll,
)
from emo_assets.description_model.specs import MODEL_SPECS, SPECIALIZED_MODELS, ModelConfig, model_spec
from emo_assets.description_model.training import train_model
from emo_assets.description_model.weights import TrainedModel
from emo_assets.tokens.vocabulary import DescriptionKind
from emo_assets_tests.description_model.conftest import training_rows


def figure(board: Scoreboard, model: str, column: str) -> float:
    """Return one figure of the scoreboard."""
    return float(board.table.set_index("model")[column].astype(float)[model])


@pytest.fixture(scope="module")
def trained(training_set: pd.DataFrame) -> Mapping[str, TrainedModel]:
    config = ModelConfig(
        embedding=24, hidden=32, layers=1, heads=2, batch=8, epochs=12, dropout=0.1, learning_rate=6e-3
    )
    return {spec.name: train_model(spec, config, training_set) for spec in MODEL_SPECS}


@pytest.fixture(scope="module")
def board(trained: Mapping[str, TrainedModel], training_set: pd.DataFrame) -> Scoreboard:
    return score(list(trained.values()), training_set, samples=6, plain=False)


def test_every_model_and_baseline_has_a_row_with_figures_that_make_sense(board: Scoreboard) -> None:
    table = board.table.set_index("model")

    assert list(table.index) == [*(spec.name for spec in MODEL_SPECS), COMBINED, *BASELINES]
    assert table["accuracy"].between(0, 1).all()
    assert (table["bits_low"] <= table["bits_a_token"]).all()
    assert (table["bits_a_token"] <= table["bits_high"]).all()
    assert (table.loc[table["role"] != "baseline", "validity"] == 1).all()
    assert figure(board, "lstm_pitch", "published_accuracy") == 0.49
    assert "padding" in table["not_comparable"]["transformer"]
    assert np.isnan(figure(board, "lstm_density", "bits instrument"))


def test_the_combined_describer_scores_what_its_five_parts_score(board: Scoreboard) -> None:
    def total(column: str) -> float:
        return sum(figure(board, name, column) for name in SPECIALIZED_MODELS)

    assert figure(board, COMBINED, "tokens") == total("tokens")
    assert figure(board, COMBINED, "bits_a_bar") == pytest.approx(total("bits_a_bar"))
    assert figure(board, COMBINED, "bits chord") == figure(board, "lstm_misc", "bits chord")
    assert figure(board, COMBINED, "bits mean pitch") == figure(board, "lstm_pitch", "bits mean pitch")


def test_features_that_cause_the_music_save_bits(board: Scoreboard) -> None:
    for name in ("transformer", "lstm_full", COMBINED):
        assert figure(board, name, "saved_low") > 0, name


def test_figures_by_song_add_up_to_the_table(board: Scoreboard) -> None:
    table = board.table.set_index("model")
    totals = board.by_song.groupby("model")[["bits", "tokens"]].sum()

    ratio = totals["bits"] / totals["tokens"]
    np.testing.assert_allclose(ratio[table.index], table["bits_a_token"])


def test_validation_likelihoods_hold_the_same_songs_for_each_model(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    frame = validation_nll(
        {"lstm_full": [trained["lstm_full"]], COMBINED: [trained[name] for name in SPECIALIZED_MODELS]},
        training_set,
    )
    songs = load_songs(training_set, "validation")

    for _, rows in frame.groupby("model"):
        assert rows["md5"].tolist() == [song.md5 for song in songs]
        assert rows["bars"].tolist() == [20] * len(songs)
        assert (rows["bits"] > 0).all()


def test_scores_do_not_depend_on_how_windows_are_batched(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    one = trained["lstm_full"]
    source = one.dataset(load_songs(training_set, "test"))
    together = token_scores(one.network(), source, source.segments(), over_keys=True)
    alone = token_scores(one.network(), source, source.segments(), over_keys=True, size=1)

    np.testing.assert_allclose(together.bits, alone.bits, atol=1e-4)


def test_keys_are_averaged_over_as_a_mixture(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    one = trained["lstm_full"]
    offsets = np.full(12, 1e-6)
    offsets[[0, 7]] = 0.9, 0.1
    estimator = KeyEstimator(profiles=one.key_estimator.profiles, offsets=offsets)
    source = replace(one, key_estimator=estimator).dataset(load_songs(training_set, "test"))
    examples = source.segments()
    heard = token_scores(one.network(), source, examples)
    mixed = token_scores(one.network(), source, examples, over_keys=True)

    # the mixture gives each segment at least its share in the heard key
    assert mixed.bits.sum() <= heard.bits.sum() + len(examples) * np.log2(1 / 0.9) + 1e-3
    assert mixed.bits.sum() != pytest.approx(heard.bits.sum())


def test_baselines_are_distributions_and_copying_copies(training_set: pd.DataFrame) -> None:
    spec, config = model_spec("lstm_full"), ModelConfig()
    songs = {split: load_songs(training_set, split) for split in ("train", "test")}
    encoder = FeatureEncoder.fit(np.stack([song.features for song in songs["train"]]))
    estimator = KeyEstimator.fit(songs["train"])
    train, test = (DescriptionDataset(songs[split], spec, config, encoder, estimator) for split in songs)

    scores = Baselines(train).scores(test, test.segments())

    assert tuple(scores) == BASELINES
    for one in scores.values():
        assert np.isfinite(one.bits).all()
        assert (one.bits >= 0).all()
        assert len(one.bits) == len(scores[BASELINES[0]].bits)
    duration = [KINDS.index(DescriptionKind.MEAN_DURATION)]  # the same in every bar
    assert scores["copy the previous bar"].only(duration).right.mean() > 0.9


@pytest.mark.parametrize(
    ("written", "true", "expected"),
    [({1, 2}, {1, 2}, 1.0), ({1}, {2}, 0.0), ({1, 2}, {2}, 2 / 3), (set(), {1}, 0.0), (set(), set(), 1.0)],
)
def test_f1_of_sets(written: set[int], true: set[int], expected: float) -> None:
    assert f1(written, true) == pytest.approx(expected)


def test_nobody_keeps_their_features_when_they_are_shuffled(training_set: pd.DataFrame) -> None:
    songs = load_songs(training_set, "train")
    dealt = permute_features(songs, seed=0)

    assert all((one.features != other.features).any() for one, other in zip(songs, dealt, strict=True))
    assert sorted(song.features[1] for song in songs) == sorted(song.features[1] for song in dealt)
    assert [song.md5 for song in songs] == [song.md5 for song in dealt]


def test_the_paper_protocol_deals_rows_whatever_song_they_belong_to() -> None:
    table = split_rows(training_rows(60), seed=0)

    sides = table.groupby("md5")["split"].nunique()
    assert (sides > 1).any()
    assert set(table["split"]) == {"train", "validation", "test"}


@pytest.mark.slow
def test_the_whole_scoreboard_with_plain_lstm_and_paper_protocol(
    training_set: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = PLAIN_LSTM_CONFIG.model_copy(update={"hidden": 16, "embedding": 16, "epochs": 1})
    monkeypatch.setattr("emo_assets.description_model.evaluation.plain_lstm.PLAIN_LSTM_CONFIG", small)
    config = ModelConfig(embedding=16, hidden=16, epochs=1)
    one = train_model(model_spec("lstm_density"), config, training_set)

    board = score([one], training_set, samples=2, paper_protocol=True)

    assert PLAIN in set(board.table["model"])
    assert 0 <= figure(board, "lstm_density", "paper_protocol_accuracy") <= 1


def test_split_scores_count_every_token_of_the_split_once(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    songs = load_songs(training_set, "test")
    scores = score_songs(trained["lstm_full"], songs)
    tokens = sum(len(bar) for song in songs for part in song.bar_runs for bar in part.bars)
    segments = sum(len(part.segments) for song in songs for part in song.bar_runs)

    assert len(scores.bits) == tokens + segments  # each segment ends with EOS
    assert scores.bars == 20 * len(songs)


def test_guidance_leaves_likelihood_as_learned_at_one_and_forgets_the_features_at_nought(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    density, songs = trained["lstm_density"], load_songs(training_set, "validation")
    scores = score_songs(density, songs)
    learned = float(scores.bits.sum() / scores.bars)

    assert cfg_nll(density, songs, 1.0) == pytest.approx(learned, rel=1e-4)
    untold = cfg_nll(density, songs, 0.0)
    assert untold > learned
    # not quite the same: the key that chords are read in hangs on Spotify's
    assert cfg_nll(density, permute_features(songs, seed=3), 0.0) == pytest.approx(untold, rel=0.02)
    assert cfg_nll(density, songs, 20.0) > learned, "exaggeration is not what songs are like"


def test_where_nothing_is_left_to_predict_nothing_is_lost(board: Scoreboard) -> None:
    row = board.table.set_index("model").loc["lstm_duration"]

    assert row["best_baseline_bits"] < MIN_BITS_PER_TOKEN, "every bar of these songs has one mean duration"
    assert row["beats_baselines"] == (row["bits_a_token"] < MIN_BITS_PER_TOKEN)
    assert np.isnan(row["margin"])
