"""Compose a song from a feature vector: plan it, write every part, perform it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from emo_assets.errors import WorkerError
from emo_assets.features import FeatureVector
from emo_assets.midi.mixing import mix_parts
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.parallel import Result, Task, run_tasks
from emo_assets.progress import Progress, no_progress
from emo_assets.synthetic_corpus.accompaniment import write_chords
from emo_assets.synthetic_corpus.arrangement import Arrangement, Voice, arrange
from emo_assets.synthetic_corpus.bass import write_bass
from emo_assets.synthetic_corpus.drums import choose_drum_lines, write_drums
from emo_assets.synthetic_corpus.form import SectionKind, song_sections
from emo_assets.synthetic_corpus.lead_sheet import LeadSheet, WrittenNote
from emo_assets.synthetic_corpus.melody import (
    Phrase,
    Theme,
    melody_phrases,
    opening_hook,
    split_phrases,
    write_melody,
    write_themes,
)
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.musical_params import musical_params
from emo_assets.synthetic_corpus.performance import RESOLUTION, apply_dynamics, perform
from emo_assets.synthetic_corpus.progression import chord_progression
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.styles import PlayingPattern, Role, Style
from emo_assets.synthetic_corpus.timing_deviation import apply_rubato, beat_delays, displaced_strokes
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

SECONDS_PER_SONG = 60.0
"""Longest time that composing one song may take in a worker process."""

SONGS_PER_WORKER = 8
"""Songs for which one more worker process pays off: each takes seconds to start."""

_RESOLUTIONS = {480: 147, 120: 137, 384: 109, 192: 92, 96: 77, 240: 26, 48: 10, 960: 4}
"""How many of 602 MIDI files of the Lakh data set have each resolution, in ticks per quarter note."""

_PART_SPREAD = 6.0
"""Standard deviation of the parts' velocities around the song's, for dynamics of 1."""

_PLAYED_SHARE = 0.6
"""Share of the unsung phrases that an instrument plays."""


@dataclass(frozen=True)
class ComposedSong:
    """A composed song.

    Attributes:
        sheet: its plan: the features, chords and sections that it was composed from.
        bars: bars as written in the file.
        parts: the performed parts; notes in ticks, `RESOLUTION` per quarter note.
        resolution: ticks per quarter note of its file.
    """

    sheet: LeadSheet
    bars: int
    parts: tuple[Part, ...]
    resolution: int

    def to_midi(self) -> bytes:
        """Return a Standard MIDI File with one tempo and one time signature, both at its start."""
        features = self.sheet.features
        parts = self.parts
        if self.resolution != RESOLUTION:
            parts = tuple(replace(part, notes=self._rescale(part.notes)) for part in parts)
        bar = features.time_signature * self.resolution
        return encode_midi(
            mix_parts(parts, range(0, self.bars * bar, bar)),
            resolution=self.resolution,
            tempos=((0, features.tempo),),
            time_signatures=((0, features.time_signature, 4),),
        )

    def _rescale(self, notes: Sequence[Note]) -> list[Note]:
        """Return the notes in the file's ticks, rounded down; none is shorter than a tick."""
        rescaled = []
        for note in notes:
            start = note.start * self.resolution // RESOLUTION
            end = max(start + 1, note.end * self.resolution // RESOLUTION)
            rescaled.append(Note(start, end, note.pitch, note.velocity))
        return rescaled


@dataclass(frozen=True)
class _Tunes:
    """The song's themes, and which phrases are sung by the lead or played by an instrument."""

    themes: dict[SectionKind, Theme]
    sung: list[Phrase]
    played: list[Phrase]


def compose_song(features: FeatureVector, style: Style, bars: int, seed: int) -> ComposedSong:
    """Compose a song with the given features in a style.

    Args:
        features: the features; key, mode, tempo and time signature are exact, the others are followed with
            noise.
        style: the style.
        bars: length in bars of `features.time_signature` quarter notes, at least 1.
        seed: another seed gives another song with the same features.

    Raises:
        ValueError: `bars` is less than 1.
    """
    if bars < 1:
        raise ValueError(f"a song has at least one bar, not {bars}")
    rng = SeededRandom(seed, style.name)
    sheet = _plan(features, style, bars, rng)
    tunes = _write_tunes(sheet, rng)
    melody_bars = {
        Role.LEAD: sum(phrase.bars for phrase in tunes.sung),
        Role.THEME: sum(phrase.bars for phrase in tunes.played),
    }
    band = arrange(sheet, melody_bars, rng.child("band"))
    resolution = rng.child("file").weighted(tuple(_RESOLUTIONS), tuple(_RESOLUTIONS.values()))
    return ComposedSong(sheet, bars, _perform_parts(sheet, band, tunes, bars, rng), resolution)


def compose_in_workers(
    compose: Callable[[Task], Result], tasks: Sequence[Task], *, progress: Progress = no_progress
) -> Iterator[Result]:
    """Compose songs in worker processes.

    Args:
        compose: a function of an importable module; composes one song, and returns something other than None.
        tasks: its arguments, one song each.
        progress: called once per song.

    Yields:
        What `compose` returns, in the order of the tasks.

    Raises:
        WorkerError: worker processes do not start, or a song cannot be composed.
    """
    workers = min(os.cpu_count() or 1, max(len(tasks) // SONGS_PER_WORKER, 1))
    outcomes = run_tasks(compose, tasks, workers=workers, timeout=SECONDS_PER_SONG)
    for number, outcome in enumerate(outcomes, 1):
        if outcome.result is None:
            raise WorkerError(f"composing song {number} {outcome.failure}")
        progress("composing songs", number, len(tasks))
        yield outcome.result


def _plan(features: FeatureVector, style: Style, bars: int, rng: SeededRandom) -> LeadSheet:
    params = musical_params(features, rng.child("feel"))
    meter = Meter.of(features.time_signature)
    played_bars = -(-bars * meter.written // meter.beats)
    sections = song_sections(style.form, played_bars)
    chords = chord_progression(
        style,
        sections,
        meter,
        key=features.key,
        mode=features.mode,
        major_share=params.major_share,
        rng=rng.child("chords"),
    )
    displaced = displaced_strokes(sections, meter, params.looseness, style.swing, rng.child("moved"))
    drum_lines = choose_drum_lines(style, params.percussion, rng.child("percussion"))
    return LeadSheet(features, style, params, meter, sections, chords, displaced, drum_lines)


def _write_tunes(sheet: LeadSheet, rng: SeededRandom) -> _Tunes:
    sung_bars = sheet.params.sung_share * sheet.bars
    sung, unsung = split_phrases(melody_phrases(sheet.sections), sung_bars, rng.child("sung"))
    hook = opening_hook(sheet.sections)
    playing = rng.child("played")
    played = [phrase for phrase in ([hook] if hook else []) + unsung if playing.bernoulli(_PLAYED_SHARE)]
    return _Tunes(write_themes(sheet, rng.child("themes")), sung, played)


def _perform_parts(
    sheet: LeadSheet, band: Arrangement, tunes: _Tunes, bars: int, rng: SeededRandom
) -> tuple[Part, ...]:
    """Write and perform the part of every instrument; empty parts are left out."""
    end = bars * sheet.meter.written * POSITIONS_PER_QUARTER
    delays = beat_delays(sheet.bars, sheet.meter, sheet.params.looseness, rng.child("late"))
    params = sheet.params
    parts: list[Part] = []

    def add(written: list[WrittenNote], name: str, program: int, *, strummed: bool = False) -> None:
        notes = perform(
            apply_rubato(apply_dynamics(written, sheet), delays),
            velocity=sheet.params.velocity + params.dynamics * rng.child("level", name).spread(_PART_SPREAD),
            dynamics=params.dynamics,
            looseness=sheet.params.looseness,
            end=end,
            rng=rng.child("play", name),
            strummed=strummed,
        )
        if notes:
            parts.append(Part(program, name == "drums", notes, name))

    if sheet.style.groove is not None:
        kit = sheet.style.groove.kits[sheet.params.acoustic_share < 0.5]
        add(write_drums(sheet, band.levels, rng.child("drums")), "drums", kit)
    for voice in band.voices:
        role = voice.layer.role
        written = _write_part(sheet, voice, band, tunes, rng.child("write", role))
        add(written, role, voice.program, strummed=voice.layer.playing is PlayingPattern.STRUM)
    return tuple(parts)


def _write_part(
    sheet: LeadSheet, voice: Voice, band: Arrangement, tunes: _Tunes, rng: SeededRandom
) -> list[WrittenNote]:
    match voice.layer.role:
        case Role.BASS:
            return write_bass(sheet, voice, band.levels, rng)
        case Role.LEAD:
            return write_melody(sheet, voice, tunes.sung, tunes.themes)
        case Role.THEME:
            return write_melody(sheet, voice, tunes.played, tunes.themes)
        case _:
            return write_chords(sheet, voice, band.levels, rng)
