"""The form of a song: which sections there are, how long they are and how full they sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from emo_assets.synthetic_corpus.style import Form

PHRASE_BARS = 4
"""Bars of a phrase: sections are whole phrases, but for what is left over at the end."""


class SectionKind(StrEnum):
    """What a section is. Sections of one kind share their harmony, rhythms and melody."""

    INTRO = "intro"
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    BREAK = "break"
    ENDING = "ending"


@dataclass(frozen=True)
class Section:
    """A stretch of bars; `first_bar` counts from 0."""

    kind: SectionKind
    first_bar: int
    bars: int


FULLNESS: dict[SectionKind, float] = {
    SectionKind.INTRO: 0.65,
    SectionKind.VERSE: 0.92,
    SectionKind.CHORUS: 1.18,
    SectionKind.BRIDGE: 0.85,
    SectionKind.BREAK: 0.60,
    SectionKind.ENDING: 0.80,
}
"""Notes of a section beside the song's average."""

_SEQUENCES: dict[Form, tuple[tuple[SectionKind, int], ...]] = {
    Form.SONG: (
        (SectionKind.INTRO, 4),
        (SectionKind.VERSE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.VERSE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.BRIDGE, 4),
        (SectionKind.CHORUS, 8),
    ),
    Form.DANCE: (
        (SectionKind.INTRO, 4),
        (SectionKind.VERSE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.BREAK, 4),
        (SectionKind.VERSE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.CHORUS, 8),
    ),
    Form.TWELVE_BAR: (
        (SectionKind.INTRO, 4),
        (SectionKind.VERSE, 12),
        (SectionKind.CHORUS, 12),
        (SectionKind.CHORUS, 12),
        (SectionKind.VERSE, 12),
    ),
    Form.STANDARD: (
        (SectionKind.INTRO, 4),
        (SectionKind.VERSE, 8),
        (SectionKind.VERSE, 8),
        (SectionKind.BRIDGE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.VERSE, 8),
    ),
    Form.THROUGH: (
        (SectionKind.INTRO, 4),
        (SectionKind.VERSE, 8),
        (SectionKind.BRIDGE, 8),
        (SectionKind.VERSE, 8),
        (SectionKind.CHORUS, 8),
        (SectionKind.VERSE, 8),
    ),
}


def sections_of(form: Form, bars: int) -> tuple[Section, ...]:
    """Lay out a form over `bars` bars (at least 1): sections in order, without gaps, the last an ending.

    Songs of fewer than 16 bars have no introduction, those of fewer than eight one verse and the ending.
    """
    if bars < 8:
        short = (Section(SectionKind.VERSE, 0, bars - 1),) if bars > 1 else ()
        return (*short, Section(SectionKind.ENDING, bars - 1, 1))
    sections: list[Section] = []
    first_bar = 0
    turn = 0
    sequence = _SEQUENCES[form] if bars >= 16 else _SEQUENCES[form][1:]
    while (left := bars - 2 - first_bar) >= PHRASE_BARS:
        # A long piece goes round again, past the introduction.
        kind, length = sequence[turn] if turn < len(sequence) else sequence[1 + turn % (len(sequence) - 1)]
        length = min(length, left - left % PHRASE_BARS)
        sections.append(Section(kind, first_bar, length))
        first_bar += length
        turn += 1
    if form in (Form.SONG, Form.DANCE):
        sections[-1:] = _closing_with_chorus(sections[-1])
    return (*sections, Section(SectionKind.ENDING, first_bar, bars - first_bar))


def _closing_with_chorus(last: Section) -> tuple[Section, ...]:
    """Give the second half of a verse to the chorus, where the verse would be the last thing to be heard."""
    half = last.bars // 2
    if last.kind is not SectionKind.VERSE or half < PHRASE_BARS:
        return (last,)
    return (replace(last, bars=half), Section(SectionKind.CHORUS, last.first_bar + half, last.bars - half))


def fullness_of(sections: tuple[Section, ...]) -> dict[SectionKind, float]:
    """Return each kind's share of notes, scaled such that the average over all bars is 1."""
    bars = sum(section.bars for section in sections)
    mean = sum(FULLNESS[section.kind] * section.bars for section in sections) / bars
    return {section.kind: FULLNESS[section.kind] / mean for section in sections}
