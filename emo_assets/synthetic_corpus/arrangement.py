"""Which instruments play, on which programs, and how busily in each section.

The wanted number of notes is divided among the layers of the style: the higher the level, the more layers
play, and the more strokes of their rhythms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emo_assets.synthetic_corpus.form import SectionKind, relative_density
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.program_weights import PROGRAM_WEIGHTS
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import Layer, PlayingPattern, Role

SECTIONS_WITHOUT_MELODY = frozenset({SectionKind.INTRO, SectionKind.ENDING})

OPTIONAL_ROLES = (Role.PAD, Role.COLOUR, Role.DOUBLE, Role.COUNTER)
"""Layers that only a full band has; the fuller, the more of them."""

_SEARCH_STEPS = 8
_REGISTER_SPREAD = 5.0
"""Standard deviation in semitones of the registers of optional instruments around their layer's."""

_BASS_STAYS_ELECTRIC = 0.5
"""Added to the bass's place in the order in which voices become acoustic: it is among the last."""


@dataclass(frozen=True)
class Voice:
    """A layer of the style with the instrument chosen for this song.

    Attributes:
        layer: the layer.
        program: its General MIDI program, 0 to 127.
        activity: how much busier (below 0: less busy) it is than the band.
        entry: level (0 to 1) of the band from which it plays.
        shift: semitones above the layer's register.
    """

    layer: Layer
    program: int
    activity: float
    entry: float = 0.0
    shift: int = 0


@dataclass(frozen=True)
class Arrangement:
    """The band and how busy it is.

    Attributes:
        voices: the instruments except the drums, in the style's order.
        levels: level of activity in each kind of section, 0 to 1.
    """

    voices: tuple[Voice, ...]
    levels: dict[SectionKind, float]


def voice_level(voice: Voice, level: float) -> float:
    """Return the level of `voice` where the band's level is `level`; negative if it is silent."""
    return -1.0 if level < voice.entry else min(1.0, max(0.0, level + voice.activity))


def plays_at_all(voice: Voice, levels: dict[SectionKind, float]) -> bool:
    """Return whether `voice` plays in any section."""
    return any(voice_level(voice, level) >= 0 for level in levels.values())


def chord_size(layer: Layer, level: float) -> int:
    """Return how many notes each stroke of `layer` has at its level."""
    match layer.playing:
        case PlayingPattern.BLOCK | PlayingPattern.STRUM | PlayingPattern.SUSTAINED:
            return max(2, min(4, layer.voices + (level >= 0.8) - (level < 0.3)))
        case PlayingPattern.POWER:
            return layer.voices if level >= 0.3 else 2
        case PlayingPattern.SHUFFLE:
            return 2
        case _:
            return 1


def drum_level(sheet: LeadSheet, level: float) -> float:
    """Return the level of the drums where the band's level is `level`; negative if they are silent."""
    groove, params = sheet.style.groove, sheet.params
    if groove is None or not params.has_drums or level + params.drum_bias < groove.entry:
        return -1.0
    return min(1.0, max(0.0, level + params.drum_bias))


def arrange(sheet: LeadSheet, melody_bars: dict[Role, int], rng: SeededRandom) -> Arrangement:
    """Choose levels and instruments so that density and share of acoustic instruments are as planned.

    Args:
        sheet: the song's plan.
        melody_bars: number of bars in which each melodic role has `params.melody_rate` notes per beat; roles
            without any do not take part.
        rng: chooses programs and activities.
    """
    draft = _choose_layers(sheet, rng)
    melodies = [layer for layer in sheet.style.layers if layer.playing is PlayingPattern.MELODY]
    melody_share = sum(melody_bars[layer.role] * layer.voices for layer in melodies) / sheet.bars
    levels: dict[SectionKind, float] = {}
    for kind, density in relative_density(sheet.sections).items():
        melody = 0.0 if kind in SECTIONS_WITHOUT_MELODY else sheet.params.melody_rate * melody_share
        wanted = (sheet.params.notes_per_beat * density - melody) * sheet.meter.beats
        levels[kind] = _find_level(wanted, draft, sheet)
    busiest = max(levels.values())
    playing = [voice for voice in draft if _takes_part(voice, busiest, melody_bars)]
    return Arrangement(_choose_programs(playing, sheet.params.acoustic_share, rng), levels)


def _takes_part(voice: Voice, busiest: float, melody_bars: dict[Role, int]) -> bool:
    if voice.layer.playing is PlayingPattern.MELODY:
        return melody_bars[voice.layer.role] > 0
    return voice_level(voice, busiest) >= 0


def _find_level(wanted: float, voices: list[Voice], sheet: LeadSheet) -> float:
    """Find by bisection the level at which the accompaniment has `wanted` notes per bar."""
    low, high = 0.0, 1.0
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        if _notes_per_bar(voices, sheet, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _notes_per_bar(voices: list[Voice], sheet: LeadSheet, level: float) -> float:
    notes = 0.0
    own_level = drum_level(sheet, level)
    if own_level >= 0:
        rank = lowest_rank(own_level)
        notes += sum(len(onsets(line.rhythm, sheet.meter, rank)) for line in sheet.drum_lines)
    for voice in voices:
        own_level = voice_level(voice, level)
        if own_level < 0 or voice.layer.playing is PlayingPattern.MELODY:
            continue
        if voice.layer.playing is PlayingPattern.SUSTAINED:
            notes += chord_size(voice.layer, own_level) / sheet.style.bars_per_chord
        else:
            strokes = len(onsets(voice.layer.rhythm, sheet.meter, lowest_rank(own_level)))
            notes += strokes * chord_size(voice.layer, own_level)
    return notes


def _choose_layers(sheet: LeadSheet, rng: SeededRandom) -> list[Voice]:
    """Return the band's voices without their programs: a full band has all optional layers."""
    optional = [layer.role for layer in sheet.style.layers if layer.role in OPTIONAL_ROLES]
    fullness = sheet.params.fullness
    chosen = set(rng.shuffled(optional)[: int(fullness * len(optional) + rng.uniform())])
    voices = []
    for layer in sheet.style.layers:
        activity = rng.spread(0.12)
        if layer.role is Role.BASS:
            activity = 0.4 * activity + sheet.params.drum_bias  # bass and kick play together
        if layer.role not in optional:
            voices.append(Voice(layer, 0, activity, layer.entry))
        elif layer.role in chosen:
            shift = round(rng.spread(_REGISTER_SPREAD))
            voices.append(Voice(layer, 0, activity, layer.entry * (1 - 0.7 * fullness), shift))
    return voices


def _choose_programs(voices: list[Voice], acoustic_share: float, rng: SeededRandom) -> tuple[Voice, ...]:
    """Choose each voice's program; `acoustic_share` of them are acoustic instruments.

    Of the programs that fit a voice, those that no other voice has are preferred.
    """
    count = int(acoustic_share * len(voices) + rng.uniform())
    last = {
        index: rng.uniform() + _BASS_STAYS_ELECTRIC * (voice.layer.role is Role.BASS)
        for index, voice in enumerate(voices)
    }
    acoustic = set(sorted(last, key=last.__getitem__)[:count])
    taken: set[int] = set()
    chosen = []
    for index, voice in enumerate(voices):
        fitting = voice.layer.acoustic if index in acoustic else voice.layer.electronic
        free = [program for program in fitting if program not in taken] or fitting
        program = rng.weighted(free, [PROGRAM_WEIGHTS[program] for program in free])
        taken.add(program)
        chosen.append(replace(voice, program=program))
    return tuple(chosen)
