from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.description_model.data.training_set import (
    COLUMNS,
    SPLITS,
    assemble_training_set,
    split_for_artist,
)
from emo_assets.features import FEATURE_NAMES, FeatureVector

ARTISTS = [f"artist{number}" for number in range(60)]
BY_SPLIT = {split: [name for name in ARTISTS if split_for_artist(name) == split] for split in SPLITS}


def matched(*rows: dict[str, Any]) -> pd.DataFrame:
    """Matched tracks: each row overrides values of a default one."""
    default: dict[str, Any] = dict(zip(FEATURE_NAMES, FeatureVector().as_array(), strict=True))
    default |= {
        "msd_track_id": "m",
        "artist_keys": [BY_SPLIT["train"][0]],
        "popularity": 50,
        "link_score": 1.0,
    }
    return pd.DataFrame(
        [{**default, "track_id": f"s{place}", "md5": f"f{place}", **row} for place, row in enumerate(rows)]
    )


def described(*files: tuple[str, str], segments: int = 2) -> pd.DataFrame:
    """Descriptions of files, each given by its id and its MD5."""
    return pd.DataFrame(
        [
            {
                "msd_track_id": track,
                "md5": md5,
                "segment": n,
                "first_bar": 12 * n + 1,
                "bars": 12,
                "tokens": [n, 7],
            }
            for track, md5 in files
            for n in range(segments)
        ]
    )


def test_each_segment_has_the_features_of_its_track() -> None:
    table = assemble_training_set(matched({"tempo": 99.0}), described(("m", "f0")))

    assert list(table.columns) == list(COLUMNS)
    assert table["segment"].tolist() == [0, 1]
    assert table["tokens"].tolist() == [[0, 7], [1, 7]]
    assert table["tempo"].tolist() == [99.0, 99.0]
    assert set(table["split"]) == {"train"}


def test_artists_are_split_about_80_10_10() -> None:
    sides = pd.Series([split_for_artist(f"artist {number}") for number in range(5000)]).value_counts(
        normalize=True
    )

    assert sides["train"] == pytest.approx(0.8, abs=0.02)
    assert sides["validation"] == pytest.approx(0.1, abs=0.015)
    assert sides["test"] == pytest.approx(0.1, abs=0.015)


def test_the_split_of_an_artist_is_stable() -> None:
    sides = {name: split_for_artist(name) for name in ("beatles", "坂本龍一", "abba", "pulp")}

    assert sides == {"beatles": "train", "坂本龍一": "train", "abba": "validation", "pulp": "test"}


def test_a_track_whose_artists_are_in_different_splits_is_dropped() -> None:
    (train, other, *_), (test, *_) = BY_SPLIT["train"], BY_SPLIT["test"]
    tracks = matched(
        {"artist_keys": [train, other]},
        {"artist_keys": [train, test]},
        {"artist_keys": [test]},
        {"artist_keys": []},
    )

    table = assemble_training_set(tracks, described(*(("m", f"f{n}") for n in range(4))))

    assert dict(zip(table["track_id"], table["split"], strict=True)) == {"s0": "train", "s2": "test"}


def test_a_file_belongs_to_its_best_link_then_to_the_most_popular_track() -> None:
    tracks = matched(
        {"md5": "f", "link_score": 0.9, "popularity": 99},
        {"md5": "f", "link_score": 1.0, "popularity": 10},
        {"md5": "f", "link_score": 1.0, "popularity": 20, "msd_track_id": "m2"},
        {"md5": "f", "link_score": 1.0, "popularity": 20, "msd_track_id": "m3"},
    )

    table = assemble_training_set(tracks, described(("m", "f"), ("m2", "f"), ("m3", "f")))

    assert table[["track_id", "msd_track_id"]].to_numpy().tolist() == [["s2", "m2"]] * 2


def test_a_file_without_description_under_its_best_link_belongs_to_the_next() -> None:
    tracks = matched(
        {"md5": "f", "msd_track_id": "m1"}, {"md5": "f", "msd_track_id": "m2", "link_score": 0.9}
    )

    assert set(assemble_training_set(tracks, described(("m2", "f")))["track_id"]) == {"s1"}


@pytest.mark.parametrize(
    "undetected", [{"key": -1}, {"tempo": 0.0}, {"time_signature": 0}, {"energy": float("nan")}]
)
def test_a_track_with_an_undetected_feature_is_dropped(undetected: dict[str, float]) -> None:
    table = assemble_training_set(matched({}, undetected), described(("m", "f0"), ("m", "f1")))

    assert set(table["track_id"]) == {"s0"}


def test_no_matches_give_an_empty_table_with_the_same_columns() -> None:
    table = assemble_training_set(matched({}).head(0), described(("m", "f0")))

    assert table.empty
    assert list(table.columns) == list(COLUMNS)


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(ARTISTS), min_size=1, max_size=3),
            st.integers(0, 6),
            st.integers(0, 3),
            st.floats(0.5, 1),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_no_artist_and_no_file_is_in_two_splits(rows: list[tuple[list[str], int, int, float]]) -> None:
    tracks = matched(
        *(
            {"artist_keys": artists, "md5": f"f{file}", "msd_track_id": f"m{track}", "link_score": score}
            for artists, file, track, score in rows
        )
    )
    files = [(f"m{track}", f"f{file}") for track in range(4) for file in range(7)]

    table = assemble_training_set(tracks, described(*files))

    for name in ("md5", "artist_keys"):
        each = table[[name, "split"]].explode(name).drop_duplicates()
        assert not each[name].duplicated().any()
    assert not table.duplicated(["md5", "segment"]).any()
