from __future__ import annotations

from collections import Counter

import pytest

from emo_assets.synthetic_corpus.catalogue import Work, identifier, make_catalogue
from emo_assets.synthetic_corpus.msd_listing import MsdRow
from emo_assets.synthetic_corpus.msd_listing import msd_rows as list_msd
from emo_assets.synthetic_corpus.sampling import SongPlan
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow
from emo_assets.synthetic_corpus.spotify_listing import spotify_rows as list_spotify


@pytest.fixture(scope="module")
def works(plans: list[SongPlan]) -> list[Work]:
    return make_catalogue(plans, 0)


@pytest.fixture(scope="module")
def spotify_rows(works: list[Work]) -> list[SpotifyRow]:
    return list_spotify(works, 0)


@pytest.fixture(scope="module")
def msd_rows(works: list[Work]) -> list[MsdRow]:
    return list_msd(works, 0)


def test_artists_have_a_few_songs_of_one_style_each(works: list[Work]) -> None:
    songs = Counter(work.artist for work in works)
    assert 60 <= len(songs) <= 110
    assert max(songs.values()) <= 5
    for artist in songs:
        assert len({work.plan.style.name for work in works if work.artist == artist}) == 1


def test_artists_and_titles_are_told_apart_without_accents_of_case(works: list[Work]) -> None:
    names = {work.artist for work in works}
    assert len({name.casefold().removeprefix("the ") for name in names}) == len(names)
    pairs = {(work.artist, work.title.casefold()) for work in works}
    assert len(pairs) == len(works)
    assert any(not name.isascii() for name in names)
    assert any(name.startswith("The ") for name in names)


def test_identifiers_look_like_the_data_sets_and_are_unique(
    spotify_rows: list[SpotifyRow], msd_rows: list[MsdRow]
) -> None:
    tracks = {row.track_id for row in spotify_rows}
    assert all(len(track) == 22 and track.isalnum() and track.isascii() for track in tracks)
    assert len({row.track_id for row in msd_rows}) == len(msd_rows)
    for row in msd_rows:
        assert len(row.track_id) == len(row.song_id) == 18
        assert row.track_id[:2] == "TR"
        assert row.track_id[2:7].isalpha()
        assert row.song_id[:2] == "SO"


def test_identifiers_depend_on_their_cause_alone() -> None:
    assert identifier("AB", 20, 1, "x") == identifier("AB", 20, 1, "x")
    assert identifier("AB", 20, 1, "x") != identifier("AB", 20, 2, "x")


def test_every_song_is_in_both_tables(
    works: list[Work], spotify_rows: list[SpotifyRow], msd_rows: list[MsdRow]
) -> None:
    numbers = {work.number for work in works}
    assert {row.work for row in spotify_rows} == {*numbers, None}
    assert {row.work for row in msd_rows} == {*numbers, None}


def test_a_track_under_several_genres_is_the_same_track(spotify_rows: list[SpotifyRow]) -> None:
    genres: dict[str, list[SpotifyRow]] = {}
    for row in spotify_rows:
        genres.setdefault(row.track_id, []).append(row)
    repeated = [rows for rows in genres.values() if len(rows) > 1]
    assert repeated
    for rows in repeated:
        assert len({row.track_genre for row in rows}) == len(rows)
        assert len({(row.track_name, row.features) for row in rows}) == 1


def test_the_spotify_table_is_as_untidy_as_the_real_one(spotify_rows: list[SpotifyRow]) -> None:
    titles = [row.track_name for row in spotify_rows]
    for sign in ("Remaster", "(feat. ", " - Live", "Remix"):
        assert any(sign in title for title in titles), sign
    assert any(len(row.artists) > 1 for row in spotify_rows)
    assert any(row.explicit for row in spotify_rows)
    strangers = [row for row in spotify_rows if row.work is None and "Live" not in row.track_name]
    assert len(strangers) > 50


def test_live_versions_and_remixes_are_other_recordings(spotify_rows: list[SpotifyRow]) -> None:
    for row in spotify_rows:
        if " - Live" in row.track_name or row.track_name.endswith(" Remix"):
            assert row.work is None


def test_msd_has_other_spellings_doubles_and_look_alikes(works: list[Work], msd_rows: list[MsdRow]) -> None:
    by_number = {work.number: work for work in works}
    listed = [row for row in msd_rows if row.work is not None]
    same = [row for row in listed if row.work is not None and row.title == by_number[row.work].title]
    assert 0.3 < len(same) / len(listed) < 0.7
    assert any(row.artist.isupper() for row in listed)
    assert any("Version)" in row.title for row in listed)
    assert max(Counter(row.work for row in listed).values()) == 2
    others = [row.title for row in msd_rows if row.work is None]
    for sign in (" II", "(Remix)", "(Live)", "(Karaoke Version)"):
        assert any(title.endswith(sign) for title in others), sign
