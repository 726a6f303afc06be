"""Extracting descriptions and events from MIDI: CPU time versus the reference's, growth, throughput, memory.

Measured on the real sample, for which the reference's figures are known; without it on the test fixtures.
"""

from __future__ import annotations

import io
import resource
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import pytest

from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.batch import extract_files, find_midi_files
from emo_assets.tokens.tokenize import tokenize_midi
from emo_assets_tests.benchmarks.figure import Figure
from emo_assets_tests.conftest import shared_folder
from emo_assets_tests.tokens.expected import FIXTURES, lakh_files, read_expected

BARS = (10, 100, 300, 600)
ROUNDS = 3
PRETTY_MIDI_SHARE = 12
"""Every how many files pretty_midi reads too, to say how fast this machine is."""


def figures() -> Iterator[Figure]:
    """Yield every figure of this benchmark."""
    files, reference = _sample()
    ours = {name: _cpu_seconds(path.read_bytes()) for name, path in files.items()}
    middle = median(ours.values())
    yield Figure("CPU time a file, median, description and events", 1000 * middle, "ms", f"{len(ours)} files")
    if reference:
        ratios = [reference[name] / seconds for name, seconds in ours.items()]
        theirs = median(reference.values())
        yield Figure("the reference's CPU time a file, median", 1000 * theirs, "ms", "measured elsewhere")
        yield Figure(
            "how many times faster, medians", theirs / middle, "x", f"least of any file: {min(ratios):.0f} x"
        )
        total = sum(reference.values()) / sum(ours.values())
        yield Figure("how many times faster, all files together", total, "x")
    yield _pretty_midi(files)
    yield from _growth()
    yield from _bulk(files)


def _sample() -> tuple[dict[str, Path], dict[str, float]]:
    """Return the files to read and the reference's CPU seconds of those that it was measured on."""
    try:
        files = lakh_files(shared_folder("realdata"))
        reference = {
            expected.file: expected.cpu_seconds
            for expected in read_expected(shared_folder("golden") / "lakh.jsonl.gz")
            if expected.error is None
        }
    except pytest.skip.Exception:
        return {path.name: path for path in sorted(FIXTURES.glob("band_*.mid"))}, {}
    return {name: files[name] for name in reference}, reference


def _cpu_seconds(content: bytes) -> float:
    """Return the least CPU time of several readings."""
    seconds = []
    for _ in range(ROUNDS):
        started = process_time()
        tokenize_midi(content, strict=True)
        seconds.append(process_time() - started)
    return min(seconds)


def _pretty_midi(files: Mapping[str, Path]) -> Figure:
    """Measure what pretty_midi takes here only to parse, which the reference does first."""
    import pretty_midi

    seconds = []
    for path in list(files.values())[::PRETTY_MIDI_SHARE]:
        content = io.BytesIO(path.read_bytes())
        started = process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pretty_midi.PrettyMIDI(content)
        seconds.append(process_time() - started)
    return Figure("pretty_midi's parsing alone, on this machine, median", 1000 * median(seconds), "ms")


def _growth() -> Iterator[Figure]:
    """Measure pieces of more and more bars, all alike."""
    for bars in BARS:
        seconds = _cpu_seconds(_song(bars))
        yield Figure(
            f"{bars} bars of 8 parts, 96 notes per bar",
            1000 * seconds,
            "ms",
            f"{1e6 * seconds / bars:.0f} us a bar",
        )


def _song(bars: int) -> bytes:
    """Return a song of eight parts that play twelve notes a bar each."""
    parts = []
    for number in range(8):
        notes = [
            Note(
                160 * step,
                160 * step + 120,
                36 + 6 * number + (step * 7 + step // 12 * 5) % 13,
                60 + step % 50,
            )
            for step in range(12 * bars)
        ]
        parts.append(Part(8 * number, number == 0, notes))
    return encode_midi(parts)


def _bulk(files: Mapping[str, Path]) -> Iterator[Figure]:
    """Measure all cores together, processes' start included."""
    started = perf_counter()
    described = sum(item.tokens is not None for item in extract_files(find_midi_files(files.values())))
    seconds = perf_counter() - started
    yield Figure(
        "files a second, all cores, descriptions", len(files) / seconds, "files/s", f"{described} described"
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Figure("peak memory of a process that reads", peak, "MB")
