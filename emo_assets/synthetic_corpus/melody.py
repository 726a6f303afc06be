"""Melodies, sung by the lead or played by instruments: phrases made of recurring motifs.

A theme has a few bars of rhythm and contour. A phrase of four bars is opening, answer, opening and close;
strong beats have chord tones, the others scale notes between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emo_assets.synthetic_corpus.arrangement import SECTIONS_WITHOUT_MELODY, Voice
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.harmony import melody_scale, nearest_pitch
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

MAX_DEVIATION = 8
"""Semitones of a melody above or below its centre."""

_MAJOR_THIRD = 4

MAX_NOTE_LENGTH = 2 * POSITIONS_PER_QUARTER
"""Positions."""

INSTRUMENT_RANGES = {
    40: (55, 100),
    42: (36, 81),
    53: (48, 86),
    56: (54, 86),
    57: (40, 74),
    60: (41, 79),
    65: (49, 83),
    66: (44, 80),
    68: (58, 93),
    71: (50, 91),
    73: (60, 98),
    77: (55, 96),
    110: (55, 100),
}
"""Lowest and highest pitch of the strings, winds and voices that have melodies, by General MIDI program."""

_SEQUENCE_SHARE = 0.75
"""Share of the themes whose second bar is the first on other steps of the scale; as many end on its head."""

_STEP_SIZES, _STEP_WEIGHTS = (0, 1, 2, 3), (0.07, 0.78, 0.11, 0.04)
"""Scale steps between a melody's notes and how often each comes."""

_PHRASE_SHAPES = ((0, 1, 2, 0), (0, 2, 1, -1), (1, 2, 0, -1), (0, -1, 1, 0), (-1, 0, 2, 1))


@dataclass(frozen=True)
class Motif:
    """One bar of melody: start positions, and scale steps from each note to the next."""

    starts: tuple[int, ...]
    steps: tuple[int, ...]

    def head(self, share: float) -> Motif:
        """Return the first `share` (0 to 1) of its notes, at least one."""
        count = max(1, int(share * len(self.starts)))
        return Motif(self.starts[:count], self.steps[:count])


@dataclass(frozen=True)
class Theme:
    """The melodic material of a kind of section.

    Attributes:
        opening: the first bar of a phrase.
        answer: the second bar.
        variant: replaces the opening in every fourth phrase's third bar.
        close: the last bar.
        shape: scale steps of the phrase's four bars above its centre.
    """

    opening: Motif
    answer: Motif
    variant: Motif
    close: Motif
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Phrase:
    """Four bars of melody, or fewer at the end of a section.

    Attributes:
        material: the kind of section whose theme it uses.
        first_bar: its first bar, from 0.
        bars: its length.
        turn: number of earlier phrases on the same material.
        closes_section: whether it is its section's last.
    """

    material: SectionKind
    first_bar: int
    bars: int
    turn: int
    closes_section: bool


def melody_phrases(sections: tuple[Section, ...]) -> list[Phrase]:
    """Return the phrases of all sections that may have a melody, in order."""
    phrases: list[Phrase] = []
    turns: dict[SectionKind, int] = {}
    for section in sections:
        if section.kind in SECTIONS_WITHOUT_MELODY:
            continue
        for first in range(0, section.bars, PHRASE_BARS):
            bars = min(PHRASE_BARS, section.bars - first)
            turn = turns.get(section.kind, 0)
            turns[section.kind] = turn + 1
            closes = first + bars == section.bars
            phrases.append(Phrase(section.kind, section.first_bar + first, bars, turn, closes))
    return phrases


def opening_hook(sections: tuple[Section, ...]) -> Phrase | None:
    """Return a phrase of the chorus in the introduction, or None without an introduction."""
    first = sections[0]
    if first.kind is not SectionKind.INTRO:
        return None
    return Phrase(SectionKind.CHORUS, first.first_bar, min(PHRASE_BARS, first.bars), 0, True)


