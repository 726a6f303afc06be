"""Normal forms of artists' names and of titles, so that names equal to people are equal to the machine.

Knows text only: case, accents, punctuation, articles, numbers, several artists in one field, additions to
titles. What the words of an addition mean stands in `versions`; comparing and joining is done elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from emo_assets.linking.versions import Addition, classify_addition, is_year

_ACCENTS = re.compile("[\u0300-\u036f]")
_PLAIN_SIGNS = str.maketrans("øđðłı×‘’ʼ`´“”«»‐‑–—−", "oddlix'''''\"\"\"\"-----", "™®©")
_LIGATURES = re.compile("[æœþ]")
_LETTERS_OF_LIGATURE = {"æ": "ae", "œ": "oe", "þ": "th"}


def folded(text: str) -> str:
    """Return `text` without case, accents and typographic signs; its punctuation stays.

    Accents are taken off Latin, Greek and Cyrillic letters; marks that make another letter in other
    scripts (が, हि) stay. A text of nothing but signs that are taken off stays as it is.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN_SIGNS)).casefold()
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed)).translate(_PLAIN_SIGNS)
    folded_text = _LIGATURES.sub(lambda sign: _LETTERS_OF_LIGATURE[sign[0]], plain)
    return folded_text if folded_text.strip() else text


