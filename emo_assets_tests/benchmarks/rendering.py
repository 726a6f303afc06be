"""Rendering: how much faster than it plays a song becomes sound and files.

Times are CPU seconds of one core, so that other work on the machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from emo_assets.audio.files import FORMATS, encode_audio
from emo_assets.audio.rendering import SAMPLE_RATE, render
from emo_assets.audio.sound_fonts import SMALL, default_sound_font
from emo_assets.audio.synthesizer import SoundSettings
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets_tests.benchmarks.figure import Figure

BARS = 16
QUARTER = 480
SMALL_BUDGET, FULL_BUDGET = 50, 20


def figures() -> Iterator[Figure]:
    """Render composed songs, and half a minute of nine instruments at once, and encode the latter."""
    songs = composed_songs()
    render(songs[0], SoundSettings(Path(SMALL)), loudness=-13.0)  # the libraries load
    fonts = {SMALL: SMALL_BUDGET, default_sound_font().stem: FULL_BUDGET}
    for font, budget in fonts.items():
        sound = SoundSettings(Path(font))
        begin = time.process_time()
        music = sum(len(render(song, sound, loudness=-13.0)) for song in songs) / SAMPLE_RATE
        speed = music / (time.process_time() - begin)
        note = f"{music:.0f} s of music; budget: at least {budget}"
        yield Figure(f"rendering {len(songs)} composed songs with {font}", speed, "x real time", note)
    midi = nine_instruments()
    for font, budget in fonts.items():
        begin = time.process_time()
        samples = render(midi, SoundSettings(Path(font)), loudness=-13.0)
        seconds = time.process_time() - begin
        music = len(samples) / SAMPLE_RATE
        note = f"{music:.0f} s of music; budget: at least {budget}"
        yield Figure(f"rendering nine instruments with {font}", music / seconds, "x real time", note)
    for ending in FORMATS:
        begin = time.process_time()
        content = encode_audio(samples, SAMPLE_RATE, ending)
        seconds = time.process_time() - begin
        size = len(content) / 2**20
        yield Figure(f"encoding {ending}", music / seconds, "x real time", f"{size:.1f} MiB")


def composed_songs() -> list[bytes]:
    """Compose six songs of 16 bars as the sample corpus has them."""
    plans = sample_songs(6, seed=92)
    return [compose_song(plan.features, plan.style, BARS, plan.seed).to_midi() for plan in plans]


def nine_instruments() -> bytes:
    """Write 16 bars at 120 beats a minute: drums, bass, and seven parts with chords and lines."""
    quarters = 4 * BARS
    chords = [
        Note(4 * QUARTER * bar, 4 * QUARTER * (bar + 1), pitch, 70)
        for bar in range(BARS)
        for pitch in (60, 64, 67)
    ]
    strums = [
        Note(QUARTER * beat, QUARTER * beat + 400, pitch, 80)
        for beat in range(quarters)
        for pitch in (52, 55, 60, 64)
    ]
    line = [
        Note(QUARTER // 2 * step, QUARTER // 2 * (step + 1), 60 + 2 * (step % 7), 90)
        for step in range(2 * quarters)
    ]
    bass = [Note(QUARTER * beat, QUARTER * (beat + 1), 36 + 5 * (beat % 3), 90) for beat in range(quarters)]
    drums = [
        Note(QUARTER // 2 * step, QUARTER // 2 * step + 60, (36, 42, 38, 42)[step % 4], 95)
        for step in range(2 * quarters)
    ]
    parts = [Part(program, False, chords) for program in (48, 89, 4)]
    parts += [Part(program, False, strums) for program in (25, 27)]
    parts += [Part(program, False, line) for program in (73, 11)]
    return encode_midi([*parts, Part(33, False, bass), Part(0, True, drums)])
