from __future__ import annotations

import pandas as pd

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.linking.join import COLUMNS, join_links


def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    features = dict(zip(FEATURE_NAMES, FeatureVector().as_array(), strict=True))
    row = {
        "artists": "The Weeknd;Daft Punk",
        "track_name": "Starboy",
        "popularity": 90,
        "speechiness": 0.1,
        **features,
    }
    spotify = pd.DataFrame(
        [
            {**row, "track_id": "s1", "track_genre": "pop"},
            {**row, "track_id": "s1", "track_genre": "dance"},
            {**row, "track_id": "s2", "track_genre": "pop"},
        ]
    )
    links = pd.DataFrame(
        {
            "track_id": ["s1", "s1"],
            "msd_track_id": ["m1", "m2"],
            "method": ["exact", "fuzzy"],
            "score": [1.0, 0.8],
        }
    )
    lakh = pd.DataFrame(
        {
            "msd_track_id": ["m1", "m1", "m3"],
            "md5": ["f2", "f1", "f3"],
            "path": ["b", "a", "c"],
            "content": [b""] * 3,
        }
    )
    return links, spotify, lakh


def test_each_linked_track_is_listed_once_per_file_with_its_first_genre() -> None:
    matched = join_links(*tables())

    assert list(matched.columns) == list(COLUMNS)
    assert matched[["track_id", "msd_track_id", "md5"]].to_numpy().tolist() == [
        ["s1", "m1", "f1"],
        ["s1", "m1", "f2"],
    ]
    assert matched["track_genre"].tolist() == ["pop", "pop"]
    assert matched["artist_keys"].tolist() == [["weeknd", "daftpunk"]] * 2
    assert matched["link_method"].tolist() == ["exact", "exact"]
    assert matched["link_score"].tolist() == [1.0, 1.0]


def test_nothing_linked_is_an_empty_table_with_the_same_columns() -> None:
    links, spotify, lakh = tables()

    matched = join_links(links.head(0), spotify, lakh)

    assert matched.empty
    assert list(matched.columns) == list(COLUMNS)