class _WordSigns(dict[int, str]):
    """Translation table that keeps letters, marks and digits, drops apostrophes, and spaces the rest."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        kept = sign if unicodedata.category(sign)[0] in "LMN" else " "
        self[code] = kept
        return kept


_WORD_SIGNS = _WordSigns({ord("'"): "", ord("&"): " and ", ord("+"): " and "})
_STYLED = re.compile(r"(?<=[^\W\d_])[$!](?=[^\W\d_])")
_SUNG_ING = re.compile(r"(?<=\w\w)in'(?!\w)")
_AND = re.compile(r"(?<=\w)\s+'?n'?\s+(?=\w)")
_SPACE_NOT_BETWEEN_DIGITS = re.compile(r"(?<!\d) | (?!\d)")


def words_of(text: str) -> list[str]:
    """Split a folded text into words of letters and digits; signs that stand for letters become them."""
    if "$" in text or "!" in text:
        text = _STYLED.sub(lambda sign: "s" if sign[0] == "$" else "i", text)
    if "n" in text:
        text = _AND.sub(" and ", _SUNG_ING.sub("ing", text))
    return text.translate(_WORD_SIGNS).split()


def _joined(words: list[str]) -> str:
    """Write words without spaces, but between numbers: `Jay-Z` is `JayZ`, `1 2` is not `12`."""
    return _SPACE_NOT_BETWEEN_DIGITS.sub("", " ".join(words))


def _signs_of(text: str) -> str:
    """Return a name that has no letter or digit, such as `!!!`, as its signs."""
    return "".join(text.split())


_SEVERAL_ARTISTS = re.compile(
    r"\s*;\s*|\s+/\s+|[\s,]+[(\[]?(?:feat|ft|featuring)\b[.:]?\s+(?=\w)"
    r"|\s+(?:vs|versus)\b\.?\s+|\s+duet with\s+"
)
_TOGETHER = re.compile(r"\s*,\s*|\s+(?:&|\+|and)\s+")
_GUESTS_IN_TITLE = re.compile(
    r"(?:(?<=[(\[])with|\b(?:feat|ft|featuring)\b)[.:]?\s+([^()\[\]]+?)(?=\s+-\s|[()\[\]]|$)"
)
_ARTICLE_LAST = re.compile(r"^(.*),\s*the$")
_AND_THE = re.compile(r"(?<=\w)(\s*[&+]\s*|\s+and\s+)the\s+")
_LEADER = re.compile(
    r"(?:the\s+)?(\w+\s.*?\w)"
    r"(?:\s(?:and|with|&|\+)\s(?:the|his|her|their)\s.+"
    r"|\s(?:band|combo|ensemble|experience|group|orchestra|quartet|quintet|sextet|septet|trio))"
)


def artist_keys(artists: str) -> tuple[str, ...]:
    """Return the normal form of each artist's name in a field, the primary one first.

    Several artists are separated by `;`, ` / `, `feat.` or `vs.`; `&` and `and` stay within a name, as in
    Simon & Garfunkel. A leading "the" is left out. Two names are equal when their keys are; a key is never a
    part of another name's.

    Args:
        artists: the field as it stands in a table, such as `The Weeknd;Daft Punk`.
    """
    keys: dict[str, None] = {}
    for name in _SEVERAL_ARTISTS.split(folded(artists)):
        key = _artist_key(name)
        if key:
            keys[key] = None
    return tuple(keys)


def people_in(artists: str) -> frozenset[str]:
    """Return the keys of all who are named in a field of artists, duos and trios taken apart.

    Unlike `artist_keys` it cuts at `&`, `and` and commas too: it serves to ask whether somebody takes part,
    not who made a recording.
    """
    names = _SEVERAL_ARTISTS.split(folded(artists))
    return frozenset(key for name in names for part in _TOGETHER.split(name) if (key := _artist_key(part)))


def guests_of(artists: str, title: str) -> frozenset[str]:
    """Return the keys of those who take part beside the first artist: named in the field, or in the title.

    Args:
        artists: the field, such as `Shakira ft. Wyclef Jean`.
        title: the title, such as `Smooth (feat. Rob Thomas)`.
    """
    _, *further = _SEVERAL_ARTISTS.split(folded(artists), maxsplit=1)
    further += _GUESTS_IN_TITLE.findall(folded(title))
    return frozenset().union(*(people_in(names) for names in further))


def leader_keys(artists: str) -> tuple[str, ...]:
    """Return the keys of those whose bands are named after them, as Jimi Hendrix' is in a field.

    Known by `X & the ..`, `X and his ..`, `X Quartet`, `X Band` and the like, where X is at least two words:
    the leader of a band is then named in full, and a short name is not found inside a longer one.
    """
    leaders = (_LEADER.fullmatch(name.strip()) for name in _SEVERAL_ARTISTS.split(folded(artists)))
    return tuple(_artist_key(leader[1]) for leader in leaders if leader)


def _artist_key(name: str) -> str:
    words = words_of(_AND_THE.sub(" and ", _ARTICLE_LAST.sub(r"\1", name.strip())))
    return _joined(words[1:] if len(words) > 1 and words[0] == "the" else words) or _signs_of(name)


class TitleKey(NamedTuple):
    """The normal form of a title.

    Attributes:
        name: the title's words without spaces; two titles of one song have the same.
        version: which recording or arrangement of the song, such as `live` or `tiesto remix`; empty when
            the title does not say.
    """

    name: str
    version: str


class Title(NamedTuple):
    """A title taken apart.

    Attributes:
        words: the normalised words of the title and its subtitles.
        short: the words without subtitles in brackets; the same as `words` where there are none.
        version: as in `TitleKey`.
        bare: whether nothing was left out as saying nothing of the recording (`Remastered 2009`).
    """

    words: tuple[str, ...]
    short: tuple[str, ...]
    version: str
    bare: bool

    @property
    def key(self) -> TitleKey:
        """The title's normal form."""
        return TitleKey(_joined(list(self.words)), self.version)

    @property
    def short_name(self) -> str:
        """The words of `short`, joined as a key's name is."""
        return _joined(list(self.short))