def split_phrases(phrases: list[Phrase], bars: float, rng: SeededRandom) -> tuple[list[Phrase], list[Phrase]]:
    """Divide phrases between the lead and the instruments.

    Args:
        phrases: all phrases, in order.
        bars: number of bars to sing, to the nearest two; choruses are sung first.
        rng: chooses the verses that are left to the instruments.

    Returns:
        The sung and the other phrases, each in order. One phrase may be split in halves.
    """
    order = sorted(phrases, key=lambda phrase: (phrase.material is not SectionKind.CHORUS, rng.uniform()))
    sung: list[Phrase] = []
    unsung: list[Phrase] = []
    for phrase in order:
        half = phrase.bars // 2
        if bars >= phrase.bars - 1:
            sung.append(phrase)
        elif half and bars >= half - 1:
            sung.append(replace(phrase, bars=half, closes_section=False))
            unsung.append(replace(phrase, first_bar=phrase.first_bar + half, bars=phrase.bars - half))
        else:
            unsung.append(phrase)
        bars -= phrase.bars
    for part in (sung, unsung):
        part.sort(key=lambda phrase: phrase.first_bar)
    return sung, unsung


def write_themes(sheet: LeadSheet, rng: SeededRandom) -> dict[SectionKind, Theme]:
    """Invent the theme of each kind of section."""
    kinds = [kind for kind in SectionKind if kind not in SECTIONS_WITHOUT_MELODY]
    return {kind: _new_theme(sheet, kind, rng.child(kind)) for kind in kinds}


def write_melody(
    sheet: LeadSheet, voice: Voice, phrases: list[Phrase], themes: dict[SectionKind, Theme]
) -> list[WrittenNote]:
    """Write a melody over `phrases`; an instrument with two voices adds a third below.

    Args:
        sheet: the song's plan.
        voice: the instrument or singer.
        phrases: the phrases to write.
        themes: the song's themes.
    """
    register = voice.layer.register + sheet.params.register
    written: list[WrittenNote] = []
    for phrase in phrases:
        lift = 2 if phrase.material is SectionKind.CHORUS else 0
        centre = _fit_instrument(register + lift, voice)
        line = _write_phrase(sheet, voice, themes[phrase.material], phrase, centre)
        written += line
        if voice.layer.voices > 1:
            written += [_third_below(sheet, note) for note in line]
    return written


def _fit_instrument(register: int, voice: Voice) -> int:
    """Return the centre nearest to `register` with all notes of a melody inside the instrument's range."""
    lowest, highest = INSTRUMENT_RANGES.get(voice.program, (0, 127))
    below = MAX_DEVIATION if voice.layer.voices == 1 else MAX_DEVIATION + _MAJOR_THIRD
    return max(min(register, highest - MAX_DEVIATION), lowest + below)


def _new_theme(sheet: LeadSheet, kind: SectionKind, rng: SeededRandom) -> Theme:
    rate = sheet.params.melody_rate * (1.1 if kind is SectionKind.CHORUS else 1.0)
    shape = rng.pick(_PHRASE_SHAPES)
    rise = sheet.params.melodic_rise
    opening = _new_motif(sheet, rate, rng)
    answer = opening if rng.bernoulli(_SEQUENCE_SHARE) else _new_motif(sheet, rate, rng)
    return Theme(
        opening=opening,
        answer=answer,
        variant=_new_motif(sheet, rate, rng),
        close=opening.head(0.7) if rng.bernoulli(_SEQUENCE_SHARE) else _new_motif(sheet, rate * 0.7, rng),
        shape=tuple(round(step + rise * bar / 3) for bar, step in enumerate(shape)),
    )


def _new_motif(sheet: LeadSheet, rate: float, rng: SeededRandom) -> Motif:
    """Draw the rhythm and contour of one bar with `rate` notes per beat."""
    meter = sheet.meter
    step = 4 if sheet.style.swing else 6
    free = [position for position in range(meter.positions) if _singable(position, step, rate)]
    wanted = min(len(free), max(1, int(rate * meter.beats + rng.uniform())))
    starts: set[int] = set()
    for _ in range(wanted):
        weights = [_start_weight(meter, position, sheet.params.looseness, starts) for position in free]
        starts.add(rng.weighted(free, weights))
    steps = [0]
    for _ in range(len(starts) - 1):
        size = rng.weighted(_STEP_SIZES, _STEP_WEIGHTS)
        turns = rng.bernoulli(0.4)
        rising = rng.bernoulli(0.5 + 0.06 * sheet.params.melodic_rise)
        if steps[-1] and not turns:
            rising = steps[-1] > 0
        steps.append(size if rising else -size)
    return Motif(tuple(sorted(starts)), tuple(steps))


