"""Titles that are nearly equal: which of them are one title spelled twice, and which are two titles.

Only titles of one artist are compared. Being similar is not enough: sequels, plurals and short words make
other songs of near titles, so what differs between two titles has to look like a slip of the pen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from emo_assets.linking.versions import VERSION_WORDS

MIN_SIMILARITY = 85.0
"""Of rapidfuzz's ratio, from 0 to 100, between two titles' names."""

SHORTEST_MISSPELLED = 5
"""Letters. Shorter words that differ are other words (`go`, `gone`)."""

_MANY_WORDS = 5
"""A title of so many words is another's misspelling rather than another title."""

_TELLING = VERSION_WORDS.union(
    ("part", "vol", "volume", "chapter", "act", "scene", "op", "opus", "bwv", "kv"),
    ("major", "minor", "flat", "sharp", "not", "never", "north", "south", "east", "west"),
    ("he", "she", "him", "her", "his", "man", "woman", "boy", "girl", "king", "queen"),
)
"""Words that make another song, or another version, of a title that has them."""

_DROPPABLE = frozenset({"a", "an", "and", "the", "oh", "o"})
"""Words that people forget or add without meaning another title."""

_NUMBER = re.compile(r"\d+\w*|[ivxlcdm]{2,}|[a-hj-z]")
"""What counts: digits, roman numerals, and single letters, such as the key of a symphony; but not "I"."""


def title_similarity(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Return how similar two titles of one artist are if they may be one title spelled twice.

    Args:
        one: the words of a title, as `names.Title.words`.
        other: the words of another title.

    Returns:
        From 0.85 to 1; None when what differs makes another title: a number, a roman numeral, a word that
        names a version, a short word, another ending, or a whole word.
    """
    here = [word for word in one if word not in _DROPPABLE]
    there = [word for word in other if word not in _DROPPABLE]
    if not same_distinctive_words(here, there):
        return None
    similarity = fuzz.ratio("".join(one), "".join(other))
    if similarity < MIN_SIMILARITY:
        return None
    alike = "".join(here) == "".join(there) or _reordered(here, there) or _misspelled(here, there)
    return similarity / 100 if alike else None


def same_distinctive_words(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether the same numbers, and the same words that make another song, stand in both titles."""
    return _telling(one) == _telling(other)


def _telling(words: Sequence[str]) -> Counter[str]:
    return Counter(word for word in words if word in _TELLING or _NUMBER.fullmatch(word))


def _reordered(here: Sequence[str], there: Sequence[str]) -> bool:
    """Return whether both have the same words in another order, and enough of them to be no coincidence."""
    return len(here) >= _MANY_WORDS and sorted(here) == sorted(there)


def _misspelled(here: Sequence[str], there: Sequence[str]) -> bool:
    """Return whether one word differs, and as a slip of the pen would make it."""
    if len(here) != len(there):
        return False
    different = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    if len(different) != 1:
        return False
    a, b = sorted(different[0], key=len)
    if b == a + "g" and a.endswith("in"):
        return len(a) >= SHORTEST_MISSPELLED
    if a[0] != b[0] or OSA.distance(a, b) > 1:
        return False
    if len(here) >= _MANY_WORDS:
        return len(a) >= SHORTEST_MISSPELLED - 1
    letters_swapped = sorted(a) == sorted(b) and len(here) > 1
    return len(a) >= SHORTEST_MISSPELLED and (letters_swapped or a[-2:] == b[-2:])
