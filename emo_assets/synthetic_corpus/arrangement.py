"""Which instruments play, on which programs, and how busily in each section.

The wanted number of notes is divided among the layers of the style: the higher the level, the more layers
play, and the more strokes of their rhythms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from emo_assets.synthetic_corpus.form import SectionKind, relative_density
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet
from emo_assets.synthetic_corpus.meter import lowest_rank, onsets
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import Groove, Layer, PlayingPattern, Role

SECTIONS_WITHOUT_MELODY = frozenset({SectionKind.INTRO, SectionKind.ENDING})

_SEARCH_STEPS = 8


@dataclass(frozen=True)
class Voice:
    """A layer of the style with the instrument chosen for this song.

    Attributes:
        layer: the layer.
        program: its General MIDI program, 0 to 127.
        activity: how much busier (below 0: less busy) it is than the band.
    """

    layer: Layer
    program: int
    activity: float


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
    return -1.0 if level < voice.layer.entry else min(1.0, max(0.0, level + voice.activity))


def plays_at_all(voice: Voice, levels: dict[SectionKind, float]) -> bool:
    """Return whether `voice` plays in any section."""
    return any(voice_level(voice, level) >= 0 for level in levels.values())


def chord_size(layer: Layer, level: float) -> int:
    """Return how many notes each stroke of `layer` has at its level."""
    match layer.playing:
        case PlayingPattern.BLOCK | PlayingPattern.STRUM | PlayingPattern.SUSTAINED:
            return layer.voices if level >= 0.3 else max(2, layer.voices - 1)
        case PlayingPattern.POWER:
            return layer.voices if level >= 0.3 else 2
        case PlayingPattern.SHUFFLE:
            return 2
        case _:
            return 1


def drum_level(groove: Groove | None, level: float) -> float:
    """Return the level of the drums where the band's level is `level`; negative if they are silent."""
    return -1.0 if groove is None or level < groove.entry else level


def arrange(sheet: LeadSheet, melody_bars: dict[Role, int], rng: SeededRandom) -> Arrangement:
    """Choose levels and instruments so that density and share of acoustic instruments are as planned.

    Args:
        sheet: the song's plan.
        melody_bars: number of bars in which each melodic role has `params.melody_rate` notes per beat; roles
            without any do not take part.
        rng: chooses programs and activities.
    """
    draft = [Voice(layer, 0, rng.spread(0.06)) for layer in sheet.style.layers]
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
    groove = sheet.style.groove
    if groove is not None and drum_level(groove, level) >= 0:
        notes += sum(len(onsets(line.rhythm, sheet.meter, lowest_rank(level))) for line in groove.lines)
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


def _choose_programs(voices: list[Voice], acoustic_share: float, rng: SeededRandom) -> tuple[Voice, ...]:
    """Choose each voice's program; `acoustic_share` of them are acoustic instruments."""
    count = int(acoustic_share * len(voices) + rng.uniform())
    acoustic = set(rng.shuffled(range(len(voices)))[:count])
    return tuple(
        replace(
            voice, program=rng.pick(voice.layer.acoustic if index in acoustic else voice.layer.electronic)
        )
        for index, voice in enumerate(voices)
    )