def _singable(position: int, step: int, rate: float) -> bool:
    rest = position % POSITIONS_PER_QUARTER
    if step == 4:
        return rest in ((0, 8) if rate < 1.0 else (0, 4, 8))
    return rest in (0, 6) or (rate > 0.9 and rest == 9)


def _start_weight(meter: Meter, position: int, looseness: float, taken: set[int]) -> float:
    if position in taken:
        return 0.0
    strength = meter.strength(position)
    return strength * (1 - 0.5 * looseness) + 0.35 * looseness


def _write_phrase(
    sheet: LeadSheet, voice: Voice, theme: Theme, phrase: Phrase, centre: int
) -> list[WrittenNote]:
    """Write a phrase; on the same chords it is the same wherever it returns."""
    again = theme.variant if phrase.turn % 4 == 3 else theme.opening
    order = (theme.opening, theme.answer, again, theme.close)
    line: list[WrittenNote] = []
    width = sheet.meter.positions
    pitch = centre + 2 * theme.shape[0]
    for bar in range(phrase.bars):
        motif = order[bar] if bar < phrase.bars - 1 else theme.close
        bar_start = (phrase.first_bar + bar) * width
        goal = centre + 2 * theme.shape[bar]
        ends = [*motif.starts[1:], width]
        for start, end, step in zip(motif.starts, ends, motif.steps, strict=True):
            position = bar_start + start
            length = min(end - start, MAX_NOTE_LENGTH)
            before = pitch
            if start == motif.starts[0]:
                step = min(2, max(-2, (goal - pitch) // 2))
            elif abs(pitch + 2 * step - centre) > MAX_DEVIATION:
                step = -step
            pitch = _step_in_scale(sheet, position, before, step)
            if sheet.meter.strength(start) >= 1 or length > POSITIONS_PER_QUARTER:
                pitch = _chord_tone(sheet, position, pitch, before=before if step else None)
            pitch = _fold_octaves(pitch, centre)
            accent = voice.layer.accent + 6 * (sheet.meter.strength(start) - 0.5)
            line.append(WrittenNote(position, max(2, length - (1 if length > 3 else 0)), pitch, accent))
    return _close_phrase(sheet, phrase, line, centre)


def _close_phrase(
    sheet: LeadSheet, phrase: Phrase, line: list[WrittenNote], centre: int
) -> list[WrittenNote]:
    """End the phrase on a long chord tone, the section on the tonic if the chord has it."""
    last = line[-1]
    chord = sheet.chord_at(last.start)
    pitch = _chord_tone(sheet, last.start, last.pitch)
    if phrase.closes_section and sheet.features.key in chord.tones:
        pitch = nearest_pitch(sheet.features.key, last.pitch)
    bar_end = (phrase.first_bar + phrase.bars) * sheet.meter.positions
    length = min(bar_end - last.start, 3 * POSITIONS_PER_QUARTER)
    return [*line[:-1], last._replace(pitch=_fold_octaves(pitch, centre), length=length)]


def _step_in_scale(sheet: LeadSheet, position: int, pitch: int, steps: int) -> int:
    """Return the scale note `steps` above `pitch` (below, when negative) over the chord at `position`."""
    features = sheet.features
    scale = melody_scale(sheet.chord_at(position), features.key, features.mode)
    while pitch % 12 not in scale:
        pitch += 1
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        pitch += direction
        while pitch % 12 not in scale:
            pitch += direction
    return pitch


def _chord_tone(sheet: LeadSheet, position: int, pitch: int, before: int | None = None) -> int:
    """Return the chord tone nearest to `pitch`; after the pitch `before`, rather one a step away from it."""

    def cost(candidate: int) -> tuple[float, int]:
        away = 0 if before is None else abs(candidate - before)
        return abs(candidate - pitch) + (0 if before is None or away in (1, 2) else 1.5), candidate

    return min((nearest_pitch(tone, pitch) for tone in sheet.chord_at(position).tones), key=cost)


def _fold_octaves(pitch: int, centre: int) -> int:
    while pitch > centre + MAX_DEVIATION:
        pitch -= 12
    while pitch < centre - MAX_DEVIATION:
        pitch += 12
    return pitch


def _third_below(sheet: LeadSheet, note: WrittenNote) -> WrittenNote:
    return note._replace(pitch=_step_in_scale(sheet, note.start, note.pitch, -2), accent=note.accent - 6)
