"""What the chordal instruments play: blocks, strums, power chords, broken chords, sustained pads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from emo_assets.synthetic_corpus.arrangement import Voice, level_of, notes_at_once, plays_at_all
from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.harmony import Chord
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import PlayingPattern, Role
from emo_assets.synthetic_corpus.voicing import nearest_pitch, voice_chord
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_FIGURES = ((0, 1, 2, 3), (0, 2, 1, 3), (0, 1, 2, 1), (3, 2, 1, 0), (0, 2, 3, 2))
"""Orders in which broken chords go through their notes, from the lowest (0) up."""

_ALBERTI = (0, 2, 1, 2)


def chord_sounds(
    score: LeadSheet, voice: Voice, levels: dict[SectionKind, float], rng: SeededRandom
) -> list[Sound]:
    """Write the part of a chordal instrument for the whole song.

    Args:
        score: the song's plan.
        voice: the instrument.
        levels: how busy each kind of section is, 0 to 1.
        rng: decides figures, and strokes that a loose player leaves out.
    """
    register = voice.layer.register + score.feel.register * (2 if voice.layer.role is Role.COLOUR else 1) // 2
    figures: dict[SectionKind, tuple[int, ...]] = {}
    sounds: list[Sound] = []
    previous: tuple[int, ...] | None = None
    for section in score.sections:
        level = level_of(voice, levels[section.kind])
        if level < 0:
            continue
        figure = figures.setdefault(section.kind, rng.pick(_FIGURES))
        voices = notes_at_once(voice.layer, level)
        spread = 4 if voice.layer.manner is PlayingPattern.BROKEN else 3 if voices == 1 else voices
        for place, start, end in _strokes(score, voice, section, level, rng):
            chord = score.chord_at(start)
            previous = _shape(voice, chord, previous, register, spread)
            accent = voice.layer.accent + 8 * (score.meter.strength(start % score.meter.positions) - 0.5)
            length = max(1, int((end - start) * voice.layer.gate))
            struck = _struck(voice, chord, previous, figure, place)
            sounds += [Sound(start, length, pitch, accent) for pitch in struck]
    is_short = score.last_bar_start == 0
    if sounds or (is_short and plays_at_all(voice, levels)):  # nobody waits all song for the final chord
        final = voice_chord(score.chord_at(score.last_bar_start), previous, register, 3)
        sounds += [Sound(score.last_bar_start, score.meter.positions, pitch, 0) for pitch in final]
    return sounds


def _strokes(
    score: LeadSheet, voice: Voice, section: Section, level: float, rng: SeededRandom
) -> Iterator[tuple[int, int, int]]:
    """Yield (number within its bar, start, end) of each stroke in a section."""
    width = score.meter.positions
    section_end = min((section.first_bar + section.bars) * width, score.last_bar_start)
    starts: dict[int, int] = {}
    if voice.layer.manner is PlayingPattern.SUSTAINED:
        for span in score.chords:
            if section.first_bar * width <= span.start < section_end:
                yield 0, span.start, min(span.end, section_end)
        return
    rhythm = onsets(voice.layer.pattern, score.meter, lowest_rank(level))
    for bar in range(section.first_bar, section_end // width):
        moves = score.moved[bar]
        for place, position in enumerate(rhythm):
            if place and rng.bernoulli(0.16 * score.feel.looseness):
                continue
            starts.setdefault(bar * width + moves.get(position, position), place)
    for start, following in pairwise([*sorted(starts), section_end]):
        longest = 2 * POSITIONS_PER_QUARTER if voice.layer.gate < 1 else width
        yield starts[start], start, min(following, start + longest, score.span_at(start).end)


def _shape(
    voice: Voice, chord: Chord, previous: tuple[int, ...] | None, register: int, voices: int
) -> tuple[int, ...]:
    """Return the pitches that are at hand for `chord`, ascending."""
    if voice.layer.manner in (PlayingPattern.POWER, PlayingPattern.SHUFFLE):
        root = nearest_pitch(chord.root, register)
        return (root, root + (chord.tones[2] - chord.root) % 12, root + 12)
    return voice_chord(chord, previous, register, voices)


def _struck(
    voice: Voice, chord: Chord, shape: tuple[int, ...], figure: tuple[int, ...], place: int
) -> tuple[int, ...]:
    """Return which pitches of `shape` the stroke number `place` of a bar plays."""
    match voice.layer.manner:
        case PlayingPattern.BROKEN:
            return (shape[figure[place % len(figure)] % len(shape)],)
        case PlayingPattern.ALBERTI:
            return (shape[_ALBERTI[place % 4] % len(shape)],)
        case PlayingPattern.SHUFFLE:
            return (shape[0], shape[1] + (2 if place % 4 >= 2 else 0))
        case PlayingPattern.POWER:
            return shape[: voice.layer.voices]
        case _:
            return shape
