"""What the lead sings and what instruments play in its place: phrases made of motifs that come back.

A section's melody is built from a few bars of rhythm and contour. Phrases of four bars repeat the first one,
answer it with a second and close on a long note; strong beats have chord tones, others the notes between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emo_assets.synthetic_corpus.arrangement import SECTIONS_WITHOUT_MELODY, Voice
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.harmony import scale_of
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.voicing import nearest_pitch
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_LARGEST_THIRD = 4
RANGE = 9
"""Semitones that a melody may go above or below its register."""

LONGEST_NOTE = 2 * POSITIONS_PER_QUARTER
COMPASSES = {
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
"""Lowest and highest pitch of the strings, winds and voices that play or sing melodies, by program."""

_PHRASE_SHAPES = ((0, 1, 2, 0), (0, 2, 1, -1), (1, 2, 0, -1), (0, -1, 1, 0), (-1, 0, 2, 1))


@dataclass(frozen=True)
class Motif:
    """One bar of melody: where its notes start, and the scale steps from each note to the next."""

    starts: tuple[int, ...]
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Theme:
    """A section's material.

    Attributes:
        opening: the bar that phrases begin with.
        answer: the bar after it.
        variant: what may stand in the opening's place when it comes back.
        close: the last bar.
        shape: the height in scale steps of a phrase's four bars.
    """

    opening: Motif
    answer: Motif
    variant: Motif
    close: Motif
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Phrase:
    """Four bars, or fewer at the end of a section, that are sung or played.

    Attributes:
        material: the kind of section whose theme it is made of.
        first_bar: its first bar, from 0.
        bars: its length.
        turn: how many phrases on the same material came before it.
        closes_section: whether a section ends with it.
    """

    material: SectionKind
    first_bar: int
    bars: int
    turn: int
    closes_section: bool


def phrases_of(sections: tuple[Section, ...]) -> list[Phrase]:
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
    """Return the phrase in which the introduction gives the chorus away, or none without an introduction."""
    first = sections[0]
    if first.kind is not SectionKind.INTRO:
        return None
    return Phrase(SectionKind.CHORUS, first.first_bar, min(PHRASE_BARS, first.bars), 0, True)


def divided(phrases: list[Phrase], bars: float, rng: SeededRandom) -> tuple[list[Phrase], list[Phrase]]:
    """Divide phrases among the lead and the instruments.

    Args:
        phrases: all phrases, in order.
        bars: how many bars the lead shall sing, to the nearest two; those of choruses come first.
        rng: decides which verses are left to the instruments.

    Returns:
        The phrases that are sung and those that are not, each in order. One phrase may be cut in halves.
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
    return _in_order(sung), _in_order(unsung)


def _in_order(phrases: list[Phrase]) -> list[Phrase]:
    return sorted(phrases, key=lambda phrase: phrase.first_bar)


def themes_of(score: LeadSheet, rng: SeededRandom) -> dict[SectionKind, Theme]:
    """Invent the song's tunes: the material of each kind of section, whoever sings or plays it."""
    kinds = [kind for kind in SectionKind if kind not in SECTIONS_WITHOUT_MELODY]
    return {kind: _new_theme(score, kind, rng.child(kind)) for kind in kinds}


def melody_sounds(
    score: LeadSheet, voice: Voice, phrases: list[Phrase], themes: dict[SectionKind, Theme]
) -> list[Sound]:
    """Write a melody over `phrases`; an instrument with two voices adds a third below.

    Args:
        score: the song's plan.
        voice: who sings or plays.
        phrases: where.
        themes: the song's tunes.
    """
    register = voice.layer.register + score.feel.register
    sounds: list[Sound] = []
    last_pitch = _within_compass(register, voice)
    for phrase in phrases:
        lift = 2 if phrase.material is SectionKind.CHORUS else 0
        centre = _within_compass(register + lift, voice)
        line = _phrase_line(score, voice, themes[phrase.material], phrase, centre, last_pitch)
        last_pitch = line[-1].pitch
        sounds += line
        if voice.layer.voices > 1:
            sounds += [_third_below(score, sound) for sound in line]
    return sounds


def _within_compass(register: int, voice: Voice) -> int:
    """Return the pitch nearest to `register` around which the instrument has all the notes of a melody."""
    lowest, highest = COMPASSES.get(voice.program, (0, 127))
    below = RANGE if voice.layer.voices == 1 else RANGE + _LARGEST_THIRD
    return max(min(register, highest - RANGE), lowest + below)


