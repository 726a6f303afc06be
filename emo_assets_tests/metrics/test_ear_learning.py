from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from emo_assets.errors import InputError
from emo_assets.metrics import ear_learning
from emo_assets.metrics.ear import FEELINGS, LEARNED_FEATURES, PEOPLE_WEIGHTS, RULE_METRICS, Ear, default_ear
from emo_assets.metrics.ear_learning import (
    LinkedSongs,
    boosted_stumps,
    choose_ear,
    grouped_agreement,
    huber_ridge,
    learn_ear,
)
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.reports.ear import strongest_metrics

NAMES = list(EAR_METRICS)
FOLLOWED = {"valence": "major_chord_share", "energy": "notes_per_second", "acousticness": "acoustic_share"}
"""The metric that each feature follows in the songs below; danceability follows none."""


def linked(songs: int = 90, artists: int = 45, seed: int = 0, **changed: Any) -> LinkedSongs:
    """Return songs with random metrics; each feature of `FOLLOWED` rises with its metric."""
    rng = np.random.default_rng(seed)
    metrics = rng.normal(size=(songs, len(NAMES)))
    features = {name: rng.uniform(size=songs) for name in ("danceability", "instrumentalness")}
    for name, metric in FOLLOWED.items():
        features[name] = 1 / (1 + np.exp(-metrics[:, NAMES.index(metric)] - rng.normal(0, 0.3, songs)))
    features["loudness"] = rng.uniform(-20, 0, songs)
    rules = {"mean_velocity": 80 + 2 * features["loudness"], "leadless_share": rng.uniform(size=songs)}
    artist_names = [f"artist {number % artists}" for number in range(songs)]
    return replace(LinkedSongs(metrics, features, rules, artist_names), **changed)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cross-validate with few folds, and resample little."""
    if "realdata" not in request.keywords:
        for name, number in {
            "FOLDS": 3,
            "REPEATS": 2,
            "RESAMPLES": 100,
            "RIDGE_PENALTY": 30.0,
            "BOOSTING_ROUNDS": 20,
        }.items():
            monkeypatch.setattr(ear_learning, name, number)


def learn(songs: LinkedSongs) -> Ear:
    return learn_ear(songs, source="random songs", command="none")


@pytest.fixture
def ear(quick: None, learned: list[Ear]) -> Ear:
    """An ear that is learned from `linked()`, once."""
    if not learned:
        learned.append(learn(linked()))
    return learned[0]


@pytest.fixture(scope="module")
def learned() -> list[Ear]:
    return []


def test_what_features_follow_is_learned_and_what_they_do_not_is_said(ear: Ear) -> None:
    for feature, metric in FOLLOWED.items():
        heard = ear.features[feature]
        assert heard.is_audible
        assert heard.learned.agreement.value > 0.5
        assert strongest_metrics(ear, feature, 1)[0].startswith(f"{metric} +")
        assert heard.second_opinion.agreement.value > 0.4
    assert not ear.features["danceability"].is_audible
    assert ear.features["danceability"].error > 1.1 * ear.features["acousticness"].error
    assert ear.rules["loudness"].agreement.value == pytest.approx(1)
    assert abs(ear.rules["instrumentalness"].agreement.value) < 0.3
    assert {name for name, each in ear.features.items() if each.people} == set(PEOPLE_WEIGHTS)
    assert (ear.card.songs, ear.card.artists, ear.card.source) == (90, 45, "random songs")


def test_other_songs_by_other_artists_are_heard_as_well_as_was_said(ear: Ear) -> None:
    others = linked(songs=300, artists=300, seed=1)
    places = ear.places(others.metrics)
    for feature in FOLLOWED:
        truth = spearmanr(places[feature], others.features[feature]).statistic
        said = ear.features[feature].agreement
        assert said.low - 0.1 <= truth <= said.high + 0.1


def test_the_same_songs_give_the_same_ear_and_what_is_stored_is_what_is_used(ear: Ear) -> None:
    assert learn(linked()) == ear
    assert Ear.from_json(ear.to_json(), "ear.json") == ear


def test_values_that_do_not_vary_or_were_not_measured_are_not_heard() -> None:
    songs = linked()
    metrics = songs.metrics.copy()
    metrics[:, -1], metrics[:, -2] = 1.0, np.nan
    metrics[1:, -3] = np.nan
    features = {**songs.features, "danceability": np.full(90, 0.5), "loudness": np.full(90, -8.0)}
    rules = {"mean_velocity": np.full(90, np.nan), "leadless_share": np.zeros(90)}
    ear = learn(linked(metrics=metrics, features=features, rule_metrics=rules))
    assert not set(NAMES[-3:]) & set(ear.metrics)
    for heard in (ear.features["danceability"].agreement, *(rule.agreement for rule in ear.rules.values())):
        assert (heard.value, heard.low, heard.high) == (0, 0, 0)
    assert not ear.features["danceability"].is_audible
    assert ear.features["energy"].is_audible
    assert all(np.isfinite(places).all() for places in ear.places(metrics).values())


@pytest.mark.parametrize(
    ("songs", "message"),
    [
        (linked(songs=59, artists=59), "59 songs by 59 artists are too few"),
        (linked(artists=19), "90 songs by 19 artists are too few"),
        (linked(metrics=np.ones((90, len(NAMES)))), "all songs are alike"),
    ],
)
def test_songs_that_cannot_teach_an_ear_are_rejected(songs: LinkedSongs, message: str) -> None:
    with pytest.raises(InputError, match=message):
        learn(songs)
    choice = choose_ear(songs, default_ear())
    assert choice.ear is default_ear()
    assert message in choice.reason


def test_a_store_keeps_the_ear_that_hears_its_songs_better(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ear_learning, "learn_ear", lambda *_, **__: ear)
    own = choose_ear(linked(), default_ear())
    assert own.ear is ear
    assert own.reason.startswith("The store's own ear is used")
    met_the_songs = ear.model_copy(update={"card": ear.card})
    other = choose_ear(linked(), met_the_songs)
    assert other.ear is met_the_songs
    assert other.reason.startswith("The ear of the package is used: the store's own")


def test_each_fold_leaves_whole_artists_out_and_each_song_once() -> None:
    artists = [f"artist {number % 7}" for number in range(40)]
    tested = np.zeros((2, 40))
    for repeat, mask in ear_learning._folds(artists):
        tested[repeat] += mask
        inside = {artist for artist, left_out in zip(artists, mask, strict=True) if left_out}
        outside = {artist for artist, left_out in zip(artists, mask, strict=True) if not left_out}
        assert not inside & outside
    assert (tested == 1).all()


def test_agreement_is_spearmans_correlation_with_an_interval_over_artists() -> None:
    rng = np.random.default_rng(0)
    feature = rng.normal(size=60)
    predictions = [feature + rng.normal(0, 1, 60) for _ in range(2)]
    alone = grouped_agreement(predictions, feature, [str(number) for number in range(60)])
    expected = np.mean([spearmanr(each, feature).statistic for each in predictions])
    assert alone.value == pytest.approx(expected)
    assert alone.low < alone.value < alone.high
    few = grouped_agreement(predictions, feature, [str(number % 4) for number in range(60)])
    assert few.value == alone.value
    copied = grouped_agreement(
        [np.repeat(each, 4) for each in predictions],
        np.repeat(feature, 4),
        [str(number) for number in np.repeat(np.arange(60), 4)],
    )
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=0.01), (
        "copies by the same artist add no certainty"
    )


def test_what_does_not_vary_agrees_with_nothing() -> None:
    varied, constant = np.arange(10.0), np.ones(10)
    artists = [str(number) for number in range(10)]
    for one, other in ((constant, varied), (varied, constant), (np.empty(0), np.empty(0))):
        interval = grouped_agreement([one], other, artists[: len(one)])
        assert (interval.value, interval.low, interval.high) == (0, 0, 0)


def test_wrong_links_hardly_change_the_regression() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 3))
    truth = np.array([[1.0], [-0.5], [0.0]])
    targets = inputs @ truth + rng.normal(0, 0.2, (400, 1))
    clean = huber_ridge(inputs, targets, np.ones(400))
    targets[:20] = 8
    spoiled = huber_ridge(inputs, targets, np.ones(400))
    least_squares = np.linalg.lstsq(inputs, targets, rcond=None)[0]
    shrunk = 400 / (400 + ear_learning.RIDGE_PENALTY)
    assert clean == pytest.approx(truth * shrunk, abs=0.05)
    assert np.abs(spoiled - clean).max() < 0.1
    assert np.abs(spoiled - clean).max() < np.abs(least_squares / 1 - truth).max()


def test_stumps_find_a_step() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 2))
    stumps = boosted_stumps(inputs, np.where(inputs[:, 1] > 0.4, 1.0, -1.0))
    weight = np.zeros(2)
    for metric, threshold, below, above in stumps:
        weight[metric] += above - below
        assert metric == 0 or abs(threshold - 0.4) < 0.5
    assert weight[1] > 5 * abs(weight[0])


def real_songs(realdata: Path) -> LinkedSongs:
    """Return the linked songs of the real sample that can be read."""
    links = pd.read_csv(realdata / "linked_triples.csv").drop_duplicates("midi_md5")
    tracks = pd.read_csv(realdata / "spotify" / "dataset.csv").drop_duplicates("track_id")
    tracks = tracks.set_index("track_id")
    paths = {path.stem: path for path in (realdata / "lmd_matched").rglob("*.mid")}
    measured, features, artists = [], [], []
    for md5, track in zip(links["midi_md5"], links["spotify_track_id"], strict=True):
        if md5 not in paths or track not in tracks.index:
            continue
        try:
            measured.append(MeasuredSong.from_midi(paths[md5].read_bytes()))
        except InputError:
            continue
        features.append(tracks.loc[track])
        artists.append(str(tracks.loc[track, "artists"]).split(";")[0])
    table = pd.DataFrame(features)
    return LinkedSongs(
        metrics=np.stack([song.ear_metrics for song in measured]),
        features={name: table[name].to_numpy(dtype=np.float64) for name in FEELINGS},
        rule_metrics={
            name: np.array([getattr(song.metrics, name) for song in measured])
            for name in RULE_METRICS.values()
        },
        artists=artists,
    )


@pytest.mark.realdata
def test_an_ear_of_real_songs_hears_artists_that_it_never_met(
    realdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear_learning, "REPEATS", 2)
    monkeypatch.setattr(ear_learning, "BOOSTING_ROUNDS", 1)  # nothing is asked of the second opinion
    songs = real_songs(realdata)
    assert len(songs) > 150
    ear = learn(songs)
    heard = {name: each.learned.agreement for name, each in ear.features.items()}
    assert set(heard) == set(LEARNED_FEATURES)
    assert heard["valence"].value >= 0.62
    assert heard["energy"].value >= 0.45
    assert heard["danceability"].value >= 0.45
    assert heard["acousticness"].value >= 0.45
    assert min(each.low for each in heard.values()) > 0.2
