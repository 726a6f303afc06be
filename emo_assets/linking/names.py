"""Normal forms of artists' names and of titles: different spellings of a name have the same form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from emo_assets.linking.versions import Addition, classify_addition, is_year

_ACCENTS = re.compile("[\u0300-\u036f]")
_PLAIN_SIGNS = str.maketrans("øđðłı×‘’ʼ`´“”«»‐‑–—−", "oddlix'''''\"\"\"\"-----", "™®©")
_LIGATURES = re.compile("[æœþ]")
_LETTERS_OF_LIGATURE = {"æ": "ae", "œ": "oe", "þ": "th"}


def fold_text(text: str) -> str:
    """Return `text` without case, accents and typographic signs, but with its punctuation.

    Accents are removed from Latin, Greek and Cyrillic letters; marks that change the letter in other scripts
    (が, हि) are kept. A text that consists of removed signs only is returned as it is.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN_SIGNS)).casefold()
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed)).translate(_PLAIN_SIGNS)
    text_folded = _LIGATURES.sub(lambda sign: _LETTERS_OF_LIGATURE[sign[0]], plain)
    return text_folded if text_folded.strip() else text


class _WordSigns(dict[int, str]):
    """Translation table: keeps letters, marks and digits, drops apostrophes; other signs become spaces."""

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


def split_words(text: str) -> list[str]:
    """Split a folded text into words of letters and digits; signs used as letters become them (`A$AP`)."""
    if "$" in text or "!" in text:
        text = _STYLED.sub(lambda sign: "s" if sign[0] == "$" else "i", text)
    if "n" in text:
        text = _AND.sub(" and ", _SUNG_ING.sub("ing", text))
    return text.translate(_WORD_SIGNS).split()


def _join_words(words: Sequence[str]) -> str:
    """Join words without spaces, except between numbers: `Jay-Z` equals `JayZ`, but `1 2` not `12`."""
    return _SPACE_NOT_BETWEEN_DIGITS.sub("", " ".join(words))


def _signs(text: str) -> str:
    """Return a name without letters and digits, such as `!!!`, as its signs."""
    return "".join(text.split())