def _new_theme(score: LeadSheet, kind: SectionKind, rng: SeededRandom) -> Theme:
    rate = score.feel.melody_rate * (1.1 if kind is SectionKind.CHORUS else 1.0)
    shape = rng.pick(_PHRASE_SHAPES)
    rise = score.feel.rise
    return Theme(
        opening=_new_motif(score, rate, rng),
        answer=_new_motif(score, rate, rng),
        variant=_new_motif(score, rate, rng),
        close=_new_motif(score, rate * 0.7, rng),
        shape=tuple(round(step + rise * place / 3) for place, step in enumerate(shape)),
    )


def _new_motif(score: LeadSheet, rate: float, rng: SeededRandom) -> Motif:
    """Draw the rhythm and contour of one bar with `rate` notes a beat."""
    meter = score.meter
    step = 4 if score.style.swing else 6
    free = [position for position in range(meter.positions) if _singable(position, step, rate)]
    wanted = min(len(free), max(1, int(rate * meter.beats + rng.uniform())))
    starts: set[int] = set()
    for _ in range(wanted):
        weights = [_start_weight(meter, position, score.feel.looseness, starts) for position in free]
        starts.add(rng.weighted(free, weights))
    steps = [0]
    for _ in range(len(starts) - 1):
        size = rng.weighted((0, 1, 2, 3), (0.22, 0.55, 0.17, 0.06))
        steps.append(size if rng.bernoulli(0.5 + 0.06 * score.feel.rise) else -size)
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


def _phrase_line(
    score: LeadSheet, voice: Voice, theme: Theme, phrase: Phrase, centre: int, last_pitch: int
) -> list[Sound]:
    again = theme.variant if phrase.turn % 4 == 3 else theme.opening
    order = (theme.opening, theme.answer, again, theme.close)
    line: list[Sound] = []
    width = score.meter.positions
    pitch = last_pitch
    for place in range(phrase.bars):
        motif = order[place] if place < phrase.bars - 1 else theme.close
        bar_start = (phrase.first_bar + place) * width
        goal = (centre + 2 * theme.shape[place] + pitch) // 2
        ends = [*motif.starts[1:], width]
        for start, end, step in zip(motif.starts, ends, motif.steps, strict=True):
            position = bar_start + start
            length = min(end - start, LONGEST_NOTE)
            before = goal if start == motif.starts[0] else pitch
            pitch = _stepped(score, position, before, step)
            if score.meter.strength(start) >= 0.8 or length > POSITIONS_PER_QUARTER:
                pitch = _chord_tone(score, position, pitch, away_from=before if step else None)
            pitch = _kept_within(pitch, centre)
            accent = voice.layer.accent + 6 * (score.meter.strength(start) - 0.5)
            line.append(Sound(position, max(2, length - (1 if length > 3 else 0)), pitch, accent))
    return _closed(score, phrase, line, centre)


def _closed(score: LeadSheet, phrase: Phrase, line: list[Sound], centre: int) -> list[Sound]:
    """Let the phrase end on a long chord tone, the section on the tonic where the chord has it."""
    last = line[-1]
    chord = score.chord_at(last.start)
    pitch = _chord_tone(score, last.start, last.pitch)
    if phrase.closes_section and score.features.key in chord.tones:
        pitch = nearest_pitch(score.features.key, last.pitch)
    bar_end = (phrase.first_bar + phrase.bars) * score.meter.positions
    length = min(bar_end - last.start, 3 * POSITIONS_PER_QUARTER)
    return [*line[:-1], last._replace(pitch=_kept_within(pitch, centre), length=length)]


def _stepped(score: LeadSheet, position: int, pitch: int, steps: int) -> int:
    """Return the scale note `steps` above `pitch` (below, when negative) over the chord at `position`."""
    features = score.features
    scale = scale_of(score.chord_at(position), features.key, features.mode)
    while pitch % 12 not in scale:
        pitch += 1
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        pitch += direction
        while pitch % 12 not in scale:
            pitch += direction
    return pitch


def _chord_tone(score: LeadSheet, position: int, pitch: int, away_from: int | None = None) -> int:
    """Return the chord tone nearest to `pitch`, but not `away_from`: a moving line does not stand still."""
    candidates = [nearest_pitch(tone, pitch) for tone in score.chord_at(position).tones]
    moving = [candidate for candidate in candidates if candidate != away_from]
    return min(moving, key=lambda candidate: (abs(candidate - pitch), candidate))


def _kept_within(pitch: int, centre: int) -> int:
    while pitch > centre + RANGE:
        pitch -= 12
    while pitch < centre - RANGE:
        pitch += 12
    return pitch


def _third_below(score: LeadSheet, sound: Sound) -> Sound:
    return sound._replace(pitch=_stepped(score, sound.start, sound.pitch, -2), accent=sound.accent - 6)
