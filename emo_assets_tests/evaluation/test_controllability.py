from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.controllability import (
    ORIGINALITY_METRICS,
    OTHER_SEEDS,
    REQUEST_METRICS,
    SWEPT_RANGES,
    asked_and_measured,
    controllability_requests,
    controllability_table,
)
from emo_assets.features import FeatureVector
from emo_assets_tests.evaluation.songs import SONGS, measured_songs


def test_each_feature_is_moved_by_itself_over_its_range() -> None:
    requests = controllability_requests(5, 0)
    assert Counter(each.moved for each in requests) == dict.fromkeys(SWEPT_RANGES, 5)
    for name, ends in SWEPT_RANGES.items():
        values = [getattr(each.request.features, name) for each in requests if each.moved == name]
        assert (min(values), max(values)) == ends
        for other in set(SWEPT_RANGES) - {name}:
            held = {getattr(each.request.features, other) for each in requests if each.moved == name}
            assert held == {getattr(FeatureVector(), other)}


def test_drawn_requests_move_everything() -> None:
    requests = controllability_requests(0, 40, bars=6)
    assert {each.moved for each in requests} == {"all"}
    assert all(each.request.bars == 6 for each in requests)
    for name in FeatureVector.model_fields:
        assert len({getattr(each.request.features, name) for each in requests}) > 1


def test_a_sweep_holds_key_mode_tempo_and_meter_and_sweeps_differ_in_them() -> None:
    requests = controllability_requests(5, 0, sweeps=4)
    for name in SWEPT_RANGES:
        frames: dict[int, set[tuple[int, int, float]]] = {}
        for each in requests:
            if each.moved == name:
                features = each.request.features
                frames.setdefault(each.group, set()).add((features.key, features.mode, features.tempo))
        assert [len(frame) for frame in frames.values()] == [1, 1, 1, 1]
        assert len(set.union(*frames.values())) == 4
        assert {mode for frame in frames.values() for _, mode, _ in frame} == {0, 1}


def test_repeated_requests_differ_in_their_seed_alone() -> None:
    requests = controllability_requests(0, 0, repeated=2, seeds=3)
    assert [each.moved for each in requests] == [OTHER_SEEDS] * 6
    for group in {each.group for each in requests}:
        members = [each.request for each in requests if each.group == group]
        assert len({member.seed for member in members}) == len(members) == 3
        assert len({member.features for member in members}) == 1


def test_same_seed_asks_for_the_same_songs_and_each_song_has_its_own() -> None:
    assert controllability_requests(3, 5, seed=4) == controllability_requests(3, 5, seed=4)
    assert controllability_requests(3, 5, seed=4) != controllability_requests(3, 5, seed=5)
    seeds = [each.request.seed for each in controllability_requests(3, 5, seed=4)]
    assert len(set(seeds)) == len(seeds)


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    return measured_songs()


def by_feature(songs: pd.DataFrame, agreement: pd.DataFrame | None = None) -> pd.DataFrame:
    return controllability_table(songs, agreement).set_index("knob")


def test_every_feature_has_a_row(songs: pd.DataFrame) -> None:
    table = controllability_table(songs)
    assert table["knob"].tolist() == [*REQUEST_METRICS, *ORIGINALITY_METRICS]
    assert set(table["statistic"]) == {"rank correlation", "share right", "mean"}


def test_originality_is_measured_in_the_songs_that_can_be_compared(songs: pd.DataFrame) -> None:
    table = by_feature(songs)
    assert (table["value"]["other seeds"], table["songs"]["other seeds"]) == (0.75, 8)
    assert (table["value"]["copied bars"], table["songs"]["copied bars"]) == (0, SONGS)


def test_the_agreement_of_the_training_songs_is_in_the_table(songs: pd.DataFrame) -> None:
    agreement = pd.DataFrame({"feature": ["energy", "loudness"], "value": [0.3, 0.1]})
    in_songs = by_feature(songs, agreement)["in_songs"]
    assert (in_songs["energy"], in_songs["loudness"]) == (0.3, 0.1)
    assert np.isnan(in_songs["bars"])


def test_a_feature_that_works_correlates(songs: pd.DataFrame) -> None:
    row = by_feature(songs).loc["loudness"]
    assert row["songs"] == SONGS / 2
    assert row["value"] > 0.95
    assert 0.7 < row["low"] <= row["value"] <= row["high"] <= 1
    assert row["all_moved"] > 0.95


def test_a_feature_that_does_nothing_does_not_correlate(songs: pd.DataFrame) -> None:
    row = by_feature(songs).loc["energy"]
    assert abs(row["all_moved"]) < 0.5
    assert np.isnan(row["value"]), "no song moved energy alone"


def test_what_differs_between_sweeps_does_not_count(songs: pd.DataFrame) -> None:
    """Each sweep holds other features, and has another offset."""
    higher = songs["mean_velocity"] + 40 * (songs["group"] == 2)
    row = by_feature(songs.assign(mean_velocity=higher)).loc["loudness"]
    assert row["value"] > 0.9


def test_only_songs_that_moved_a_feature_are_paired(songs: pd.DataFrame) -> None:
    counts = asked_and_measured(songs)["feature"].value_counts()
    assert counts["energy"] == SONGS / 2
    assert counts["tempo"] == SONGS


def test_shares_are_of_songs_that_are_right(songs: pd.DataFrame) -> None:
    table = by_feature(songs)
    assert table["value"]["tempo"] == 0.75
    assert table["value"]["bars"] == 1
    assert table["low"]["tempo"] < 0.75 < table["high"]["tempo"]


def test_a_metric_that_does_not_vary_has_no_correlation(songs: pd.DataFrame) -> None:
    row = by_feature(songs).loc["valence"]
    assert np.isnan(row["value"])
    assert np.isnan(row["low"])


def test_same_songs_give_the_same_table(songs: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(controllability_table(songs), controllability_table(songs))


def test_a_missing_column_is_named(songs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="mean_velocity"):
        controllability_table(songs.drop(columns="mean_velocity"))


def test_without_songs_nothing_is_measured(songs: pd.DataFrame) -> None:
    assert controllability_table(songs.head(0))["value"].isna().all()
