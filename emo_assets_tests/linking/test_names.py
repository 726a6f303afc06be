from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.linking.names import artist_keys, fold_text, guest_keys, leader_keys, parse_title


@pytest.mark.parametrize(
    ("artists", "keys"),
    [
        ("The Beatles", ("beatles",)),
        ("Beatles, The", ("beatles",)),
        ("The The", ("the",)),
        ("The Weeknd;Daft Punk", ("weeknd", "daftpunk")),
        ("Daft Punk;Daft Punk", ("daftpunk",)),
        ("Eminem (Feat. Dido)", ("eminem", "dido")),
        ("Jay-Z / Linkin Park", ("jayz", "linkinpark")),
        ("RUN-DMC vs. Jason Nevins", ("rundmc", "jasonnevins")),
        ("AC/DC", ("acdc",)),
        ("Little Feat", ("littlefeat",)),
        ("Simon & Garfunkel", ("simonandgarfunkel",)),
        ("Simon and Garfunkel", ("simonandgarfunkel",)),
        ("Florence + The Machine", ("florenceandmachine",)),
        ("A$AP Rocky", ("asaprocky",)),
        ("Sigur Rós", ("sigurros",)),
        ("Đorđe Balašević", ("dordebalasevic",)),
        ("坂本龍一", ("坂本龍一",)),
        ("!!!", ("!!!",)),
        ("10,000 Maniacs", ("10 000maniacs",)),
        ("", ()),
        (" ; ", ()),
    ],
)
def test_artists_become_keys(artists: str, keys: tuple[str, ...]) -> None:
    assert artist_keys(artists) == keys


@pytest.mark.parametrize(
    ("artist", "keys"),
    [
        ("The Jimi Hendrix Experience", ("jimihendrix",)),
        ("The Dave Brubeck Quartet", ("davebrubeck",)),
        ("Tom Petty And The Heartbreakers", ("tompetty",)),
        ("Count Basie and His Orchestra", ("countbasie",)),
        ("Elvis Presley With The Jordanaires", ("elvispresley",)),
        ("Kool & The Gang", ()),
        ("The Band", ()),
        ("Average Band", ()),
        ("Simon & Garfunkel", ()),
        ("Florence + The Machine", ()),
    ],
)
def test_a_band_named_after_its_leader_is_known_by_it(artist: str, keys: tuple[str, ...]) -> None:
    assert leader_keys(artist) == keys


@pytest.mark.parametrize(
    ("title", "name", "version"),
    [
        ("Imagine", "imagine", ""),
        ("Imagine - Remastered 2010", "imagine", ""),
        ("Mama - 2007 - Remaster", "mama", ""),
        ("Heroes (1999 Digital Remaster) [Live]", "heroes", "live"),
        ("Hurt - Ao Vivo", "hurt", "live"),
        ("Hurt (Live at Wembley 1986)", "hurt", "live at wembley 1986"),
        ("Monster (feat. X) [Tiësto Remix]", "monster", "tiesto remix"),
        ("Song - Acoustic - Live", "song", "acoustic live"),
        ('Grease - From "Grease (Film)"', "grease", ""),
        ("(I Can't Get No) Satisfaction", "icantgetnosatisfaction", ""),
        ("(Everything I Do) I Do It For You", "everythingidoidoitforyou", ""),
        ("Another Brick in the Wall, Pt. 2", "anotherbrickinthewallpart2", ""),
        ("Another Brick In The Wall (Part II)", "anotherbrickinthewallpart2", ""),
        ("Song for (the) Dead (unclosed", "songforthedeadunclosed", ""),
        ("Hello LP Version", "hello", ""),
        ("Mambo #5", "mambono5", ""),
        ("1, 2, 3", "1 2 3", ""),
        ("123", "123", ""),
        ("1999", "1999", ""),
        ("(Live)", "live", ""),
        ("Remastered", "remastered", ""),
        ("The", "the", ""),
        ("A", "a", ""),
        ("!!!", "!!!", ""),
        ("…", "...", ""),
        ("( )", "()", ""),
        ("", "", ""),
    ],
)
def test_titles_become_a_name_and_a_version(title: str, name: str, version: str) -> None:
    parsed = parse_title(title)
    assert (parsed.name, parsed.version) == (name, version)


def test_a_title_is_split_into_subtitle_and_additions() -> None:
    title = parse_title("Sweet Dreams (Are Made of This) - Remastered")

    assert title.words == ("sweet", "dreams", "are", "made", "of", "this")
    assert title.short_words == ("sweet", "dreams")
    assert title.addition_dropped
    assert not parse_title("Sweet Dreams (Live)").addition_dropped


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ærøskøbing", "aeroskobing"),
        ("Straße", "strasse"),
        ("Ёлка", "елка"),
        ("がぎ", "がぎ"),
        ("हिन्दी", "हिन्दी"),
        ("Ｔｗｏ", "two"),
    ],
)
def test_folding_takes_accents_off_where_they_are_accents(text: str, plain: str) -> None:
    assert fold_text(text) == plain


@given(st.text(max_size=60))
def test_any_text_has_keys_that_do_not_depend_on_case(text: str) -> None:
    title, folded = parse_title(text), parse_title(fold_text(text))
    assert (title.name, title.version) == (folded.name, folded.version)
    assert artist_keys(text) == artist_keys(fold_text(text))
    assert all(artist_keys(text))
    assert title.name or not text.strip()


@given(st.text(alphabet="([{)]} -bcd\"'", max_size=40))
def test_brackets_and_dashes_may_be_in_any_order(text: str) -> None:
    title = parse_title(text)

    assert set("".join(title.short_words)) <= set("".join(title.words))


@pytest.mark.parametrize(
    ("artists", "title", "guests"),
    [
        ("Shakira ft. Wyclef Jean", "Hips Don't Lie", {"wyclefjean"}),
        ("Kool & The Gang featuring Blue & Lil' Kim", "Fresh", {"blue", "lilkim"}),
        ("Santana", "Smooth (feat. Rob Thomas)", {"robthomas"}),
        ("Kelis", "Milkshake feat. Pharrell - Radio Edit", {"pharrell"}),
        ("Post Malone", "rockstar (with 21 Savage)", {"21savage"}),
        ("Billy Idol", "Dancing with Myself", set()),
        ("Simon & Garfunkel", "Cecilia", set()),
    ],
)
def test_guests_are_all_artists_but_the_first(artists: str, title: str, guests: set[str]) -> None:
    assert guest_keys(artists, title) == guests
