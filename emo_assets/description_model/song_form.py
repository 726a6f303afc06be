"""The form of a song, planned before it is described.

A plan has sections, such as verses and choruses, made of four-bar phrases. Where a section returns, its bars
name the bars that they repeat. Sections differ in how many instruments play and how loud and dense they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice

import numpy as np

PHRASE_BARS = 4
"""Bars of a phrase."""


class SectionKind(StrEnum):
    """The function of a section."""

    INTRO = "intro"
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    OUTRO = "outro"


@dataclass(frozen=True)
class Section:
    """A range of bars.

    Attributes:
        kind: its function.
        letter: sections with the same letter share their harmony.
        first_bar: counted from 0.
        bars: its length.
        has_drums: whether drums play in all of its bars, or in none.
    """

    kind: SectionKind
    letter: str
    first_bar: int
    bars: int
    has_drums: bool = True


@dataclass(frozen=True)
class PlannedBar:
    """The plan of one bar.

    Attributes:
        source: the earlier bar that it repeats, counted from 0; None for a new bar.
        texture: share of the accompanying instruments that play, from the first to enter; below 0 the share
            that plays from the last to enter.
        lift: loudness and density relative to a verse, in steps, see `form_constraint`.
        has_drums: whether drums play, if the song has them.
        has_lead: whether the lead plays, if the song has one.
        is_fill: whether it leads into another section.
        is_cadence: whether it leads into the ending.
        is_ending: whether it is the last bar.
    """

    source: int | None
    texture: float
    lift: float
    has_drums: bool
    has_lead: bool
    is_fill: bool
    is_cadence: bool
    is_ending: bool


@dataclass(frozen=True)
class SongForm:
    """The plan of a song.

    Attributes:
        sections: in order, without gaps.
        bars: the plan of each bar.
    """

    sections: tuple[Section, ...]
    bars: tuple[PlannedBar, ...]

    def __str__(self) -> str:
        """Return the sections in words, such as `intro A 4, verse A 8`."""
        return ", ".join(f"{section.kind} {section.letter} {section.bars}" for section in self.sections)


_V, _C, _B = SectionKind.VERSE, SectionKind.CHORUS, SectionKind.BRIDGE

_SHORT = {1: ((_V,),), 2: ((_V, _V),), 3: ((_V, _B, _V), (_V, _C, _V))}
_TEMPLATES = ((_V, _C, _V, _C, _B, _C), (_V, _V, _B, _V), (_V, _V, _C, _V, _B, _C))
"""Sections between intro and outro: verse and chorus, 32-bar standard, and a chorus that comes late."""

_PHRASES = {1: ("a",), 2: ("aa", "ab"), 4: ("aaba", "abab", "abac")}
"""Phrases of a section by its number of phrases: those with the same letter share their harmony."""

_TEXTURES = {
    SectionKind.INTRO: 0.25,
    SectionKind.VERSE: 0.6,
    SectionKind.CHORUS: 1.0,
    SectionKind.BRIDGE: -0.4,
    SectionKind.OUTRO: 0.6,
}
_LIFTS = {
    SectionKind.INTRO: -1.5,
    SectionKind.VERSE: 0.0,
    SectionKind.CHORUS: 1.5,
    SectionKind.BRIDGE: -1.0,
    SectionKind.OUTRO: -0.5,
}

LONG_SONG = 24
"""Phrases from which sections have 16 bars, and intro and outro eight."""

NO_DRUMS_IN_BRIDGE = 0.4
"""Share of the songs of at least five sections whose bridge has no drums."""


def plan_form(bars: int, seed: int, *, has_lead: Sequence[bool] | None = None) -> SongForm:
    """Plan a song. The same arguments give the same plan.

    Up to three bars are an ending, up to seven a phrase. 16 bars are four phrases, such as A A B A. From 20
    bars there is an intro, from 24 an outro, and from 32 sections have eight bars.

    Args:
        bars: length of the song, at least 1.
        seed: chooses among the forms of that length.
        has_lead: whether each bar has a melody; None for a song without a lead of its own.
    """
    rng = np.random.default_rng([seed, bars])
    sections = _sections(bars, rng)
    phrases = {
        letter: str(rng.choice(_PHRASES[4 if _is_long(bars) else 2]))
        for letter in sorted({section.letter for section in sections})
    }
    planned = []
    for number, section in enumerate(sections):
        next_kind = sections[number + 1].kind if number + 1 < len(sections) else None
        for offset in range(section.bars):
            bar = section.first_bar + offset
            is_ending, is_cadence = bar == bars - 1, bar == bars - 2
            source = _source(sections[: number + 1], offset, phrases[section.letter])
            planned.append(
                PlannedBar(
                    source=None if is_ending or is_cadence else source,
                    texture=_texture(section, offset),
                    lift=_lift(sections, number, offset),
                    has_drums=section.has_drums,
                    has_lead=has_lead is not None and has_lead[bar],
                    is_fill=offset == section.bars - 1 and next_kind is not None,
                    is_cadence=is_cadence,
                    is_ending=is_ending,
                )
            )
    return SongForm(sections, tuple(planned))


def _is_long(bars: int) -> bool:
    return bars // PHRASE_BARS >= LONG_SONG


def _sections(bars: int, rng: np.random.Generator) -> tuple[Section, ...]:
    """Lay out the sections. Bars that fill no phrase extend the last one."""
    phrases = bars // PHRASE_BARS
    if not phrases:
        return (Section(SectionKind.OUTRO, "A", 0, bars),)
    edge = 2 if phrases >= 16 else 1
    unit = 4 if _is_long(bars) else 2 if phrases >= 8 else 1
    intro, outro = edge * (phrases >= 5), edge * (phrases >= 6)
    middle = phrases - intro - outro
    kinds = _middle_kinds(middle // unit, rng)
    lengths = [unit] * len(kinds)
    lengths[-1] += middle % unit
    letters = {kind: "ABC"[index] for index, kind in enumerate(dict.fromkeys(kinds))}
    bridge_drums = len(kinds) < 5 or rng.random() >= NO_DRUMS_IN_BRIDGE
    layout = [(kind, letters[kind], length) for kind, length in zip(kinds, lengths, strict=True)]
    layout = [(SectionKind.INTRO, "A", intro)] * (intro > 0) + layout
    layout += [(SectionKind.OUTRO, "A", outro)] * (outro > 0)
    sections: list[Section] = []
    first_bar = 0
    for number, (kind, letter, length) in enumerate(layout):
        size = bars - first_bar if number == len(layout) - 1 else length * PHRASE_BARS
        has_drums = kind is not SectionKind.INTRO and (kind is not SectionKind.BRIDGE or bridge_drums)
        sections.append(Section(kind, letter, first_bar, size, has_drums))
        first_bar += size
    return tuple(sections)


def _middle_kinds(count: int, rng: np.random.Generator) -> list[SectionKind]:
    """Return the sections between intro and outro. The last of five or more is a chorus if there is one."""
    templates = _SHORT.get(count, _TEMPLATES)
    template = templates[rng.integers(len(templates))]
    if count in _SHORT:
        return list(template)
    kinds = list(islice(cycle(template), count))
    if count >= 5 or kinds[-1] is SectionKind.BRIDGE:
        kinds[-1] = SectionKind.CHORUS if SectionKind.CHORUS in template else SectionKind.VERSE
    return kinds


def _source(sections: Sequence[Section], offset: int, phrases: str) -> int | None:
    """Return the bar that a bar of the last of `sections` repeats.

    It is the bar in the same place of the first section with its letter, or else of an earlier phrase of its
    own section. The last bar of every second occurrence is new, so that a phrase closes in another way.

    Args:
        sections: the sections up to that bar's.
        offset: of the bar in its section.
        phrases: letters of the section's phrases, repeated as needed.
    """
    section = sections[-1]
    earlier = [one for one in sections[:-1] if one.letter == section.letter]
    closes_anew = offset == section.bars - 1 and len(earlier) % 2 == 1
    for one in earlier:
        if offset < one.bars:
            return None if closes_anew else one.first_bar + offset
    phrase, place = divmod(offset, PHRASE_BARS)
    letter = phrases[phrase % len(phrases)]
    first = next(number for number in range(phrase + 1) if phrases[number % len(phrases)] == letter)
    if first == phrase or place == PHRASE_BARS - 1:
        return None
    return section.first_bar + first * PHRASE_BARS + place


def _texture(section: Section, offset: int) -> float:
    """Return the share of accompanying instruments, which enter in the first section and leave at the end."""
    texture = _TEXTURES[section.kind]
    is_second_half = 2 * offset >= section.bars
    if section.kind is SectionKind.OUTRO:
        return _TEXTURES[SectionKind.INTRO] if is_second_half else texture
    if section.first_bar == 0:
        return 0.5 if is_second_half else _TEXTURES[SectionKind.INTRO]
    return texture


def _lift(sections: Sequence[Section], number: int, offset: int) -> float:
    """Return the lift of a bar: an occurrence of a section is louder than the one before it."""
    section = sections[number]
    lift = _LIFTS[section.kind]
    times = sum(one.kind is section.kind for one in sections[:number])
    lift += 0.5 * min(times, 2)
    if number == 0 and section.kind is SectionKind.VERSE and 2 * offset < section.bars:
        lift -= 0.5
    return lift