_BRACKET = re.compile(r"[()\[\]{}]")
_DASH = re.compile(r"\s+[-~]+\s+")
_FEATURING = re.compile(r"[\s,]+(?:feat\b\.?|ft\.|featuring\b)\s.*$")
_ALBUM_VERSION = re.compile(r"(?<=\w)\s+(?:album|lp|single) version$")
_PART = frozenset({"pt", "pts", "part", "parts"})
_NUMBER = re.compile(r"\d+|[ivx]+|one|two|three|four|five|six")
_NUMBER_SIGN = re.compile(r"#\s*(?=\d)")
_ROMAN = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "vii": "7",
    "viii": "8",
    "ix": "9",
    "xi": "11",
    "xii": "12",
}
_SAME_WORD = _ROMAN | {
    "u": "you",
    "ur": "your",
    "luv": "love",
    "thru": "through",
    "tonite": "tonight",
    "nite": "night",
}
_AFTER_PART = _ROMAN | {
    "i": "1",
    "v": "5",
    "x": "10",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
}


def title_key(title: str) -> TitleKey:
    """Return the normal form of a title: two titles of one recording of a song have the same."""
    return parse_title(title).key


def parse_title(title: str) -> Title:
    """Take a title apart into its words, its subtitles and the version that it names."""
    text = folded(title)
    pieces = [(piece, found) for piece in _pieces(text) if (found := _words_of_piece(piece))]
    words: list[str] = []
    short: list[str] = []
    versions: list[str] = []
    bare = True
    within_left_out = False
    for index, (piece, found) in enumerate(pieces):
        if index and (piece.bracketed or piece.dashed):
            kind, version = classify_addition(found, after_dash=piece.dashed, quoted='"' in piece.text)
            year_of_next = is_year(found) and piece.dashed and index + 1 < len(pieces)
            belongs_to_left_out = kind is Addition.TITLE and piece.bracketed and within_left_out
            if kind is Addition.SAME or year_of_next or belongs_to_left_out:
                bare = False
                within_left_out = within_left_out or piece.dashed
                continue
            if kind is Addition.VERSION:
                versions.append(version)
                continue
        words += found
        short += [] if piece.bracketed else found
    words = _without_article(words or words_of(text) or [_signs_of(text)])
    short = _without_article(short or words)
    return Title(tuple(words), tuple(short), " ".join(sorted(versions)), bare)


class _Piece(NamedTuple):
    """A stretch of a folded title: in brackets or not, and if not, whether after a dash."""

    text: str
    bracketed: bool
    dashed: bool


def _pieces(text: str) -> Iterator[_Piece]:
    """Split a folded title at its outermost brackets and at the dashes outside of them."""
    dashed = False
    for stretch, bracketed in _stretches(text):
        if bracketed:
            yield _Piece(stretch, bracketed=True, dashed=False)
            continue
        for number, part in enumerate(_DASH.split(stretch)):
            dashed = dashed or number > 0
            yield _Piece(part, bracketed=False, dashed=dashed)


def _stretches(text: str) -> Iterator[tuple[str, bool]]:
    """Yield what stands outside and inside of the outermost brackets, the latter with True."""
    depth = 0
    start = 0
    for bracket in _BRACKET.finditer(text):
        opens = bracket[0] in "([{"
        if (opens and depth == 0) or (not opens and depth == 1):
            yield text[start : bracket.start()], not opens
            start = bracket.end()
        depth = max(0, depth + (1 if opens else -1))
    yield text[start:], depth > 0


def _words_of_piece(piece: _Piece) -> list[str]:
    """Return the words of a stretch of a title: without featured artists, numbers as digits."""
    text = _FEATURING.sub("", piece.text)
    if not piece.bracketed:
        text = _ALBUM_VERSION.sub("", text)
    words = words_of(_NUMBER_SIGN.sub("no ", text))
    for index, word in enumerate(words):
        if word in _SAME_WORD:
            words[index] = _SAME_WORD[word]
        elif word in _PART and index + 1 < len(words) and _NUMBER.fullmatch(words[index + 1]):
            words[index] = "part"
            words[index + 1] = _AFTER_PART.get(words[index + 1], words[index + 1])
    return words


def _without_article(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0] in {"the", "a", "an"} else words
