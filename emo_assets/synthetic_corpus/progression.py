"""The chords of a whole song: progressions laid over its sections, with cadences, as bright as asked for."""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.harmony import Chord, chord_of, substitute_chords
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import Style
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_LOOP_OF_KIND = {
    SectionKind.INTRO: 0,
    SectionKind.VERSE: 0,
    SectionKind.CHORUS: 1,
    SectionKind.BRIDGE: 2,
    SectionKind.BREAK: 1,
}
_ENDINGS = {1: ("IV", "V", "I", "I"), 0: ("iv", "V", "i", "i")}


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord and where it starts and ends, in positions (twelve a quarter note) from the song's start."""

    start: int
    end: int
    chord: Chord


def chords_of(
    style: Style,
    sections: tuple[Section, ...],
    meter: Meter,
    *,
    key: int,
    mode: int,
    bright_share: float,
    rng: SeededRandom,
) -> tuple[ChordSpan, ...]:
    """Return the song's chords, in order and without gaps.

    Args:
        style: gives the progressions and how rich and how long chords are.
        sections: the song's sections. Those of one kind have the same chords.
        meter: the meter.
        key: pitch class of the tonic, 0 to 11.
        mode: 1 in a major, 0 in a minor key.
        bright_share: share of the song's chords that shall have a major third, 0 to 1.
        rng: decides substitutions.
    """
    cycles = _cycles(style, sections, mode, bright_share, rng)
    spans: list[ChordSpan] = []
    for section in sections:
        lengths = _chord_lengths(section.bars, style.bars_a_chord, meter)
        position = section.first_bar * meter.positions
        is_ending = section.kind is SectionKind.ENDING
        if is_ending:
            lengths = [meter.positions] * section.bars
            numerals = list(_ENDINGS[mode][-section.bars :]) if section.bars < 4 else list(_ENDINGS[mode])
            numerals = ["I" if mode else "i"] * (section.bars - len(numerals)) + numerals
            if section.bars == 2:
                numerals[0] = "V"
        else:
            cycle = cycles[section.kind]
            numerals = [cycle[place % len(cycle)] for place in range(len(lengths))]
        for place, (numeral, length) in enumerate(zip(numerals, lengths, strict=True)):
            last = is_ending and place == len(lengths) - 1
            chord = chord_of(numeral, key, style.colour, ending=last)
            spans.append(ChordSpan(position, position + length, chord))
            position += length
    return tuple(spans)


def _cycles(
    style: Style, sections: tuple[Section, ...], mode: int, bright_share: float, rng: SeededRandom
) -> dict[SectionKind, list[str]]:
    """Return the numerals of each kind of section, which together have the share asked for."""
    bars: dict[SectionKind, int] = {}
    for section in sections:
        if section.kind is not SectionKind.ENDING:
            bars[section.kind] = bars.get(section.kind, 0) + section.bars
    loops = style.major if mode else style.minor
    cycles: dict[SectionKind, list[str]] = {}
    owed = 0.0
    for kind, weight in sorted(bars.items(), key=lambda item: (-item[1], item[0])):
        loop = loops[_LOOP_OF_KIND[kind] % len(loops)].split()
        cycle = loop if len(loop) > 4 else _answered(loop, kind, mode, rng)
        wanted = min(1.0, max(0.0, bright_share + owed / weight))
        cycles[kind] = substitute_chords(cycle, wanted, mode, rng)
        owed += (bright_share - _bright(cycles[kind])) * weight
    return cycles


def _answered(loop: list[str], kind: SectionKind, mode: int, rng: SeededRandom) -> list[str]:
    """Return the loop twice, the second time with a cadence: open after a verse, closed after a chorus."""
    tonic = "I" if mode else "i"
    if kind is SectionKind.CHORUS:
        return [*loop, *loop[:2], "V" if rng.bernoulli(0.7) else loop[2], tonic]
    return [*loop, *loop[:2], loop[2], "V"]


def _bright(cycle: list[str]) -> float:
    return sum(numeral.lstrip("b")[0] in "IV" for numeral in cycle) / len(cycle)


def _chord_lengths(bars: int, bars_a_chord: float, meter: Meter) -> list[int]:
    """Return the lengths in positions of the chords that fill `bars` bars."""
    if bars_a_chord < 1:
        first = (meter.beats + 1) // 2 * POSITIONS_PER_QUARTER
        return [first, meter.positions - first] * bars
    whole = int(bars_a_chord)
    lengths = [whole * meter.positions] * (bars // whole)
    return [*lengths, meter.positions] if bars % whole else lengths
