from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.catalogue import Work
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow
from emo_assets.synthetic_corpus.spotify_listing import spotify_rows as list_spotify


@pytest.fixture(scope="module")
def spotify_rows(works: list[Work]) -> list[SpotifyRow]:
    return list_spotify(works, 0)


def test_every_song_is_listed_among_others(works: list[Work], spotify_rows: list[SpotifyRow]) -> None:
    assert {row.work for row in spotify_rows} == {*(work.number for work in works), None}


def test_track_ids_look_like_spotifys(spotify_rows: list[SpotifyRow]) -> None:
    tracks = {row.track_id for row in spotify_rows}
    assert all(len(track) == 22 and track.isalnum() and track.isascii() for track in tracks)


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
