"""The bass part: lines in the style's playing pattern, displaced together with the drums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from emo_assets.synthetic_corpus.arrangement import Voice, plays_at_all, voice_level
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.harmony import nearest_pitch
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import PlayingPattern
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

LOWEST, HIGHEST = 28, 56
"""Pitch range of the bass."""

_RIFF_STEPS = (0, 0, 0, 7, 12, 10, 5)
"""Semitones above the root that riffs are made of; those outside the chord become its fifth."""


@dataclass(frozen=True)
class _Pattern:
    """The free choices of a bass line in one kind of section.

    Attributes:
        riff: semitones above the root of a riff's notes.
        chances: for each bar of a phrase, numbers from 0 to 1 that decide about its strokes in turn.
    """

    riff: tuple[int, ...]
    chances: tuple[tuple[float, ...], ...]

    @classmethod
    def draw(cls, rng: SeededRandom) -> _Pattern:
        """Draw a pattern; the third bar of a phrase is like the first."""
        one, two, four = (tuple(rng.uniform() for _ in range(8)) for _ in range(3))
        return cls(tuple(rng.pick(_RIFF_STEPS) for _ in range(24)), (one, two, one, four))


def write_bass(
    sheet: LeadSheet, voice: Voice, levels: dict[SectionKind, float], rng: SeededRandom
) -> list[WrittenNote]:
    """Write the bass of the whole song.

    Args:
        sheet: the song's plan.
        voice: the bass.
        levels: level of activity in each kind of section, 0 to 1.
        rng: chooses passing notes and riffs.
    """
    written: list[WrittenNote] = []
    patterns: dict[SectionKind, _Pattern] = {}
    gate = min(1.0, voice.layer.gate * sheet.params.articulation)
    for section in sheet.sections:
        level = voice_level(voice, levels[section.kind])
        if level < 0:
            continue
        if section.kind not in patterns:
            patterns[section.kind] = _Pattern.draw(rng)
        pattern = patterns[section.kind]
        for index, start, end in _strokes(sheet, voice, section, level):
            bar = start // sheet.meter.positions - section.first_bar
            pitch = _pitch(sheet, voice, pattern, index, start, pattern.chances[bar % PHRASE_BARS])
            length = max(1, round((end - start) * gate))
            accent = voice.layer.accent + 6 * (sheet.meter.strength(start % sheet.meter.positions) - 0.5)
            written.append(WrittenNote(start, length, _within_range(pitch), accent))
    if plays_at_all(voice, levels):
        pitch = _root(sheet, voice, sheet.last_bar_start)
        written.append(WrittenNote(sheet.last_bar_start, sheet.meter.positions, pitch, voice.layer.accent))
    return written


def _strokes(
    sheet: LeadSheet, voice: Voice, section: Section, level: float
) -> Iterator[tuple[int, int, int]]:
    """Yield (number within its chord, start, end) of each stroke; every chord has one at its start."""
    in_bar = onsets(voice.layer.rhythm, sheet.meter, lowest_rank(level))
    width = sheet.meter.positions
    starts: set[int] = set()
    section_end = min((section.first_bar + section.bars) * width, sheet.last_bar_start)
    for bar in range(section.first_bar, section_end // width):
        starts.update(bar * width + sheet.displaced[bar].get(position, position) for position in in_bar)
    for span in sheet.chords:
        if section.first_bar * width <= span.start < section_end and voice.layer.rhythm[0] != ".":
            starts.add(span.start)
    index = 0
    chord_start = -1
    for start, following in pairwise([*sorted(starts), section_end]):
        span = sheet.span_at(start)
        index = 0 if span.start != chord_start else index + 1
        chord_start = span.start
        yield index, start, min(following, span.end)


def _root(sheet: LeadSheet, voice: Voice, position: int) -> int:
    return nearest_pitch(sheet.chord_at(position).root, voice.layer.register)


def _pitch(
    sheet: LeadSheet,
    voice: Voice,
    pattern: _Pattern,
    index: int,
    start: int,
    chances: tuple[float, ...],
) -> int:
    """Return the pitch of a chord's stroke number `index`."""
    root = _root(sheet, voice, start)
    chord = sheet.chord_at(start)
    fifth = root + (chord.tones[2] - chord.root) % 12
    match voice.layer.playing:
        case PlayingPattern.OCTAVES:
            return root + 12 * (start % POSITIONS_PER_QUARTER != 0)
        case PlayingPattern.ROOT_FIFTH:
            below = fifth - 12
            return root if index % 2 == 0 else (below if below >= LOWEST else fifth)
        case PlayingPattern.WALKING:
            return _walk(sheet, voice, index, start, chances)
        case PlayingPattern.RIFF:
            wanted = root + (pattern.riff[index % len(pattern.riff)] if index else 0)
            return wanted if wanted % 12 in chord.tones else nearest_pitch(chord.tones[2], wanted)
        case _:
            closing = index > 2 and start % sheet.meter.positions >= sheet.meter.positions - 6
            return fifth - 12 if closing and fifth - 12 >= LOWEST and chances[index % 8] < 0.3 else root


def _within_range(pitch: int) -> int:
    if pitch < LOWEST:
        return pitch + 12
    return pitch - 12 if pitch > HIGHEST else pitch


def _walk(sheet: LeadSheet, voice: Voice, index: int, start: int, chances: tuple[float, ...]) -> int:
    """Return a note of a walking bass: chord tones, then a step that leads into the next chord's root."""
    span = sheet.span_at(start)
    root = _root(sheet, voice, start)
    if index == 0:
        return root
    if span.end - start <= POSITIONS_PER_QUARTER and span.end < sheet.last_bar_start:
        goal = nearest_pitch(sheet.chord_at(span.end).root, root)
        by_semitone = chances[index % 8] < 0.35
        return goal + (2 - by_semitone) * (1 if goal < root else -1)
    tones = span.chord.tones
    target = (
        root + (start - span.start) * 7 // max(1, span.end - span.start) + 2 * int(3 * chances[index % 8])
    )
    return nearest_pitch(tones[1 + index % (len(tones) - 1)] if index % 4 else tones[0], target)
