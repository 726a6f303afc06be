"""How the songs are listed in MSD: other spellings, editions, doubles, and names that only look alike.

The file's format is written by `tables`.
"""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass

from emo_assets.synthetic_corpus.catalogue import Work, identifier, new_artist
from emo_assets.synthetic_corpus.invented_names import song_title
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_EDITIONS = ("Album Version", "LP Version", "Single Version", "{} Digital Remaster")


@dataclass(frozen=True)
class MsdRow:
    """One line of the file; `work` is the number of the song whose studio recording it is, or None."""

    track_id: str
    song_id: str
    artist: str
    title: str
    work: int | None


def listed(works: list[Work], seed: int) -> list[MsdRow]:
    """List every song once, some twice, among their look-alikes and songs that nobody else lists.

    Corpora of other sizes or seeds have other track ids, so that their files cannot be mixed up.

    Args:
        works: the songs.
        seed: equal seeds give equal rows.

    Returns:
        Rows in no order; the first of a work is the one that its MIDI files stand under.
    """
    corpus = (seed, len(works))
    rows: list[MsdRow] = []
    for work in works:
        rng = SeededRandom(seed, "msd", work.number)
        artist, title = _spelled_artist(work, rng), _spelled_title(work, rng)
        rows.append(_row(artist, title, work.number, corpus, "main"))
        if rng.bernoulli(0.05):
            rows.append(_row(work.artist, f"{work.title} (Album Version)", work.number, corpus, "double"))
        if rng.bernoulli(0.22):
            other_artist, other_title = _look_alike(work, works, rng)
            rows.append(_row(other_artist, other_title, None, corpus, "look-alike", work.number))
    return rows + _unheard_of(works, seed)


def _row(artist: str, title: str, work: int | None, *what: object) -> MsdRow:
    key = (work, *what)
    letters, digits = string.ascii_uppercase, string.digits + "ABCDEF"
    track_id = f"TR{identifier(letters, 5, 'track', *key)}128F{identifier(digits, 7, *key, 'track')}"
    song_id = f"SO{identifier(letters, 5, 'song', *key)}12A{identifier(digits, 8, *key, 'song')}"
    return MsdRow(track_id, song_id, artist, title, work)


def _spelled_artist(work: Work, rng: SeededRandom) -> str:
    """Return the artist as somebody else spells it."""
    name = work.artist
    variants = [
        name,
        name.upper(),
        _without_accents(name),
        name.replace("&", "and"),
        name.removeprefix("The "),
    ]
    spelled = rng.weighted(variants, (0.55, 0.08, 0.17, 0.10, 0.10))
    if work.guest and rng.bernoulli(0.5):
        spelled += rng.pick((f" feat. {work.guest}", f" Featuring {work.guest}", f" / {work.guest}"))
    return spelled


def _spelled_title(work: Work, rng: SeededRandom) -> str:
    """Return the title as somebody else spells it."""
    title = work.title
    variants = [
        title,
        title.lower(),
        title.title().replace("'S", "'s").replace("'T", "'t").replace("'M", "'m"),
        _without_accents(title).replace("'", "’"),
        "".join(letter for letter in title if letter not in "!?,"),
        title.replace("'", "").replace(":", "_"),
        _misspelled(title, rng),
    ]
    spelled = rng.weighted(variants, (0.50, 0.10, 0.10, 0.12, 0.08, 0.06, 0.04))
    if rng.bernoulli(0.18):
        spelled += f" ({rng.pick(_EDITIONS).format(1990 + rng.below(20))})"
    return spelled


def _misspelled(title: str, rng: SeededRandom) -> str:
    """Return a long title with one letter missing; short ones would become other titles."""
    if len(title) < 16:
        return title
    places = [
        place for place in range(3, len(title) - 1) if title[place].isalpha() and title[place].islower()
    ]
    place = rng.pick(places)
    return title[:place] + title[place + 1 :]


def _look_alike(work: Work, works: list[Work], rng: SeededRandom) -> tuple[str, str]:
    """Return artist and title of another song whose name looks like this one's."""
    kind = rng.below(5)
    if kind == 0:
        return work.artist, f"{work.title} {rng.pick(('II', 'Part 2', 'III'))}"
    if kind == 1:
        return work.artist, f"{work.title} (Remix)"
    if kind == 2:
        return work.artist, f"{work.title} (Live)"
    if kind == 3:
        strangers = [other.artist for other in works if other.artist not in (work.artist, work.guest)]
        return (rng.pick(strangers) if strangers else "Somebody Else"), work.title
    return work.artist, f"{work.title} (Karaoke Version)"


def _unheard_of(works: list[Work], seed: int) -> list[MsdRow]:
    """Return songs that Spotify does not list, half as many as there are works."""
    corpus = (seed, len(works))
    rng = SeededRandom(seed, "unheard of")
    taken = {work.artist.casefold().removeprefix("the ") for work in works}
    rows = []
    for number in range(len(works) // 2):
        artist = new_artist(taken, rng)
        rows.append(_row(artist, song_title(rng), None, corpus, "unheard of", number))
    return rows


def _without_accents(text: str) -> str:
    plain = text.translate(str.maketrans("øØåÅ", "oOaA"))
    return "".join(
        letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter)
    )
