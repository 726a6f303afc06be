"""The songs in the MSD list: other spellings, editions, duplicates, and other songs of similar names."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass

from emo_assets.synthetic_corpus.catalogue import Work, artist_names, identifier, new_artist
from emo_assets.synthetic_corpus.invented_names import song_title
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_EDITIONS = ("Album Version", "LP Version", "Single Version", "{} Digital Remaster")


@dataclass(frozen=True)
class MsdRow:
    """A line of the list; `work` is the number of the work if it is its studio recording."""

    track_id: str
    song_id: str
    artist: str
    title: str
    work: int | None


def msd_rows(works: list[Work], seed: int) -> list[MsdRow]:
    """List every work once or twice, songs with similar names, and songs that are not in the Spotify table.

    Corpora of other sizes or seeds have other track ids, so that their files cannot be mixed up.

    Returns:
        Rows in no particular order; a work's MIDI files are filed under its first one.
    """
    corpus = (seed, len(works))
    rows: list[MsdRow] = []
    for work in works:
        rng = SeededRandom(seed, "msd", work.number)
        artist, title = _artist_variant(work, rng), _title_variant(work, rng)
        rows.append(_row(artist, title, work.number, corpus, "main"))
        if rng.bernoulli(0.05):
            rows.append(_row(work.artist, f"{work.title} (Album Version)", work.number, corpus, "double"))
        if rng.bernoulli(0.22):
            other_artist, other_title = _similar_name(work, works, rng)
            rows.append(_row(other_artist, other_title, None, corpus, "look-alike", work.number))
    return rows + _other_songs(works, seed)


def _row(artist: str, title: str, work: int | None, *version: object) -> MsdRow:
    key = (work, *version)
    letters, digits = string.ascii_uppercase, string.digits + "ABCDEF"
    track_id = f"TR{identifier(letters, 5, 'track', *key)}128F{identifier(digits, 7, *key, 'track')}"
    song_id = f"SO{identifier(letters, 5, 'song', *key)}12A{identifier(digits, 8, *key, 'song')}"
    return MsdRow(track_id, song_id, artist, title, work)


def _artist_variant(work: Work, rng: SeededRandom) -> str:
    """Return the artist in another spelling."""
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


def _title_variant(work: Work, rng: SeededRandom) -> str:
    """Return the title in another spelling."""
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
    """Return a title with one letter missing, if it is long enough to stay recognisable."""
    if len(title) < 16:
        return title
    places = [
        place for place in range(3, len(title) - 1) if title[place].isalpha() and title[place].islower()
    ]
    place = rng.pick(places)
    return title[:place] + title[place + 1 :]


def _similar_name(work: Work, works: list[Work], rng: SeededRandom) -> tuple[str, str]:
    """Return artist and title of another song with a similar name."""
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


def _other_songs(works: list[Work], seed: int) -> list[MsdRow]:
    """Return songs that are not in the Spotify table, half as many as there are works."""
    corpus = (seed, len(works))
    rng = SeededRandom(seed, "unheard of")
    taken = artist_names(works)
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
