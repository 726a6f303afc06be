from __future__ import annotations

from emo_assets.synthetic_corpus.invented_names import album_name, artist_name, song_title
from emo_assets.synthetic_corpus.seeded_random import SeededRandom


def test_names_are_varied_and_clean() -> None:
    rng = SeededRandom(0)
    for invent, distinct in ((artist_name, 250), (song_title, 200)):
        names = [invent(rng) for _ in range(300)]
        assert len(set(names)) > distinct
        assert all(name == name.strip() and "_" not in name and "  " not in name for name in names)
        assert any(not name.isascii() for name in names)


def test_albums_may_be_named_after_their_song_or_artist() -> None:
    rng = SeededRandom(0)
    albums = {album_name("Ada Quill", "Neon Rain", rng) for _ in range(50)}
    assert {"Ada Quill", "Neon Rain"} < albums
