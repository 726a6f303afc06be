"""Who wrote which song: invented artists, each true to a style, with several songs each.

How the songs are listed in Spotify and MSD, and what goes wrong there, is the business of `spotify_listing`
and `msd_listing`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from emo_assets.synthetic_corpus.invented_names import album_name, artist_name, song_title
from emo_assets.synthetic_corpus.sampling import SongPlan
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_LARGEST_REPERTOIRE = 5
_SHARE_WITH_GUEST = 0.10


@dataclass(frozen=True)
class Work:
    """A song as the world knows it.

    Attributes:
        number: its place in the corpus, from 0.
        artist: who recorded it.
        guest: who is featured on it; empty when nobody is.
        title: its title as on the record.
        album: a record that it is on.
        plan: what it sounds like.
    """

    number: int
    artist: str
    guest: str
    title: str
    album: str
    plan: SongPlan


def catalogue_of(plans: list[SongPlan], seed: int) -> list[Work]:
    """Give every song an artist and a title; songs of one artist are of one style and differ in their titles.

    Args:
        plans: the songs.
        seed: equal seeds give equal names.
    """
    rng = SeededRandom(seed, "catalogue")
    taken: set[str] = set()
    by_style: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        by_style.setdefault(plan.style.name, []).append(number)
    artists: dict[int, str] = {}
    for numbers in by_style.values():
        while numbers:
            repertoire = 1 + rng.below(_LARGEST_REPERTOIRE)
            name = new_artist(taken, rng)
            artists |= dict.fromkeys(numbers[:repertoire], name)
            numbers[:repertoire] = []
    everybody = sorted(set(artists.values()))
    works = []
    titles: set[tuple[str, str]] = set()
    for number, plan in enumerate(plans):
        artist = artists[number]
        title = song_title(rng)
        while (artist, title.casefold()) in titles:
            title = song_title(rng)
        titles.add((artist, title.casefold()))
        guest = rng.pick(everybody) if rng.bernoulli(_SHARE_WITH_GUEST) else ""
        guest = "" if guest == artist else guest
        works.append(Work(number, artist, guest, title, album_name(artist, title, rng), plan))
    return works


def new_artist(taken: set[str], rng: SeededRandom) -> str:
    """Return an artist who is not in `taken` (names in lower case, without "the"), and note it there."""
    while True:
        name = artist_name(rng)
        plain = name.casefold().removeprefix("the ")
        if plain not in taken:
            taken.add(plain)
            return name


def identifier(alphabet: str, length: int, *of_what: object) -> str:
    """Return `length` letters of `alphabet` that depend on `of_what` alone."""
    number = int.from_bytes(hashlib.sha256(repr(of_what).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)
