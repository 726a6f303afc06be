"""The parts of chordal instruments: blocks, strums, power chords, broken chords, sustained pads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from emo_assets.synthetic_corpus.arrangement import (
    OPTIONAL_ROLES,
    Voice,
    chord_size,
    plays_at_all,
    voice_level,
)
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.harmony import Chord, nearest_pitch, voice_chord
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import PlayingPattern
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_FIGURES = ((0, 1, 2, 3), (0, 2, 1, 3), (0, 1, 2, 1), (3, 2, 1, 0), (0, 2, 3, 2))
"""Orders of the notes of a broken chord, 0 being the lowest."""

_NEVER = 1000
_LATE_ENTRIES = {
    SectionKind.INTRO: (0.0, 0.4),
    SectionKind.VERSE: (0.35, 0.25),
    SectionKind.CHORUS: (0.2, 0.0),
}
"""Shares of the optional instruments that enter with a section's second phrase, and that are silent in it."""

LOWEST_CENTRE = 53
"""Pitch below which chords are not centred, so that they do not sound muddy above the bass."""

_ALBERTI = (0, 2, 1, 2)


@dataclass
class _Pattern:
    """How an instrument plays in one kind of section.

    Attributes:
        figure: the order of the notes of a broken chord.
        left_out: for each bar of a phrase, the strokes that a loose player leaves out.
        enters: bar of the section in which the instrument starts to play.
        shapes: the pitches that play each chord, as they are first chosen.
    """

    figure: tuple[int, ...]
    left_out: tuple[frozenset[int], ...]
    enters: int
    shapes: dict[Chord, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def draw(cls, sheet: LeadSheet, voice: Voice, kind: SectionKind, rng: SeededRandom) -> _Pattern:
        """Choose a pattern for the sections of one kind."""
        rate = 0.16 * sheet.params.looseness
        one = [frozenset(index for index in range(1, 28) if rng.bernoulli(rate)) for _ in range(2)]
        enters = 0
        if voice.layer.role in OPTIONAL_ROLES and kind is not SectionKind.ENDING:
            late, absent = _LATE_ENTRIES.get(kind, (0.3, 0.1))
            chance = rng.uniform()
            enters = PHRASE_BARS if chance < late else _NEVER if chance < late + absent else 0
        return cls(rng.pick(_FIGURES), tuple(one * (PHRASE_BARS // 2)), enters)


def write_chords(
    sheet: LeadSheet, voice: Voice, levels: dict[SectionKind, float], rng: SeededRandom
) -> list[WrittenNote]:
    """Write the part of a chordal instrument for the whole song.

    Args:
        sheet: the song's plan.
        voice: the instrument.
        levels: level of activity in each kind of section, 0 to 1.
        rng: chooses figures, and strokes that a loose player leaves out.
    """
    register = voice.layer.register + voice.shift + sheet.params.register
    if voice.layer.playing not in (PlayingPattern.POWER, PlayingPattern.SHUFFLE):
        register = max(register, LOWEST_CENTRE)
    is_sustained = voice.layer.playing is PlayingPattern.SUSTAINED
    gate = voice.layer.gate if is_sustained else voice.layer.gate * sheet.params.articulation
    patterns = {kind: _Pattern.draw(sheet, voice, kind, rng.child(kind)) for kind in levels}
    written: list[WrittenNote] = []
    previous: tuple[int, ...] | None = None
    for section in sheet.sections:
        level = voice_level(voice, levels[section.kind])
        if level < 0:
            continue
        pattern = patterns[section.kind]
        voices = chord_size(voice.layer, level)
        spread = 4 if voice.layer.playing is PlayingPattern.BROKEN else 3 if voices == 1 else voices
        first = (section.first_bar + pattern.enters) * sheet.meter.positions
        for index, start, end in _strokes(sheet, voice, section, level, pattern):
            if start < first:
                continue
            chord = sheet.chord_at(start)
            if chord not in pattern.shapes:
                pattern.shapes[chord] = _shape(voice, chord, previous, register, spread)
            previous = pattern.shapes[chord]
            accent = voice.layer.accent + 8 * (sheet.meter.strength(start % sheet.meter.positions) - 0.5)
            length = max(1, round((end - start) * gate))
            pitches = _stroke_pitches(voice, previous, pattern.figure, index)
            written += [WrittenNote(start, length, pitch, accent) for pitch in pitches]
    is_short = sheet.last_bar_start == 0
    if written or (is_short and plays_at_all(voice, levels)):  # no instrument plays the final chord only
        final = voice_chord(sheet.chord_at(sheet.last_bar_start), previous, register, 3)
        written += [WrittenNote(sheet.last_bar_start, sheet.meter.positions, pitch, 0) for pitch in final]
    return written


def _strokes(
    sheet: LeadSheet, voice: Voice, section: Section, level: float, pattern: _Pattern
) -> Iterator[tuple[int, int, int]]:
    """Yield (number within its bar, start, end) of each stroke in a section."""
    width = sheet.meter.positions
    section_end = min((section.first_bar + section.bars) * width, sheet.last_bar_start)
    starts: dict[int, int] = {}
    if voice.layer.playing is PlayingPattern.SUSTAINED:
        for span in sheet.chords:
            if section.first_bar * width <= span.start < section_end:
                yield 0, span.start, min(span.end, section_end)
        return
    rhythm = onsets(voice.layer.rhythm, sheet.meter, lowest_rank(level))
    for bar in range(section.first_bar, section_end // width):
        left_out = pattern.left_out[(bar - section.first_bar) % PHRASE_BARS]
        for index, position in enumerate(rhythm):
            if index in left_out:
                continue
            starts.setdefault(bar * width + sheet.displaced[bar].get(position, position), index)
    for start, following in pairwise([*sorted(starts), section_end]):
        longest = 2 * POSITIONS_PER_QUARTER if voice.layer.gate < 1 else width
        yield starts[start], start, min(following, start + longest, sheet.span_at(start).end)


def _shape(
    voice: Voice, chord: Chord, previous: tuple[int, ...] | None, register: int, voices: int
) -> tuple[int, ...]:
    """Return the pitches that play `chord`, ascending."""
    if voice.layer.playing in (PlayingPattern.POWER, PlayingPattern.SHUFFLE):
        root = nearest_pitch(chord.root, register)
        return (root, root + (chord.tones[2] - chord.root) % 12, root + 12)
    return voice_chord(chord, previous, register, voices)


def _stroke_pitches(
    voice: Voice, shape: tuple[int, ...], figure: tuple[int, ...], index: int
) -> tuple[int, ...]:
    """Return the pitches of `shape` that a bar's stroke number `index` plays."""
    match voice.layer.playing:
        case PlayingPattern.BROKEN:
            return (shape[figure[index % len(figure)] % len(shape)],)
        case PlayingPattern.ALBERTI:
            return (shape[_ALBERTI[index % 4] % len(shape)],)
        case PlayingPattern.SHUFFLE:
            return (shape[0], shape[1] + (2 if index % 4 >= 2 else 0))
        case PlayingPattern.POWER:
            return shape[: voice.layer.voices]
        case _:
            return shape
