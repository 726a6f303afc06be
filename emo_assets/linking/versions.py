"""What the additions to a title say: nothing about which recording it is, another version, or more title.

Titles carry additions in brackets and after dashes: `Imagine - Remastered 2010`, `Hurt (Live)`,
`Escape (The Piña Colada Song)`. This module knows the words by which the three kinds are told apart, and
the titles that name no piece at all; where additions begin and end in a title is known in `names`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum


class Addition(StrEnum):
    """What an addition to a title says."""

    SAME = "same"
    """The recording is what it would be without the addition: `Remastered 2009`, `feat. Dido`."""

    VERSION = "version"
    """It is another recording, or another arrangement: `Live`, `Acoustic`, `Tiësto Remix`."""

    TITLE = "title"
    """The addition belongs to the title: `(I Can't Get No) Satisfaction`."""


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
"""Words that make an addition the name of another recording, or another arrangement, of a song."""

VERSION_WORDS = RECORDING_WORDS | _words("cut dance edit mix recorded recording special version")
"""The same, and words that do so in the company of a name only: `Radio Edit`, but `Robin Schulz Edit`."""

_SYNONYMS = {
    "acapella": "acappella",
    "acustica": "acoustic",
    "acustico": "acoustic",
    "acoustique": "acoustic",
    "akustik": "acoustic",
    "espanol": "spanish",
    "instrumentale": "instrumental",
    "instrumentals": "instrumental",
    "remixed": "remix",
    "rmx": "remix",
    "directo": "live",
    "remast": "remastered",
    "remasterise": "remastered",
    "ver": "version",
    "versao": "version",
    "vivo": "live",
}
_TOGETHER = {"a cappella": "acappella", "a capella": "acappella", "lo fi": "lofi"}
_LIVE_ABROAD = re.compile(r"\b(?:ao|en|dal|al) (?:vivo|directo|direct)\b")
_AGAIN = re.compile(r"\bre (animation|edit|issue|made|make|master|mastered|mix|mixed|recorded|work)\b")

_SAME_RECORDING = _words("""
    album amended anniversary audio bit bonus cd censored clean deluxe digital digitally edit edited edition
    ep expanded explicit full issue length lp main master mastered mono non official original pre previously
    radio reissue remaster remastered remasterizada remasterizado remastering rvg single soundtrack standard
    stereo studio track uncensored unissued unreleased video
""")
"""Words of additions that leave the recording what it is: how it was cleaned up, pressed or sold."""

_BESIDE = _words("a and at by en for in of on the to version mix from")

_YEAR = re.compile(r"(?:19|20)?\d\d")
_YEARS_MIX = re.compile(r"(?:19|20)\d\d (?:mix|mix master|stereo mix|mono mix)")

_FEATURING = _words("feat ft featuring with w prod duet starring")

_STAGE_OR_FILM = _words("film movie motion picture soundtrack musical series show broadway game anime ost")

_NAMED_AFTER_ALBUM = re.compile(r".*\b(?:album|lp) version")


def classify_addition(words: Sequence[str], *, after_dash: bool, quoted: bool) -> tuple[Addition, str]:
    """Tell what an addition to a title says.

    Args:
        words: the addition's normalised words, at least one.
        after_dash: whether it stands after a dash; else it stands in brackets.
        quoted: whether it holds a quotation mark, as `From "Top Gun"` does.

    Returns:
        The kind, and for `Addition.VERSION` the version's normalised name, else an empty text.
    """
    named = _unified(words)
    text = " ".join(named)
    if named[0] in _FEATURING:
        return Addition.SAME, ""
    if named[0] == "from" and (after_dash or quoted or _STAGE_OR_FILM & set(named)):
        return Addition.SAME, ""
    another = RECORDING_WORDS & set(named)
    if not another and (_NAMED_AFTER_ALBUM.fullmatch(text) or _YEARS_MIX.fullmatch(text)):
        return Addition.SAME, ""
    if not another and _SAME_RECORDING & set(named):
        rest = [word for word in named if word not in _SAME_RECORDING and word not in _BESIDE]
        if all(_YEAR.fullmatch(word) for word in rest):
            return Addition.SAME, ""
    if VERSION_WORDS & set(named):
        left = [word for word in named if word not in _SAME_RECORDING and word not in {"version", "the"}]
        return Addition.VERSION, " ".join(left or named)
    return Addition.TITLE, ""


def _unified(words: Sequence[str]) -> list[str]:
    """Write what stands in several spellings or languages in one."""
    text = " ".join(words)
    for apart, together in _TOGETHER.items():
        text = text.replace(apart, together)
    text = _AGAIN.sub(r"re\1", _LIVE_ABROAD.sub("live", text))
    return [_SYNONYMS.get(word, word) for word in text.split()]


def is_year(words: Sequence[str]) -> bool:
    """Return whether an addition is a year and nothing else, as in `Heroes - 1999 - Remaster`."""
    return len(words) == 1 and len(words[0]) == 4 and bool(_YEAR.fullmatch(words[0]))


_NO_PIECE = _words("""
    adagio adagietto allegretto allegro andante andantino animato aria arioso assai assez ballade bourree
    brio canon cantabile capriccio chorale con coda corrente courante da double e espressivo etude fantasia
    finale fuga fugue funebre gavotte gigue giga grave hidden impromptu interlude intermezzo intro
    introduction invention larghetto largo lent lento ma maestoso marche marcia mazurka menuet menuetto meno
    minuet minuetto moderato molto mosso moto movement nocturne non outro ouverture overture piu poco
    polonaise prelude preludio prestissimo presto rondo sarabande scherzo scherzando skit sonata sostenuto
    tanto tempo track trio troppo untitled variation vif vite vivace vivo waltz
""")


def is_generic_title(words: Sequence[str]) -> bool:
    """Return whether many pieces of one artist may have a title, as they have `Allegro` and `Intro`."""
    known = _NO_PIECE & set(words)
    return bool(known) and all(word in known or len(word) == 1 or word.isdigit() for word in words)
