"""Classification of additions to a title: editions of a recording, other versions, and parts of the title.

Titles have additions in brackets and after dashes: `Imagine - Remastered 2010`, `Hurt (Live)`,
`Escape (The Piña Colada Song)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum


class Addition(StrEnum):
    """The meaning of an addition to a title."""

    SAME = "same"
    """The same recording: `Remastered 2009`, `feat. Dido`."""

    VERSION = "version"
    """Another recording or arrangement: `Live`, `Acoustic`, `Tiësto Remix`."""

    TITLE = "title"
    """Part of the title: `(I Can't Get No) Satisfaction`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RECORDING_WORDS = _words("""
    acappella acoustic alternate alternative animation arr arranged arrangement bbc bootleg chopped club
    concert cover demo dub english excerpt excerpts extended famous flip french german guitar instrumental
    interlude intro italian japanese karaoke live lofi lullaby medley mixed mixtape movie nightcore orchestra
    orchestral orchestrated originally outro outtake performance performed piano portuguese prelude
    reanimation reconstruction reggae rehearsal reimagined reinterpretation remake remix reprise rerecorded
    reverb revisited rework rhythm screwed session sessions skit slowed sped spanish strings style symphonic
    take trance tribute unplugged vip vocal vocals
""")
"""Words for another recording or arrangement of a song."""

VERSION_WORDS = RECORDING_WORDS | _words("cut dance edit mix recorded recording special version")
"""The same, and words for another version only if a name precedes (`Robin Schulz Edit`, not `Radio Edit`)."""

_SPELLINGS = {
    "acappella": "acapella",
    "acoustic": "acustica acustico acoustique akustik",
    "spanish": "espanol",
    "instrumental": "instrumentale instrumentals",
    "remix": "remixed rmx",
    "live": "directo vivo",
    "remastered": "remast remasterise",
    "version": "ver versao",
}
_SYNONYMS = {other: word for word, others in _SPELLINGS.items() for other in others.split()}
_COMPOUNDS = {"a cappella": "acappella", "a capella": "acappella", "lo fi": "lofi"}
_LIVE_FOREIGN = re.compile(r"\b(?:ao|en|dal|al) (?:vivo|directo|direct)\b")
_RE_PREFIX = re.compile(r"\bre (animation|edit|issue|made|make|master|mastered|mix|mixed|recorded|work)\b")

_SAME_RECORDING = _words("""
    album amended anniversary audio bit bonus cd censored clean deluxe digital digitally edit edited edition
    ep expanded explicit full issue length lp main master mastered mono non official original pre previously
    radio reissue remaster remastered remasterizada remasterizado remastering rvg single soundtrack standard
    stereo studio track uncensored unissued unreleased video
""")
"""Words for editions of the same recording: how it was remastered, pressed or sold."""

_NEUTRAL = _words("a and at by en for in of on the to version mix from")

_YEAR = re.compile(r"(?:19|20)?\d\d")
_YEAR_MIX = re.compile(r"(?:19|20)\d\d (?:mix|mix master|stereo mix|mono mix)")

_FEATURING = _words("feat ft featuring with w prod duet starring")

_SOUNDTRACK_WORDS = _words("film movie motion picture soundtrack musical series show broadway game anime ost")

_ALBUM_VERSION = re.compile(r".*\b(?:album|lp) version")


def classify_addition(words: Sequence[str], *, after_dash: bool, quoted: bool) -> tuple[Addition, str]:
    """Classify an addition to a title.

    Args:
        words: the addition's normalised words, at least one.
        after_dash: whether it follows a dash; otherwise it is in brackets.
        quoted: whether it contains a quotation mark, as in `From "Top Gun"`.

    Returns:
        The kind, and for `Addition.VERSION` the version's normalised name, otherwise "".
    """
    named = _normalize(words)
    text = " ".join(named)
    if named[0] in _FEATURING:
        return Addition.SAME, ""
    if named[0] == "from" and (after_dash or quoted or _SOUNDTRACK_WORDS & set(named)):
        return Addition.SAME, ""
    another = RECORDING_WORDS & set(named)
    if not another and (_ALBUM_VERSION.fullmatch(text) or _YEAR_MIX.fullmatch(text)):
        return Addition.SAME, ""
    if not another and _SAME_RECORDING & set(named):
        rest = [word for word in named if word not in _SAME_RECORDING and word not in _NEUTRAL]
        if all(_YEAR.fullmatch(word) for word in rest):
            return Addition.SAME, ""
    if VERSION_WORDS & set(named):
        left = [word for word in named if word not in _SAME_RECORDING and word not in {"version", "the"}]
        return Addition.VERSION, " ".join(left or named)
    return Addition.TITLE, ""


def _normalize(words: Sequence[str]) -> list[str]:
    """Map several spellings and languages to one."""
    text = " ".join(words)
    for spaced, compound in _COMPOUNDS.items():
        text = text.replace(spaced, compound)
    text = _RE_PREFIX.sub(r"re\1", _LIVE_FOREIGN.sub("live", text))
    return [_SYNONYMS.get(word, word) for word in text.split()]


def is_year(words: Sequence[str]) -> bool:
    """Return whether an addition is only a year, as in `Heroes - 1999 - Remaster`."""
    return len(words) == 1 and len(words[0]) == 4 and bool(_YEAR.fullmatch(words[0]))


_GENERIC = _words("""
    adagio adagietto allegretto allegro andante andantino animato aria arioso assai assez ballade bourree
    brio canon cantabile capriccio chorale con coda corrente courante da double e espressivo etude fantasia
    finale fuga fugue funebre gavotte gigue giga grave hidden impromptu interlude intermezzo intro
    introduction invention larghetto largo lent lento ma maestoso marche marcia mazurka menuet menuetto meno
    minuet minuetto moderato molto mosso moto movement nocturne non outro ouverture overture piu poco
    polonaise prelude preludio prestissimo presto rondo sarabande scherzo scherzando skit sonata sostenuto
    tanto tempo track trio troppo untitled variation vif vite vivace vivo waltz
""")


def is_generic_title(words: Sequence[str]) -> bool:
    """Return whether many pieces by one artist may have the title, such as `Allegro` or `Intro`."""
    known = _GENERIC & set(words)
    return bool(known) and all(word in known or len(word) == 1 or word.isdigit() for word in words)
