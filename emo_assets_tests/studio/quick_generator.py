"""A generator of short songs in milliseconds, which stores them like the real one and fails on demand.

The mood decides what happens: `please fail`, `please crash`, `please be slow`, `please hang`, and
`please crash afterwards`, when the song is recorded.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_assets.audio.files import write_audio
from emo_assets.errors import InputError
from emo_assets.metrics.comparison import compare
from emo_assets.metrics.ear import default_ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.pipeline.track_store import read_asset_json, save_track, track_exists
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store, atomic_write
from emo_assets.studio.task_progress import Stage
from emo_assets.studio.worker import StageProgress
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import TIME_SIGNATURES

SAMPLE_RATE = 8000
RESOLUTION = 480
PROGRESSION = (0, 5, 7, 0, 9, 5, 7, 0)
"""Semitones above the tonic, one chord a bar."""

STEPS_OF_A_SLOW_SONG = 100


class QuickGenerator:
    """Generates songs of a few sine tones, and logs its calls in files.

    Args:
        base: the store's base path.
        seconds: how long a song takes.
    """

    def __init__(self, base: str, seconds: float = 0.0) -> None:
        self._store = Store(base)
        self._folder = Path(base)
        self._seconds = seconds

    def load(self) -> str:
        """Read the champion's version, as the real generator would."""
        champion = self._folder / "champion.txt"
        if not champion.exists():
            raise InputError(f"{champion} is missing: run `make demo` first")
        return champion.read_text().strip()

    def generate(self, request: TrackRequest, progress: StageProgress) -> str:
        """Make a song, or do what its mood asks for."""
        champion = self.load()
        if track_exists(self._store, request.name):
            return champion
        self._note("begun.txt", request.name)
        match request.mood:
            case "please fail":
                raise InputError("the champion's weights are damaged: materialize champion again")
            case "please stumble":
                raise ZeroDivisionError
            case "please crash":
                os._exit(7)
            case "please be slow":
                for step in range(STEPS_OF_A_SLOW_SONG):
                    progress(Stage.COMPOSING, step, STEPS_OF_A_SLOW_SONG)
                    time.sleep(0.1)
            case "please hang":
                time.sleep(3600)
        for stage in (Stage.DESCRIBING, Stage.COMPOSING, Stage.RENDERING):
            progress(stage, 1, 2)
            time.sleep(self._seconds / 3)
        self._keep(request, champion)
        return champion

    def record(self, name: str) -> None:
        """Write the request file as the real generator does, and note that the song was recorded, once."""
        document = read_asset_json(self._store, "requested_features", name)
        if document["mood"] == "please crash afterwards":
            self._note("crashed.txt", name)
            os._exit(7)
        write_request(TrackRequest.from_values(document), self._store.requests)
        recorded = self._folder / "recorded.txt"
        if not recorded.exists() or name not in recorded.read_text().split():
            self._note("recorded.txt", name)

    def _keep(self, request: TrackRequest, champion: str) -> None:
        # pandas takes longer to import than such a song: a worker that is killed early does without it
        from emo_assets.generation import Track, track_files

        midi = midi_of(request)
        song = MeasuredSong.from_midi(midi)
        sound = _tones(midi_notes(request), song.metrics.seconds)
        files = track_files(self._store, request.name)
        for ending in ("wav", "ogg"):
            write_audio(sound, SAMPLE_RATE, files[ending])
        for kind, content in (("midi", midi), ("piano_roll", b"")):
            with atomic_write(files[kind]) as file:
                file.write(content)
        track = Track(
            request,
            files,
            len(sound) / SAMPLE_RATE,
            song.metrics,
            compare(request.features, song, default_ear(), loudness=request.features.loudness),
            "tones",
            midi,
            description=tuple(description_of(request)),
            champion=champion,
        )
        save_track(self._store, track)

    def _note(self, file: str, name: str) -> None:
        with (self._folder / file).open("a") as lines:
            lines.write(f"{name}\n")


def midi_notes(request: TrackRequest) -> Iterator[tuple[float, float, int, int]]:
    """Yield the song's notes: start and end in quarter notes, pitch, program."""
    beats = request.features.time_signature
    third = 4 if request.features.mode else 3
    generator = np.random.default_rng(request.seed)
    for bar in range(request.bars):
        root = 48 + (request.features.key + PROGRESSION[bar % len(PROGRESSION)]) % 12
        start = bar * beats
        for tone in (0, third if PROGRESSION[bar % len(PROGRESSION)] in (0, 5) else 4, 7):
            yield start, start + beats, root + tone, 0
        for beat in range(beats):
            tone = int(generator.choice([12, 12 + third, 19, 24]))
            yield start + beat, start + beat + 0.75, 48 + request.features.key + tone, 73
            yield start + beat, start + beat + 0.9, root - 12, 33


def midi_of(request: TrackRequest) -> bytes:
    """Write the song's notes as MIDI, at the tempo asked for."""
    notes = sorted(midi_notes(request), key=lambda note: (note[3], note[0], note[2]))
    parts = [
        Part(
            program=program,
            is_drum=False,
            notes=[
                Note(round(start * RESOLUTION), round(end * RESOLUTION), pitch, 80)
                for start, end, pitch, _ in group
            ],
        )
        for program, group in itertools.groupby(notes, key=lambda note: note[3])
    ]
    return encode_midi(
        parts,
        resolution=RESOLUTION,
        tempos=[(0, request.features.tempo)],
        time_signatures=[(0, request.features.time_signature, 4)],
    )


def _tones(notes: Iterator[tuple[float, float, int, int]], seconds: float) -> NDArray[np.float32]:
    """Play the highest notes as sines, about as long as the song."""
    frames = int(seconds * SAMPLE_RATE) + SAMPLE_RATE // 4
    sound = np.zeros(frames, dtype=np.float32)
    kept = list(notes)
    longest = max(end for _, end, _, _ in kept)
    for start, end, pitch, program in kept:
        if program != 73:
            continue
        first, last = (int(beat / longest * seconds * SAMPLE_RATE) for beat in (start, end))
        time_line = np.arange(last - first) / SAMPLE_RATE
        tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_line)
        sound[first:last] += (0.3 * tone * np.exp(-3 * time_line)).astype(np.float32)
    return np.stack([sound, sound], axis=1)


def description_of(request: TrackRequest) -> list[int]:
    """Write a description of the song, as a description model would."""
    meter = TIME_SIGNATURES.index((request.features.time_signature, 4))
    bars = [
        DescribedBar(
            time_signature=meter,
            note_density=8,
            mean_velocity=20,
            mean_pitch=16,
            mean_duration=12,
            instruments=(0, 33, 73),
            chords=(bar % 8,),
        )
        for bar in range(request.bars)
    ]
    return DescriptionGrammar().format(bars)
