from __future__ import annotations

import pytest

from emo_assets.linking.versions import Addition, classify_addition, is_generic_title, is_year

SOLD_OTHERWISE = """
    remastered 2009 / 2003 remaster / 1998 digital remaster / 24 bit digitally remastered 02 / album version /
    the plan album version / full length album version / single version mono / radio edit / original mix /
    explicit / previously unreleased / bonus track / 2019 mix / feat dido / with justin bieber / edit
"""


@pytest.mark.parametrize("addition", [addition.strip() for addition in SOLD_OTHERWISE.split("/")])
def test_words_of_editions_do_not_make_a_version(addition: str) -> None:
    assert classify_addition(addition.split(), after_dash=False, quoted=False) == (Addition.SAME, "")


@pytest.mark.parametrize(
    ("addition", "version"),
    [
        ("live", "live"),
        ("live version", "live"),
        ("live album version", "live"),
        ("ao vivo", "live"),
        ("acustico", "acoustic"),
        ("a cappella", "acappella"),
        ("kaskade remix edit", "kaskade remix"),
        ("robin schulz radio edit", "robin schulz"),
        ("1991 remix", "1991 remix"),
        ("re recorded remastered", "rerecorded"),
        ("spanish version", "spanish"),
        ("taylors version", "taylors"),
        ("in the style of abba", "in style of abba"),
        ("new version", "new"),
    ],
)
def test_another_recording_is_a_version(addition: str, version: str) -> None:
    assert classify_addition(addition.split(), after_dash=False, quoted=False) == (Addition.VERSION, version)


@pytest.mark.parametrize("addition", ["i cant get no", "the pina colada song", "part 2", "1984", "from hell"])
def test_other_additions_belong_to_the_title(addition: str) -> None:
    assert classify_addition(addition.split(), after_dash=False, quoted=False) == (Addition.TITLE, "")


def test_the_source_of_a_song_does_not_make_a_version() -> None:
    assert classify_addition(["from", "grease"], after_dash=True, quoted=False)[0] is Addition.SAME
    assert classify_addition(["from", "grease"], after_dash=False, quoted=True)[0] is Addition.SAME
    assert classify_addition(["from", "the", "film"], after_dash=False, quoted=False)[0] is Addition.SAME


@pytest.mark.parametrize(
    "title", ["allegro", "2 largo", "intro", "untitled 3", "allegro ma non troppo", "track 7"]
)
def test_generic_titles_name_no_single_piece(title: str) -> None:
    assert is_generic_title(title.split())


@pytest.mark.parametrize(
    "title", ["99 luftballons", "7", "x", "prelude in e minor op 28", "waltz for debby", "505"]
)
def test_other_titles_name_a_piece(title: str) -> None:
    assert not is_generic_title(title.split())


def test_a_year_is_four_digits_and_nothing_else() -> None:
    assert is_year(["1999"])
    assert not any(is_year(words) for words in ([], ["99"], ["1999", "remaster"], ["3000"]))
