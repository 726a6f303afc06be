"""Invented artists and titles for the songs of a corpus."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from emo_assets.synthetic_corpus.invented_names import album_name, artist_name, song_title
from emo_assets.synthetic_corpus.sampling import SongPlan
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_MAX_SONGS_PER_ARTIST = 5
_SHARE_WITH_GUEST = 0.10


@dataclass(frozen=True)
class Work:
    """A song with its names.

    Attributes:
        number: its index in the corpus.
        artist: its main artist.
        guest: the featured artist, or "".
        title: its title.
        album: an album that contains it.
        plan: the arguments that it is composed from.
    """

    number: int
    artist: str
    guest: str
    title: str
    album: str
    plan: SongPlan


def make_catalogue(plans: list[SongPlan], seed: int) -> list[Work]:
    """Give every song an artist and a title. Songs of one artist have one style and different titles."""
    rng = SeededRandom(seed, "catalogue")
    taken: set[str] = set()
    by_style: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        by_style.setdefault(plan.style.name, []).append(number)
    artists: dict[int, str] = {}
    for numbers in by_style.values():
        while numbers:
            count = 1 + rng.below(_MAX_SONGS_PER_ARTIST)
            artists |= dict.fromkeys(numbers[:count], new_artist(taken, rng))
            numbers[:count] = []
    all_artists = sorted(set(artists.values()))
    works = []
    titles: set[tuple[str, str]] = set()
    for number, plan in enumerate(plans):
        artist = artists[number]
        title = song_title(rng)
        while (artist, title.casefold()) in titles:
            title = song_title(rng)
        titles.add((artist, title.casefold()))
        guest = rng.pick(all_artists) if rng.bernoulli(_SHARE_WITH_GUEST) else ""
        guest = "" if guest == artist else guest
        works.append(Work(number, artist, guest, title, album_name(artist, title, rng), plan))
    return works


def artist_names(works: list[Work]) -> set[str]:
    """Return the works' artists in lower case and without "the", as `new_artist` expects them."""
    return {work.artist.casefold().removeprefix("the ") for work in works}


def new_artist(taken: set[str], rng: SeededRandom) -> str:
    """Return an artist who is not in `taken` (names in lower case, without "the"), and add it there."""
    while True:
        name = artist_name(rng)
        plain = name.casefold().removeprefix("the ")
        if plain not in taken:
            taken.add(plain)
            return name


def identifier(alphabet: str, length: int, *key: object) -> str:
    """Return `length` letters of `alphabet` derived from a hash of `key`."""
    number = int.from_bytes(hashlib.sha256(repr(key).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)
