"""Who plays when, how busily, and on which instrument.

The number of notes that the features ask for is divided among the layers of the style: the busier the music,
the more layers join in and the more strokes of their rhythms are played.
"""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.synthetic_corpus.form import Section, SectionKind, fullness_of
from emo_assets.synthetic_corpus.meter import Meter, lowest_rank, onsets
from emo_assets.synthetic_corpus.musical_params import MusicalParams
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import Groove, Layer, PlayingPattern, Role, Style

SECTIONS_WITHOUT_MELODY = frozenset({SectionKind.INTRO, SectionKind.ENDING})

_SEARCH_STEPS = 8


@dataclass(frozen=True)
class Voice:
    """A layer of this song with the instrument chosen for it.

    Attributes:
        layer: its place in the style.
        program: its General MIDI program, 0 to 127.
        eagerness: how much busier (or, below 0, lazier) it is than the others in this song.
    """

    layer: Layer
    program: int
    eagerness: float


@dataclass(frozen=True)
class Arrangement:
    """What the band plays.

    Attributes:
        voices: the instruments that take part, in the style's order; drums are not among them.
        levels: how busy each kind of section is, 0 to 1.
    """

    voices: tuple[Voice, ...]
    levels: dict[SectionKind, float]


def level_of(voice: Voice, level: float) -> float:
    """Return how busy `voice` is where the band is as busy as `level`; below its entry it is silent."""
    return -1.0 if level < voice.layer.entry else min(1.0, max(0.0, level + voice.eagerness))


def plays_at_all(voice: Voice, levels: dict[SectionKind, float]) -> bool:
    """Tell whether `voice` is asked to play anywhere in the song."""
    return any(level_of(voice, level) >= 0 for level in levels.values())


def notes_at_once(layer: Layer, level: float) -> int:
    """Return how many notes each stroke of `layer` has where it is as busy as `level`."""
    match layer.manner:
        case PlayingPattern.BLOCK | PlayingPattern.STRUM | PlayingPattern.SUSTAINED:
            return layer.voices if level >= 0.3 else max(2, layer.voices - 1)
        case PlayingPattern.POWER:
            return layer.voices if level >= 0.3 else 2
        case PlayingPattern.SHUFFLE:
            return 2
        case _:
            return 1


def drum_level(groove: Groove | None, level: float) -> float:
    """Return how busy the drums are where the band is as busy as `level`; below 0 they are silent."""
    return -1.0 if groove is None or level < groove.entry else level


def arrange(
    style: Style,
    feel: MusicalParams,
    sections: tuple[Section, ...],
    meter: Meter,
    melody_bars: dict[Role, int],
    rng: SeededRandom,
) -> Arrangement:
    """Choose levels and instruments such that density and share of natural instruments are as asked for.

    Args:
        style: gives the layers.
        feel: gives density and the share of natural instruments.
        sections: the form.
        meter: the meter.
        melody_bars: in how many bars each melodic role has `feel.melody_rate` notes a beat; those with none
            do not take part.
        rng: decides the instruments and who is eager.
    """
    draft = [Voice(layer, 0, rng.spread(0.06)) for layer in style.layers]
    melody = sum(
        melody_bars[voice.layer.role] * voice.layer.voices
        for voice in draft
        if voice.layer.manner is PlayingPattern.MELODY
    )
    melody_share = melody / sum(section.bars for section in sections)
    levels: dict[SectionKind, float] = {}
    for kind, fullness in fullness_of(sections).items():
        sung = 0.0 if kind in SECTIONS_WITHOUT_MELODY else feel.melody_rate * melody_share
        wanted = (feel.notes_a_beat * fullness - sung) * meter.beats
        levels[kind] = _level_for(wanted, draft, style, meter)
    busiest = max(levels.values())
    playing = [voice for voice in draft if _takes_part(voice, busiest, melody_bars)]
    return Arrangement(_cast(playing, feel.acoustic_share, rng), levels)


def _takes_part(voice: Voice, busiest: float, melody_bars: dict[Role, int]) -> bool:
    if voice.layer.manner is PlayingPattern.MELODY:
        return melody_bars[voice.layer.role] > 0
    return level_of(voice, busiest) >= 0


def _level_for(wanted: float, voices: list[Voice], style: Style, meter: Meter) -> float:
    """Find by halving the level at which the accompaniment has `wanted` notes a bar."""
    low, high = 0.0, 1.0
    for _ in range(_SEARCH_STEPS):
        middle = (low + high) / 2
        if _notes_a_bar(voices, style, meter, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _notes_a_bar(voices: list[Voice], style: Style, meter: Meter, level: float) -> float:
    notes = 0.0
    drums = drum_level(style.groove, level)
    if style.groove is not None and drums >= 0:
        rank = lowest_rank(drums)
        notes += sum(len(onsets(line.pattern, meter, rank)) for line in style.groove.lines)
    for voice in voices:
        busy = level_of(voice, level)
        if busy < 0 or voice.layer.manner is PlayingPattern.MELODY:
            continue
        if voice.layer.manner is PlayingPattern.SUSTAINED:
            notes += notes_at_once(voice.layer, busy) / style.bars_a_chord
        else:
            strokes = len(onsets(voice.layer.pattern, meter, lowest_rank(busy)))
            notes += strokes * notes_at_once(voice.layer, busy)
    return notes


def _cast(voices: list[Voice], acoustic_share: float, rng: SeededRandom) -> tuple[Voice, ...]:
    """Give each voice an instrument, as many of them natural ones as `acoustic_share` says."""
    naturals = int(acoustic_share * len(voices) + rng.uniform())
    natural_places = set(rng.shuffled(range(len(voices)))[:naturals])
    cast = []
    for place, voice in enumerate(voices):
        layer = voice.layer
        program = rng.pick(layer.acoustic if place in natural_places else layer.electronic)
        cast.append(Voice(layer, program, voice.eagerness))
    return tuple(cast)
