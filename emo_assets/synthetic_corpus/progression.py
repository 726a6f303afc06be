"""The chords of a whole song: progressions over its sections, with cadences."""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.harmony import Chord, chord_from_numeral, substitute_chords
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import Style
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_PROGRESSION_OF_KIND = {
    SectionKind.INTRO: 0,
    SectionKind.VERSE: 0,
    SectionKind.CHORUS: 1,
    SectionKind.BRIDGE: 2,
    SectionKind.BREAK: 1,
}
_ENDINGS = {1: ("IV", "V", "I", "I"), 0: ("iv", "V", "i", "i")}


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord with its start and end in positions (twelve per quarter note) from the song's start."""

    start: int
    end: int
    chord: Chord


def chord_progression(
    style: Style,
    sections: tuple[Section, ...],
    meter: Meter,
    *,
    key: int,
    mode: int,
    major_share: float,
    rng: SeededRandom,
) -> tuple[ChordSpan, ...]:
    """Return the song's chords, in order and without gaps.

    Args:
        style: its progressions, chord vocabulary and chord duration.
        sections: the song's sections. Those of one kind have the same chords.
        meter: the meter.
        key: pitch class of the tonic, 0 to 11.
        mode: 1 in a major, 0 in a minor key.
        major_share: wanted share of chords with a major third, 0 to 1.
        rng: chooses substitutions.
    """
    cycles = _cycles(style, sections, mode, major_share, rng)
    spans: list[ChordSpan] = []
    for section in sections:
        position = section.first_bar * meter.positions
        is_ending = section.kind is SectionKind.ENDING
        if is_ending:
            lengths = [meter.positions] * section.bars
            numerals = _ending(section.bars, mode)
        else:
            lengths = _chord_lengths(section.bars, style.bars_per_chord, meter)
            cycle = cycles[section.kind]
            numerals = [cycle[index % len(cycle)] for index in range(len(lengths))]
        for index, (numeral, length) in enumerate(zip(numerals, lengths, strict=True), 1):
            final = is_ending and index == len(lengths)
            chord = chord_from_numeral(numeral, key, style.chord_vocabulary, final=final)
            spans.append(ChordSpan(position, position + length, chord))
            position += length
    return tuple(spans)


def _ending(bars: int, mode: int) -> list[str]:
    """Return one numeral per bar of the ending: a cadence of up to four bars, tonic before it."""
    cadence = list(_ENDINGS[mode][-bars:])
    if bars == 2:
        cadence[0] = "V"
    return ["I" if mode else "i"] * (bars - len(cadence)) + cadence


def _cycles(
    style: Style, sections: tuple[Section, ...], mode: int, major_share: float, rng: SeededRandom
) -> dict[SectionKind, list[str]]:
    """Return the numerals of each kind of section; together they have the wanted share of major chords."""
    bars: dict[SectionKind, int] = {}
    for section in sections:
        if section.kind is not SectionKind.ENDING:
            bars[section.kind] = bars.get(section.kind, 0) + section.bars
    progressions = style.major if mode else style.minor
    cycles: dict[SectionKind, list[str]] = {}
    missing = 0.0  # major chords that the kinds before have too few of, in bars
    for kind, weight in sorted(bars.items(), key=lambda item: (-item[1], item[0])):
        progression = progressions[_PROGRESSION_OF_KIND[kind] % len(progressions)].split()
        cycle = progression if len(progression) > 4 else _add_cadence(progression, kind, mode, rng)
        wanted = min(1.0, max(0.0, major_share + missing / weight))
        cycles[kind] = substitute_chords(cycle, wanted, mode, rng)
        missing += (major_share - _major_share(cycles[kind])) * weight
    return cycles


def _add_cadence(progression: list[str], kind: SectionKind, mode: int, rng: SeededRandom) -> list[str]:
    """Return the progression twice, the second time with a half cadence, in a chorus with a full one."""
    repeated = [*progression, *progression[:2]]
    if kind is SectionKind.CHORUS:
        return [*repeated, "V" if rng.bernoulli(0.7) else progression[2], "I" if mode else "i"]
    return [*repeated, progression[2], "V"]


def _major_share(numerals: list[str]) -> float:
    return sum(numeral.lstrip("b")[0] in "IV" for numeral in numerals) / len(numerals)


def _chord_lengths(bars: int, bars_per_chord: float, meter: Meter) -> list[int]:
    """Return the lengths in positions of the chords that fill `bars` bars."""
    if bars_per_chord < 1:
        first = (meter.beats + 1) // 2 * POSITIONS_PER_QUARTER
        return [first, meter.positions - first] * bars
    whole = int(bars_per_chord)
    lengths = [whole * meter.positions] * (bars // whole)
    return [*lengths, meter.positions] if bars % whole else lengths
