"""Similarity of two titles by one artist, for titles that may be the same with a spelling mistake.

A high similarity of the strings is not sufficient: sequels, plurals and short words distinguish songs with
similar titles. The difference has to look like a spelling mistake.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from emo_assets.linking.versions import VERSION_WORDS

MIN_SIMILARITY = 85.0
"""Minimum of rapidfuzz's ratio, 0 to 100."""

MIN_MISSPELLED_LETTERS = 5
"""Shorter words that differ are different words (`go`, `gone`)."""

_MANY_WORDS = 5
"""Titles of so many words are likely the same if they differ in one."""

_DISTINCTIVE = VERSION_WORDS.union(
    ("part", "vol", "volume", "chapter", "act", "scene", "op", "opus", "bwv", "kv"),
    ("major", "minor", "flat", "sharp", "not", "never", "north", "south", "east", "west"),
    ("he", "she", "him", "her", "his", "man", "woman", "boy", "girl", "king", "queen"),
)
"""Words that distinguish songs, or versions of a song."""

_STOP_WORDS = frozenset({"a", "an", "and", "the", "oh", "o"})
"""Words that are added or left out at random."""

_NUMBER = re.compile(r"\d+\w*|[ivxlcdm]{2,}|[a-hj-z]")
"""Digits, roman numerals, and single letters (such as the key of a symphony) other than "I"."""


def title_similarity(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Return the similarity of two titles by one artist that may be the same with a spelling mistake.

    Args:
        one: the words of a title, as `names.Title.words`.
        other: the words of another title.

    Returns:
        0.85 to 1, or None for different titles: those that differ in a number, a roman numeral, the name of a
        version, a short word, an ending or a whole word.
    """
    here = [word for word in one if word not in _STOP_WORDS]
    there = [word for word in other if word not in _STOP_WORDS]
    if not same_distinctive_words(here, there):
        return None
    similarity = fuzz.ratio("".join(one), "".join(other))
    if similarity < MIN_SIMILARITY:
        return None
    alike = "".join(here) == "".join(there) or _reordered(here, there) or _misspelled(here, there)
    return similarity / 100 if alike else None


def same_distinctive_words(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two titles have the same numbers and the same distinctive words."""
    return _distinctive_words(one) == _distinctive_words(other)


def _distinctive_words(words: Sequence[str]) -> Counter[str]:
    return Counter(word for word in words if word in _DISTINCTIVE or _NUMBER.fullmatch(word))


def _reordered(here: Sequence[str], there: Sequence[str]) -> bool:
    """Return whether two long titles have the same words in another order."""
    return len(here) >= _MANY_WORDS and sorted(here) == sorted(there)


def _misspelled(here: Sequence[str], there: Sequence[str]) -> bool:
    """Return whether exactly one word differs, by a spelling mistake."""
    if len(here) != len(there):
        return False
    different = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    if len(different) != 1:
        return False
    a, b = sorted(different[0], key=len)
    if b == a + "g" and a.endswith("in"):
        return len(a) >= MIN_MISSPELLED_LETTERS
    if a[0] != b[0] or OSA.distance(a, b) > 1:
        return False
    if len(here) >= _MANY_WORDS:
        return len(a) >= MIN_MISSPELLED_LETTERS - 1
    letters_swapped = sorted(a) == sorted(b) and len(here) > 1
    return len(a) >= MIN_MISSPELLED_LETTERS and (letters_swapped or a[-2:] == b[-2:])
