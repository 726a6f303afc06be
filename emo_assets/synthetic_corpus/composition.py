"""A feature vector to a song: plans the piece, lets every player write, and has it perform."""

from __future__ import annotations

from dataclasses import dataclass

from emo_assets.features import FeatureVector
from emo_assets.midi.writer import Part
from emo_assets.synthetic_corpus.accompaniment import chord_sounds
from emo_assets.synthetic_corpus.arrangement import Arrangement, Voice, arrange
from emo_assets.synthetic_corpus.bass import bass_sounds
from emo_assets.synthetic_corpus.composed_song import Song
from emo_assets.synthetic_corpus.drums import drum_sounds
from emo_assets.synthetic_corpus.form import SectionKind, sections_of
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, Sound
from emo_assets.synthetic_corpus.melody import (
    Phrase,
    Theme,
    divided,
    melody_sounds,
    opening_hook,
    phrases_of,
    themes_of,
)
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.musical_params import musical_params
from emo_assets.synthetic_corpus.performance import apply_dynamics, perform
from emo_assets.synthetic_corpus.progression import chords_of
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.style import PlayingPattern, Role, Style
from emo_assets.synthetic_corpus.timing_deviation import apply_rubato, beat_delays, displaced_strokes
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

_PAN = {Role.BASS: 64, Role.CHORDS: 44, Role.COLOUR: 88, Role.PAD: 72, Role.THEME: 56, Role.LEAD: 64}
_PAN_CONTROLLER = 10
_PLAYED_SHARE = 0.6
"""Share of the phrases that nobody sings in which an instrument plays the theme."""


def compose_song(features: FeatureVector, style: Style, bars: int, seed: int) -> Song:
    """Compose a song that has what `features` ask for, in a style.

    Args:
        features: the cause of the music; key, mode, tempo and time signature are kept exactly.
        style: the style.
        bars: length in bars of `features.time_signature` quarter notes, at least 1.
        seed: another seed gives another song of the same kind.

    Returns:
        The song with the truth about it.

    Raises:
        ValueError: `bars` is less than 1.
    """
    if bars < 1:
        raise ValueError(f"a song has at least one bar, not {bars}")
    rng = SeededRandom(seed, style.name)
    score = _planned(features, style, bars, rng)
    tunes = _tunes(score, rng)
    melody_bars = {
        Role.LEAD: sum(phrase.bars for phrase in tunes.sung),
        Role.THEME: sum(phrase.bars for phrase in tunes.played),
    }
    band = arrange(style, score.feel, score.sections, score.meter, melody_bars, rng.child("band"))
    parts = _parts(score, band, tunes, bars, rng)
    lead = tuple(voice.program for voice in band.voices if voice.layer.role is Role.LEAD)
    return Song(features, style.name, bars, parts, lead, score.sections, score.chords, score.feel)


@dataclass(frozen=True)
class _Tunes:
    """The song's tunes, and which phrases are sung by the lead or played by an instrument."""

    themes: dict[SectionKind, Theme]
    sung: list[Phrase]
    played: list[Phrase]


def _tunes(score: LeadSheet, rng: SeededRandom) -> _Tunes:
    wanted = score.feel.sung_share * score.bars
    sung, unsung = divided(phrases_of(score.sections), wanted, rng.child("sung"))
    hook = opening_hook(score.sections)
    playing = rng.child("played")
    played = [phrase for phrase in ([hook] if hook else []) + unsung if playing.bernoulli(_PLAYED_SHARE)]
    return _Tunes(themes_of(score, rng.child("themes")), sung, played)


def _planned(features: FeatureVector, style: Style, bars: int, rng: SeededRandom) -> LeadSheet:
    feel = musical_params(features, rng.child("feel"))
    meter = Meter.of(features.time_signature)
    felt_bars = -(-bars * meter.written // meter.beats)
    sections = sections_of(style.form, felt_bars)
    chords = chords_of(
        style,
        sections,
        meter,
        key=features.key,
        mode=features.mode,
        bright_share=feel.bright_share,
        rng=rng.child("chords"),
    )
    moved = displaced_strokes(felt_bars, meter, feel.looseness, style.swing, rng.child("moved"))
    return LeadSheet(features, style, feel, meter, sections, chords, moved)


def _parts(
    score: LeadSheet,
    band: Arrangement,
    tunes: _Tunes,
    bars: int,
    rng: SeededRandom,
) -> tuple[Part, ...]:
    """Let every instrument write and play; those that have nothing to play are left out."""
    end = bars * score.meter.written * POSITIONS_PER_QUARTER
    late = beat_delays(score.bars, score.meter, score.feel.looseness, rng.child("late"))
    parts: list[Part] = []

    def play(sounds: list[Sound], name: str, program: int, pan: int, *, drums: bool, strummed: bool) -> None:
        notes = perform(
            apply_rubato(apply_dynamics(sounds, score), late),
            velocity=score.feel.velocity,
            looseness=score.feel.looseness,
            end=end,
            rng=rng.child("play", name),
            strummed=strummed,
        )
        if notes:
            parts.append(Part(program, drums, notes, name, [(0, _PAN_CONTROLLER, pan)]))

    if score.style.groove is not None:
        sounds = drum_sounds(score, band.levels, rng.child("drums"))
        kit = score.style.groove.kits[score.feel.acoustic_share < 0.5]
        play(sounds, "drums", kit, 64, drums=True, strummed=False)
    for voice in band.voices:
        role = voice.layer.role
        sounds = _written(score, voice, band, tunes, rng.child("write", role))
        strummed = voice.layer.manner is PlayingPattern.STRUM
        play(sounds, role, voice.program, _PAN[role], drums=False, strummed=strummed)
    return tuple(parts)


def _written(
    score: LeadSheet,
    voice: Voice,
    band: Arrangement,
    tunes: _Tunes,
    rng: SeededRandom,
) -> list[Sound]:
    match voice.layer.role:
        case Role.BASS:
            return bass_sounds(score, voice, band.levels, rng)
        case Role.LEAD:
            return melody_sounds(score, voice, tunes.sung, tunes.themes)
        case Role.THEME:
            return melody_sounds(score, voice, tunes.played, tunes.themes)
        case _:
            return chord_sounds(score, voice, band.levels, rng)