_SEPARATOR = re.compile(
    r"\s*;\s*|\s+/\s+|[\s,]+[(\[]?(?:feat|ft|featuring)\b[.:]?\s+(?=\w)"
    r"|\s+(?:vs|versus)\b\.?\s+|\s+duet with\s+"
)
_CONJUNCTION = re.compile(r"\s*,\s*|\s+(?:&|\+|and)\s+")
_FEATURED = re.compile(
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

    Artists are separated by `;`, ` / `, `feat.` or `vs.`; `&` and `and` are part of a name, as in Simon &
    Garfunkel. A leading "the" is dropped.

    Args:
        artists: a table's field of artists, such as `The Weeknd;Daft Punk`.
    """
    keys = (_artist_key(name) for name in _SEPARATOR.split(fold_text(artists)))
    return tuple(dict.fromkeys(key for key in keys if key))


def person_keys(artists: str) -> frozenset[str]:
    """Return the keys of all persons in a field of artists, also separated by `&`, `and` and commas."""
    names = _SEPARATOR.split(fold_text(artists))
    return frozenset(key for name in names for part in _CONJUNCTION.split(name) if (key := _artist_key(part)))


def guest_keys(artists: str, title: str) -> frozenset[str]:
    """Return the keys of all artists but the first, in the field of artists or in the title.

    Args:
        artists: the field, such as `Shakira ft. Wyclef Jean`.
        title: the title, such as `Smooth (feat. Rob Thomas)`.
    """
    _, *others = _SEPARATOR.split(fold_text(artists), maxsplit=1)
    others += _FEATURED.findall(fold_text(title))
    return frozenset().union(*(person_keys(names) for names in others))


def leader_keys(artists: str) -> tuple[str, ...]:
    """Return the keys of the leaders of bands that are named after them (The Jimi Hendrix Experience).

    Recognises `X & the ..`, `X and his ..`, `X Quartet`, `X Band` and the like, where X has at least two
    words.
    """
    leaders = (_LEADER.fullmatch(name.strip()) for name in _SEPARATOR.split(fold_text(artists)))
    return tuple(_artist_key(leader[1]) for leader in leaders if leader)


def _artist_key(name: str) -> str:
    words = split_words(_AND_THE.sub(" and ", _ARTICLE_LAST.sub(r"\1", name.strip())))
    return _join_words(words[1:] if len(words) > 1 and words[0] == "the" else words) or _signs(name)


class Title(NamedTuple):
    """A parsed title.

    Attributes:
        words: the normalised words of the title and its subtitles.
        short_words: the words without subtitles in brackets; equal to `words` if there are none.
        version: which recording or arrangement it is, such as `live` or `tiesto remix`; "" if the title does
            not say.
        addition_dropped: whether an addition was dropped that does not distinguish recordings (`Remastered
            2009`).
    """

    words: tuple[str, ...]
    short_words: tuple[str, ...]
    version: str
    addition_dropped: bool

    @property
    def name(self) -> str:
        """The words without spaces; two titles of one song have the same name."""
        return _join_words(self.words)

    @property
    def short_name(self) -> str:
        """The short words without spaces."""
        return _join_words(self.short_words)


_BRACKET = re.compile(r"[()\[\]{}]")
_DASH = re.compile(r"\s+[-~]+\s+")
_FEATURING = re.compile(r"[\s,]+(?:feat\b\.?|ft\.|featuring\b)\s.*$")
_ALBUM_VERSION = re.compile(r"(?<=\w)\s+(?:album|lp|single) version$")
_PART = frozenset({"pt", "pts", "part", "parts"})
_NUMBER = re.compile(r"\d+|[ivx]+|one|two|three|four|five|six")
_NUMBER_SIGN = re.compile(r"#\s*(?=\d)")


def _mapping(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


_ROMAN = _mapping("ii=2 iii=3 iv=4 vi=6 vii=7 viii=8 ix=9 xi=11 xii=12")
_SAME_WORD = _ROMAN | _mapping("u=you ur=your luv=love thru=through tonite=tonight nite=night")
_AFTER_PART = _ROMAN | _mapping("i=1 v=5 x=10 one=1 two=2 three=3 four=4 five=5 six=6")


def parse_title(title: str) -> Title:
    """Parse a title into its words, its subtitles and its version."""
    text = fold_text(title)
    pieces = [(piece, found) for piece in _pieces(text) if (found := _words_of_piece(piece))]
    words: list[str] = []
    short: list[str] = []
    versions: list[str] = []
    addition_dropped = after_dropped = False
    for index, (piece, found) in enumerate(pieces):
        if index and (piece.bracketed or piece.dashed):
            kind, version = classify_addition(found, after_dash=piece.dashed, quoted='"' in piece.text)
            year_of_next = is_year(found) and piece.dashed and index + 1 < len(pieces)
            belongs_to_dropped = kind is Addition.TITLE and piece.bracketed and after_dropped
            if kind is Addition.SAME or year_of_next or belongs_to_dropped:
                addition_dropped = True
                after_dropped = after_dropped or piece.dashed
                continue
            if kind is Addition.VERSION:
                versions.append(version)
                continue
        words += found
        short += [] if piece.bracketed else found
    words = _without_article(words or split_words(text) or [_signs(text)])
    short = _without_article(short or words)
    return Title(tuple(words), tuple(short), " ".join(sorted(versions)), addition_dropped)


class _Piece(NamedTuple):
    """A part of a folded title, in brackets or not, and if not, whether after a dash."""

    text: str
    bracketed: bool
    dashed: bool


def _pieces(text: str) -> Iterator[_Piece]:
    """Split a folded title at its outermost brackets, and at dashes outside of them."""
    dashed = False
    for part, bracketed in _split_brackets(text):
        if bracketed:
            yield _Piece(part, bracketed=True, dashed=False)
            continue
        for number, segment in enumerate(_DASH.split(part)):
            dashed = dashed or number > 0
            yield _Piece(segment, bracketed=False, dashed=dashed)


def _split_brackets(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts outside and inside of the outermost brackets, the latter with True."""
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
    """Return the words of a part of a title, without featured artists, with numbers as digits."""
    text = _FEATURING.sub("", piece.text)
    if not piece.bracketed:
        text = _ALBUM_VERSION.sub("", text)
    words = split_words(_NUMBER_SIGN.sub("no ", text))
    for index, word in enumerate(words):
        if word in _SAME_WORD:
            words[index] = _SAME_WORD[word]
        elif word in _PART and index + 1 < len(words) and _NUMBER.fullmatch(words[index + 1]):
            words[index] = "part"
            words[index + 1] = _AFTER_PART.get(words[index + 1], words[index + 1])
    return words


def _without_article(words: list[str]) -> list[str]:
    return words[1:] if len(words) > 1 and words[0] in {"the", "a", "an"} else words
