from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.data.key_estimation import KeyEstimator
from emo_assets.description_model.data.songs import load_songs
from emo_assets.description_model.evaluation.likelihood import (
    bits_by_song,
    cfg_nll,
    permute_features,
    score_songs,
    token_scores,
    validation_nll,
)
from emo_assets.description_model.specs import COMBINED, SPECIALIZED_MODELS
from emo_assets.description_model.weights import TrainedModel


def test_scores_count_every_token_of_the_split_once(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    songs = load_songs(training_set, "test")
    scores = score_songs(trained["lstm_full"], songs)
    tokens = sum(len(bar) for song in songs for part in song.bar_runs for bar in part.bars)
    segments = sum(len(part.segments) for song in songs for part in song.bar_runs)

    assert len(scores.bits) == tokens + segments  # each segment ends with EOS
    assert scores.bars == 20 * len(songs)


def test_scores_do_not_depend_on_how_windows_are_batched(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    one = trained["lstm_full"]
    source = one.dataset(load_songs(training_set, "test"))
    together = token_scores(one.network(), source, source.segments(), any_key=True)
    alone = token_scores(one.network(), source, source.segments(), any_key=True, batch_size=1)

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
    estimated = token_scores(one.network(), source, examples)
    mixed = token_scores(one.network(), source, examples, any_key=True)

    # the mixture gives each segment at least its share in the estimated key
    assert mixed.bits.sum() <= estimated.bits.sum() + len(examples) * np.log2(1 / 0.9) + 1e-3
    assert mixed.bits.sum() != pytest.approx(estimated.bits.sum())


def test_guidance_leaves_likelihood_as_learned_at_one_and_forgets_the_features_at_zero(
    trained: Mapping[str, TrainedModel], training_set: pd.DataFrame
) -> None:
    density, songs = trained["lstm_density"], load_songs(training_set, "validation")
    scores = score_songs(density, songs)
    learned = float(scores.bits.sum() / scores.bars)

    assert cfg_nll(density, songs, 1.0) == pytest.approx(learned, rel=1e-4)
    unconditional = cfg_nll(density, songs, 0.0)
    assert unconditional > learned
    # not quite the same: the key that chords are relative to depends on Spotify's
    assert cfg_nll(density, permute_features(songs, seed=3), 0.0) == pytest.approx(unconditional, rel=0.02)
    assert cfg_nll(density, songs, 20.0) > learned


def test_no_song_keeps_its_features_when_they_are_permuted(training_set: pd.DataFrame) -> None:
    songs = load_songs(training_set, "train")
    permuted = permute_features(songs, seed=0)

    assert all((one.features != other.features).any() for one, other in zip(songs, permuted, strict=True))
    assert sorted(song.features[1] for song in songs) == sorted(song.features[1] for song in permuted)
    assert [song.md5 for song in songs] == [song.md5 for song in permuted]


def test_validation_nll_holds_the_same_songs_for_each_model(
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


def test_bits_by_song_add_up(trained: Mapping[str, TrainedModel], training_set: pd.DataFrame) -> None:
    songs = load_songs(training_set, "test")
    scores = score_songs(trained["lstm_full"], songs)
    by_song = bits_by_song(scores, songs)

    assert by_song.shape == (len(songs),)
    assert by_song.sum() == pytest.approx(scores.bits.sum())
