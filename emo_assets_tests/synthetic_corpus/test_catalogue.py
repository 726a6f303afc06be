from __future__ import annotations

from collections import Counter

from emo_assets.synthetic_corpus.catalogue import Work, identifier


def test_artists_have_a_few_songs_of_one_style_each(works: list[Work]) -> None:
    songs = Counter(work.artist for work in works)
    assert 60 <= len(songs) <= 110
    assert max(songs.values()) <= 5
    for artist in songs:
        assert len({work.plan.style.name for work in works if work.artist == artist}) == 1


def test_artists_and_titles_are_unique_ignoring_case(works: list[Work]) -> None:
    names = {work.artist for work in works}
    assert len({name.casefold().removeprefix("the ") for name in names}) == len(names)
    pairs = {(work.artist, work.title.casefold()) for work in works}
    assert len(pairs) == len(works)
    assert any(not name.isascii() for name in names)
    assert any(name.startswith("The ") for name in names)


def test_identifiers_depend_on_their_cause_alone() -> None:
    assert identifier("AB", 20, 1, "x") == identifier("AB", 20, 1, "x")
    assert identifier("AB", 20, 1, "x") != identifier("AB", 20, 2, "x")
