from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.exploration import deduplicate_songs, distribution_kind, explore
from emo_assets.features import FEATURE_NAMES
from emo_assets_tests.evaluation.conftest import ROWS


def test_a_track_counts_once(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    found = explore(linked, pd.concat([spotify, spotify.head(50)]))
    assert len(found.linked) == 80
    assert len(found.all_songs) == ROWS


def test_a_song_on_several_albums_counts_once_as_its_most_popular_track(spotify: pd.DataFrame) -> None:
    song = spotify.head(1).assign(popularity=50, energy=0.5)
    albums = [
        song.assign(track_id=f"album{number}", track_name="TITLE 0", popularity=popularity, energy=0.9)
        for number, popularity in enumerate((0, 51, 3))
    ]
    found = explore(pd.concat([song, *albums]), pd.concat([spotify.iloc[1:], song, *albums]))
    assert found.linked[["track_id", "energy"]].to_numpy().tolist() == [["album1", 0.9]]
    assert (found.linked_tracks, found.all_tracks) == (4, ROWS + 3)
    assert len(found.all_songs) == ROWS


def test_table_has_a_row_for_each_feature(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    table = explore(linked, spotify).table.set_index("feature")
    assert tuple(table.index) == FEATURE_NAMES
    assert table.loc["tempo", "undetected"] == 1
    assert table.loc["tempo", "songs"] == 79
    assert table.loc["time_signature", "most_common"] == 4
    assert table["kind"].to_dict() == {
        "danceability": "balanced",
        "energy": "balanced",
        "key": "discrete",
        "loudness": "balanced",
        "mode": "discrete",
        "acousticness": "skewed",
        "instrumentalness": "skewed",
        "valence": "balanced",
        "tempo": "balanced",
        "time_signature": "discrete",
    }


def test_bias_of_linking_is_seen(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    table = explore(linked, spotify).table.set_index("feature")
    shift, distance = table["shift"], table["distance"]
    assert shift["valence"] > 1
    assert distance["valence"] > 0.7
    assert abs(shift["danceability"]) < 0.3


def test_songs_that_are_all_linked_have_no_bias(spotify: pd.DataFrame) -> None:
    table = explore(spotify, spotify).table
    np.testing.assert_allclose(table["shift"], 0, atol=1e-12)
    np.testing.assert_allclose(table["distance"], 0, atol=1e-12)


def test_a_feature_that_is_the_same_in_all_songs_has_no_shift(
    linked: pd.DataFrame, spotify: pd.DataFrame
) -> None:
    alike = explore(linked.assign(mode=1), spotify.assign(mode=1)).table.set_index("feature")
    assert alike.loc["mode", ["shift", "shift_error"]].isna().all()


def test_strong_pairs_are_named_strongest_first(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    found = explore(linked, spotify)
    assert found.strong_pairs[0][:2] == ("energy", "loudness")
    sizes = [abs(correlation) for _, _, correlation in found.strong_pairs]
    assert sizes == sorted(sizes, reverse=True)
    assert not any("key" in pair for pair in found.strong_pairs)


def test_correlations_are_spearmans(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    found = explore(linked, spotify)
    expected = found.linked[["energy", "valence"]].corr("spearman").iloc[0, 1]
    assert found.correlations.loc["energy", "valence"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("feature", "skewness", "kind"),
    [
        ("energy", 0.49, "balanced"),
        ("energy", -0.5, "skewed"),
        ("energy", float("nan"), "balanced"),
        ("mode", 3.0, "discrete"),
    ],
)
def test_kind_follows_the_rule(feature: str, skewness: float, kind: str) -> None:
    assert distribution_kind(feature, skewness) == kind


def test_genres_without_a_linked_song_are_counted(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    few = linked[linked["track_genre"] != "genre6"]
    genres = explore(few, spotify).genres.set_index("genre")
    assert genres.loc["genre6", "linked"] == 0
    assert genres["linked_share"].sum() == pytest.approx(1)
    assert genres["all"].sum() == ROWS


def test_a_song_counts_in_each_of_its_genres(spotify: pd.DataFrame) -> None:
    more = spotify.head(4).assign(track_genre="disco")
    genres = explore(spotify.head(8), pd.concat([spotify, more])).genres.set_index("genre")
    assert genres["linked"]["disco"] == 4
    assert genres["all"]["disco"] == 4
    assert genres["linked"].sum() == 12
    assert genres.loc["disco", "linked_share"] == pytest.approx(0.5)


def test_undetected_values_are_left_out(spotify: pd.DataFrame) -> None:
    songs = deduplicate_songs(spotify)
    assert 0 not in songs["tempo"].tolist()
    assert songs["tempo"].isna().sum() == 1
    assert songs["energy"].notna().sum() == ROWS


@pytest.mark.parametrize("missing", ["energy", "track_name", "track_genre"])
def test_a_missing_column_is_named(linked: pd.DataFrame, spotify: pd.DataFrame, missing: str) -> None:
    with pytest.raises(InputError, match=f"spotify.*{missing}"):
        explore(linked, spotify.drop(columns=missing))


def test_an_empty_table_is_refused(linked: pd.DataFrame, spotify: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no row"):
        explore(linked.head(0), spotify)


@pytest.mark.realdata
def test_real_songs_are_as_the_paper_shows_them(realdata: Path) -> None:
    table = pd.read_csv(realdata / "spotify" / "dataset.csv", index_col=0).dropna(subset=["track_name"])
    links = pd.read_csv(realdata / "linked_triples.csv")
    found = explore(table[table["track_id"].isin(links["spotify_track_id"])], table)
    kinds = found.table.set_index("feature")["kind"]
    assert kinds["danceability"] == "balanced"
    assert kinds["loudness"] == "skewed"
    assert kinds["time_signature"] == "discrete"
    pairs = {frozenset(pair[:2]): pair[2] for pair in found.strong_pairs}
    assert pairs[frozenset(("valence", "danceability"))] > 0.3
    assert pairs[frozenset(("loudness", "energy"))] > 0.5
    assert pairs[frozenset(("acousticness", "loudness"))] < -0.3
    assert pairs[frozenset(("acousticness", "energy"))] < -0.3
