"""Rendering: how much faster than it plays a song of nine instruments becomes sound and files.

Times are CPU seconds of one core, so that other work on the machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from emo_assets.audio.files import FORMATS, encode_audio
from emo_assets.audio.rendering import SAMPLE_RATE, render
from emo_assets.symbolic.midi_file import Note, Part, encode_midi
from emo_assets_tests.benchmarks.figure import Figure

BARS = 16
QUARTER = 480
BUDGET = "budget: at least 50"


def figures() -> Iterator[Figure]:
    """Render half a minute of nine instruments, with and without a loudness to reach, and encode it."""
    midi = nine_instruments()
    render(midi, loudness=-13.0)  # the libraries load
    for name, loudness in (("rendering", None), ("rendering at -13 LUFS", -13.0)):
        begin = time.process_time()
        samples = render(midi, loudness=loudness)
        seconds = time.process_time() - begin
        music = len(samples) / SAMPLE_RATE
        yield Figure(name, music / seconds, "x real time", f"{music:.0f} s of music; {BUDGET}")
    for ending in FORMATS:
        begin = time.process_time()
        content = encode_audio(samples, SAMPLE_RATE, ending)
        seconds = time.process_time() - begin
        size = len(content) / 2**20
        yield Figure(f"encoding {ending}", music / seconds, "x real time", f"{size:.1f} MiB")


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
