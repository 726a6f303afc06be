"""The form of a song: its sections, their lengths and how dense they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

PHRASE_BARS = 4
"""Bars of a phrase. Sections are whole phrases, except for the remainder at the end."""


class Form(StrEnum):
    """The order of the sections."""

    SONG = "song"
    DANCE = "dance"
    TWELVE_BAR = "twelve bar"
    STANDARD = "standard"
    THROUGH = "through"


class SectionKind(StrEnum):
    """The function of a section. Sections of one kind share their harmony, rhythms and melody."""

    INTRO = "intro"
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    BREAK = "break"
    ENDING = "ending"


@dataclass(frozen=True)
class Section:
    """A range of bars; `first_bar` counts from 0."""

    kind: SectionKind
    first_bar: int
    bars: int


DENSITY: dict[SectionKind, float] = {
    SectionKind.INTRO: 0.55,
    SectionKind.VERSE: 0.86,
    SectionKind.CHORUS: 1.24,
    SectionKind.BRIDGE: 0.75,
    SectionKind.BREAK: 0.50,
    SectionKind.ENDING: 0.80,
}
"""Notes of a section relative to the song's average."""

_SEQUENCES: dict[Form, str] = {
    Form.SONG: "intro 4, verse 8, chorus 8, verse 8, chorus 8, bridge 4, chorus 8",
    Form.DANCE: "intro 4, verse 8, chorus 8, break 4, verse 8, chorus 8, chorus 8",
    Form.TWELVE_BAR: "intro 4, verse 12, chorus 12, chorus 12, verse 12",
    Form.STANDARD: "intro 4, verse 8, verse 8, bridge 8, chorus 8, verse 8",
    Form.THROUGH: "intro 4, verse 8, bridge 8, verse 8, chorus 8, verse 8",
}
"""Sections and their bars, in order."""


def song_sections(form: Form, bars: int) -> tuple[Section, ...]:
    """Lay out a form over `bars` bars (at least 1): sections in order, without gaps, the last an ending.

    Songs of fewer than 16 bars have no introduction, those of fewer than eight one verse and the ending.
    """
    if bars < 8:
        short = (Section(SectionKind.VERSE, 0, bars - 1),) if bars > 1 else ()
        return (*short, Section(SectionKind.ENDING, bars - 1, 1))
    sequence = [section.split() for section in _SEQUENCES[form].split(", ")]
    if bars < 16:
        sequence = sequence[1:]
    sections: list[Section] = []
    first_bar = 0
    while (left := bars - 2 - first_bar) >= PHRASE_BARS:
        # A long piece repeats the sequence without the introduction.
        turn = len(sections)
        kind, length = sequence[turn] if turn < len(sequence) else sequence[1 + turn % (len(sequence) - 1)]
        length_in_bars = min(int(length), left - left % PHRASE_BARS)
        sections.append(Section(SectionKind(kind), first_bar, length_in_bars))
        first_bar += length_in_bars
    if form in (Form.SONG, Form.DANCE):
        sections[-1:] = _close_with_chorus(sections[-1])
    return (*sections, Section(SectionKind.ENDING, first_bar, bars - first_bar))


def _close_with_chorus(last: Section) -> tuple[Section, ...]:
    """Turn the second half of the last section into a chorus if it is a verse."""
    half = last.bars // 2
    if last.kind is not SectionKind.VERSE or half < PHRASE_BARS:
        return (last,)
    return (replace(last, bars=half), Section(SectionKind.CHORUS, last.first_bar + half, last.bars - half))


def relative_density(sections: tuple[Section, ...]) -> dict[SectionKind, float]:
    """Return the notes of each kind of section relative to the average over all bars."""
    bars = sum(section.bars for section in sections)
    mean = sum(DENSITY[section.kind] * section.bars for section in sections) / bars
    return {section.kind: DENSITY[section.kind] / mean for section in sections}
