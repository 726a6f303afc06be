"""What the drummer plays: the groove, fills at the ends of phrases, a crash where a section starts."""

from __future__ import annotations

from emo_assets.synthetic_corpus.arrangement import drum_level
from emo_assets.synthetic_corpus.form import PHRASE_BARS, Section, SectionKind
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import Groove
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

KICK, SNARE, CLOSED_HAT, CRASH, RIDE = 36, 38, 42, 49, 51
TOMS = (50, 48, 47, 45, 43, 41)
GHOST_ACCENT = -26
_STROKE_LENGTH = 3
_BACKBEAT_DRUMS = frozenset({37, 38, 39})
_METAL = frozenset({42, 44, 46, 51, 54, 70})


def drum_sounds(score: LeadSheet, levels: dict[SectionKind, float], rng: SeededRandom) -> list[Sound]:
    """Write the drums of the whole song; nothing where the music is too quiet for them.

    Args:
        score: the song's plan.
        levels: how busy each kind of section is, 0 to 1.
        rng: decides fills and small accents.
    """
    groove = score.style.groove
    if groove is None:
        return []
    rides = groove.fills and rng.bernoulli(0.4)
    sounds: list[Sound] = []
    played_before = False
    for section in score.sections:
        level = drum_level(groove, levels[section.kind])
        if level < 0:
            played_before = False
            continue
        if groove.fills and (played_before or section.kind is not SectionKind.INTRO):
            start = section.first_bar * score.meter.positions
            sounds.append(Sound(start, 2 * POSITIONS_PER_QUARTER, CRASH, 4))
        section_sounds = _section_sounds(score, groove, section, level, rng)
        if rides and section.kind is SectionKind.CHORUS:
            section_sounds = [_on_the_ride(sound) for sound in section_sounds]
        sounds += section_sounds
        played_before = True
    if played_before:
        sounds.append(Sound(score.last_bar_start, POSITIONS_PER_QUARTER, KICK, 8))
        if groove.fills:
            sounds.append(Sound(score.last_bar_start, score.meter.positions, CRASH, 6))
    return sounds


def _on_the_ride(sound: Sound) -> Sound:
    return sound._replace(pitch=RIDE) if sound.pitch == CLOSED_HAT else sound


def _section_sounds(
    score: LeadSheet, groove: Groove, section: Section, level: float, rng: SeededRandom
) -> list[Sound]:
    sounds: list[Sound] = []
    rank = lowest_rank(level)
    for bar in range(section.first_bar, section.first_bar + section.bars):
        start = bar * score.meter.positions
        if start == score.last_bar_start:
            break
        closes_section = bar == section.first_bar + section.bars - 1
        closes_phrase = (bar - section.first_bar) % PHRASE_BARS == PHRASE_BARS - 1
        fill_beats = 0
        if groove.fills and (closes_section or (closes_phrase and rng.bernoulli(0.5))):
            fill_beats = 1 if score.meter.beats < 4 or not closes_section else 2
        fill_start = score.meter.positions - fill_beats * POSITIONS_PER_QUARTER
        moves = score.moved[bar]
        for line in groove.lines:
            for position in onsets(line.pattern, score.meter, rank):
                played = moves.get(position, position)
                if played >= fill_start and line.pitch != KICK:
                    continue
                accent = line.accent + 8 * (score.meter.strength(position) - 0.5)
                if line.pitch in _BACKBEAT_DRUMS and position % POSITIONS_PER_QUARTER:
                    accent = GHOST_ACCENT
                elif line.pitch in _METAL and position % POSITIONS_PER_QUARTER == 0:
                    accent += 4
                sounds.append(Sound(start + played, _STROKE_LENGTH, line.pitch, accent))
        if fill_beats:
            sounds += _fill(score, start + fill_start, fill_beats, level, rng)
    return sounds


def _fill(score: LeadSheet, start: int, beats: int, level: float, rng: SeededRandom) -> list[Sound]:
    """Write a run over snare and toms, falling and growing louder; the busier, the more strokes."""
    steps = 3 if score.style.swing else 4
    width = POSITIONS_PER_QUARTER // steps
    total = beats * steps
    sounds = []
    for step in range(total):
        on_beat = step % steps == 0
        if not on_beat and not rng.bernoulli(0.25 + 0.7 * level):
            continue
        drum = (
            SNARE
            if step < total // 3
            else TOMS[min(5, (step - total // 3) * 6 // max(1, total - total // 3))]
        )
        sounds.append(Sound(start + step * width, _STROKE_LENGTH, drum, -4 + 10 * step / total))
    return sounds
