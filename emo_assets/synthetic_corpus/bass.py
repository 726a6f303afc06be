"""What the bass plays: lines in the style's manner, locked with the drums by moving as they move."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from emo_assets.synthetic_corpus.arrangement import Voice, level_of, plays_at_all
from emo_assets.synthetic_corpus.form import Section, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import PlayingPattern
from emo_assets.synthetic_corpus.voicing import nearest_pitch
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

LOWEST, HIGHEST = 28, 56
"""The bass stays within these pitches: above the lowest string, hardly into the chords."""


def bass_sounds(
    score: LeadSheet, voice: Voice, levels: dict[SectionKind, float], rng: SeededRandom
) -> list[Sound]:
    """Write the bass of the whole song.

    Args:
        score: the song's plan.
        voice: the bass.
        levels: how busy each kind of section is, 0 to 1.
        rng: decides passing notes and riffs.
    """
    sounds: list[Sound] = []
    riffs: dict[SectionKind, tuple[int, ...]] = {}
    for section in score.sections:
        level = level_of(voice, levels[section.kind])
        if level < 0:
            continue
        riff = riffs.setdefault(section.kind, tuple(rng.pick(_RIFF_STEPS) for _ in range(24)))
        for place, start, end in _strokes(score, voice, section, level):
            pitch = _pitch(score, voice, riff, place, start, rng)
            length = max(1, int((end - start) * voice.layer.gate))
            accent = voice.layer.accent + 6 * (score.meter.strength(start % score.meter.positions) - 0.5)
            sounds.append(Sound(start, length, _within_range(pitch), accent))
    if plays_at_all(voice, levels):
        pitch = _root(score, voice, score.last_bar_start)
        sounds.append(Sound(score.last_bar_start, score.meter.positions, pitch, voice.layer.accent))
    return sounds


_RIFF_STEPS = (0, 0, 0, 7, 12, 10, 5)
"""Semitones above the root that riffs are made of; what is neither chord nor key is bent to the chord."""


def _strokes(
    score: LeadSheet, voice: Voice, section: Section, level: float
) -> Iterator[tuple[int, int, int]]:
    """Yield (number within its chord, start, end) of each stroke; every chord has one at its start."""
    pattern_onsets = onsets(voice.layer.pattern, score.meter, lowest_rank(level))
    width = score.meter.positions
    starts: set[int] = set()
    section_end = min((section.first_bar + section.bars) * width, score.last_bar_start)
    for bar in range(section.first_bar, section_end // width):
        moves = score.moved[bar]
        starts.update(bar * width + moves.get(position, position) for position in pattern_onsets)
    for span in score.chords:
        if section.first_bar * width <= span.start < section_end and voice.layer.pattern[0] != ".":
            starts.add(span.start)
    place = 0
    chord_start = -1
    for start, following in pairwise([*sorted(starts), section_end]):
        span = score.span_at(start)
        place = 0 if span.start != chord_start else place + 1
        chord_start = span.start
        yield place, start, min(following, span.end)


def _root(score: LeadSheet, voice: Voice, position: int) -> int:
    return nearest_pitch(score.chord_at(position).root, voice.layer.register)


def _pitch(
    score: LeadSheet, voice: Voice, riff: tuple[int, ...], place: int, start: int, rng: SeededRandom
) -> int:
    """Return the pitch of the stroke number `place` of its chord."""
    root = _root(score, voice, start)
    chord = score.chord_at(start)
    fifth = root + (chord.tones[2] - chord.root) % 12
    match voice.layer.manner:
        case PlayingPattern.OCTAVES:
            return root + 12 * (start % POSITIONS_PER_QUARTER != 0)
        case PlayingPattern.ROOT_FIFTH:
            below = fifth - 12
            return root if place % 2 == 0 else (below if below >= LOWEST else fifth)
        case PlayingPattern.WALKING:
            return _walked(score, voice, place, start, rng)
        case PlayingPattern.RIFF:
            step = riff[place % len(riff)] if place else 0
            wanted = root + step
            return wanted if wanted % 12 in chord.tones else nearest_pitch(chord.tones[2], wanted)
        case _:
            closing = place > 2 and start % score.meter.positions >= score.meter.positions - 6
            return fifth - 12 if closing and fifth - 12 >= LOWEST and rng.bernoulli(0.3) else root


def _within_range(pitch: int) -> int:
    if pitch < LOWEST:
        return pitch + 12
    return pitch - 12 if pitch > HIGHEST else pitch


def _walked(score: LeadSheet, voice: Voice, place: int, start: int, rng: SeededRandom) -> int:
    """Return a walking bass note: chord tones, then a step that leads into the next chord's root."""
    span = score.span_at(start)
    root = _root(score, voice, start)
    if place == 0:
        return root
    if span.end - start <= POSITIONS_PER_QUARTER and span.end < score.last_bar_start:
        goal = nearest_pitch(score.chord_at(span.end).root, root)
        return goal + (rng.pick((1, -1)) if rng.bernoulli(0.35) else 2 if goal < root else -2)
    tones = span.chord.tones
    target = root + (start - span.start) * 7 // max(1, span.end - span.start) + rng.pick((0, 2, 4))
    return nearest_pitch(tones[1 + place % (len(tones) - 1)] if place % 4 else tones[0], target)
