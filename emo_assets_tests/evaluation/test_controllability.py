from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.controllability import (
    EXACT,
    MIN_DRAWN,
    MIN_SWEEPS,
    ORIGINALITY,
    OTHER_SEEDS,
    SWEPT_RANGES,
    asked_and_heard,
    controllability_requests,
    controllability_table,
    leak_table,
)
from emo_assets.features import FeatureVector
from emo_assets.metrics.ear import FEELINGS, default_ear
from emo_assets_tests.evaluation.songs import DRAWN, LEVELS, SONGS, SWEEPS, heard_songs


def test_each_feature_is_moved_by_itself_over_its_range() -> None:
    requests = controllability_requests(5, 0)
    assert Counter(each.moved for each in requests) == dict.fromkeys(SWEPT_RANGES, 5)
    for name, ends in SWEPT_RANGES.items():
        values = [getattr(each.request.features, name) for each in requests if each.moved == name]
        assert (min(values), max(values)) == ends
        for other in set(SWEPT_RANGES) - {name}:
            held = {getattr(each.request.features, other) for each in requests if each.moved == name}
            assert held == {getattr(FeatureVector(), other)}


def test_only_the_features_that_are_named_are_moved() -> None:
    requests = controllability_requests(5, 2, features=["valence"], sweeps=3)
    assert Counter(each.moved for each in requests) == {"valence": 15, "all": 2}


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
    return heard_songs()


@pytest.fixture(scope="module")
def table(songs: pd.DataFrame) -> pd.DataFrame:
    return by_feature(songs)


def by_feature(songs: pd.DataFrame) -> pd.DataFrame:
    return controllability_table(songs, default_ear()).set_index("knob")


def test_every_feature_has_a_row(table: pd.DataFrame) -> None:
    assert table.index.tolist() == [*FEELINGS, *EXACT, *ORIGINALITY]
    assert set(table["statistic"]) == {"rank correlation", "share right", "mean"}


def test_originality_is_measured_in_the_songs_that_can_be_compared(table: pd.DataFrame) -> None:
    assert (table["value"]["other seeds"], table["songs"]["other seeds"]) == (0.75, 8)
    assert (table["value"]["copied bars"], table["songs"]["copied bars"]) == (0, SONGS)


def test_how_well_the_ear_hears_real_songs_is_in_the_table(table: pd.DataFrame) -> None:
    ear = default_ear()
    assert table["in_songs"]["energy"] == ear.features["energy"].agreement.value
    assert table["in_songs"]["loudness"] == ear.rules["loudness"].agreement.value
    assert np.isnan(table["in_songs"]["bars"])


def test_a_feature_that_works_correlates_and_reaches_far(table: pd.DataFrame) -> None:
    row = table.loc["loudness"]
    assert row["songs"] == SWEEPS * LEVELS
    assert row["value"] > 0.95
    assert 0.7 < row["low"] <= row["value"] <= row["high"] <= 1
    assert row["reach"] == pytest.approx(0.6)
    assert row["all_moved"] > 0.95
    assert np.isnan(row["second_value"]), "nobody else hears loudness"


def test_a_feature_that_does_nothing_neither_correlates_nor_reaches(table: pd.DataFrame) -> None:
    row = table.loc["energy"]
    assert abs(row["all_moved"]) < 0.5
    assert abs(row["value"]) < 0.6
    assert abs(row["reach"]) < 0.05


def test_the_second_opinion_is_judged_by_itself(table: pd.DataFrame) -> None:
    row = table.loc["energy"]
    assert row["second_value"] == pytest.approx(1)
    assert row["second_reach"] == pytest.approx(0.5)
    assert row["second_all_moved"] == pytest.approx(1)


def test_a_feature_that_was_not_moved_or_cannot_be_heard_has_no_figures(table: pd.DataFrame) -> None:
    for feature in ("danceability", "instrumentalness"):
        assert np.isnan(table["value"][feature])
        assert np.isnan(table["low"][feature])
        assert np.isnan(table["reach"][feature])
    assert np.isnan(table["all_moved"]["instrumentalness"])


@pytest.mark.parametrize(("sweeps", "levels"), [(MIN_SWEEPS - 1, LEVELS), (SWEEPS, 4)])
def test_few_songs_give_no_figure(songs: pd.DataFrame, sweeps: int, levels: int) -> None:
    """Two songs in order correlate by 1, which says nothing."""
    low = songs["asked_place_loudness"] <= (levels - 1) / (LEVELS - 1)
    few = songs[(songs["group"] < 2 * sweeps) & low]
    row = by_feature(few).loc["loudness"]
    assert np.isnan(row["value"])
    assert np.isnan(row["reach"])
    drawn = songs[songs["moved"] == "all"].head(MIN_DRAWN - 1)
    assert np.isnan(by_feature(drawn)["all_moved"]["loudness"])
    assert DRAWN >= MIN_DRAWN


def test_what_differs_between_sweeps_does_not_count(songs: pd.DataFrame) -> None:
    """Each sweep holds other features, and has another offset."""
    higher = songs["place_loudness"] + 40 * (songs["group"] == 2)
    row = by_feature(songs.assign(place_loudness=higher)).loc["loudness"]
    assert row["value"] > 0.9
    assert row["reach"] == pytest.approx(0.6)


def test_only_songs_that_moved_a_feature_are_paired(songs: pd.DataFrame) -> None:
    counts = asked_and_heard(songs)["feature"].value_counts()
    assert counts["energy"] == SWEEPS * LEVELS + DRAWN
    assert counts["valence"] == DRAWN
    assert counts["tempo"] == SONGS
    assert "instrumentalness" not in counts


def test_shares_are_of_songs_that_are_right(table: pd.DataFrame) -> None:
    assert table["value"]["tempo"] == 0.75
    assert table["value"]["bars"] == 1
    assert table["low"]["tempo"] < 0.75 < table["high"]["tempo"]


def test_leaks_are_what_a_moved_feature_does_to_others(songs: pd.DataFrame) -> None:
    known = pd.DataFrame({name: [0.1, 0.2, 0.3, 0.4] for name in FEELINGS}).assign(valence=[4, 3, 2, 1])
    leaks = leak_table(songs, known).set_index(["moved", "heard"])
    assert len(leaks) == len(FEELINGS) ** 2
    assert leaks["value"]["energy", "valence"] == pytest.approx(1)
    assert leaks["value"]["loudness", "loudness"] == pytest.approx(1)
    assert np.isnan(leaks["value"]["loudness", "valence"]), "it stays as it is"
    assert abs(leaks["value"]["loudness", "energy"]) < 0.6
    assert np.isnan(leaks["value"]["valence", "energy"]), "valence was not moved"
    assert leaks["in_songs"]["energy", "loudness"] == pytest.approx(1)
    assert leaks["in_songs"]["energy", "valence"] == pytest.approx(-1)


def test_same_songs_give_the_same_table(songs: pd.DataFrame, table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(by_feature(songs), table)


@pytest.mark.parametrize("column", ["place_loudness", "asked_place_energy", "tempo", "copied"])
def test_a_missing_column_is_named(songs: pd.DataFrame, column: str) -> None:
    with pytest.raises(InputError, match=f"no column {column}"):
        by_feature(songs.drop(columns=column))


def test_without_songs_nothing_is_measured(songs: pd.DataFrame) -> None:
    assert by_feature(songs.head(0))["value"].isna().all()
