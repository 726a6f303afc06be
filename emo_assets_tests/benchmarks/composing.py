"""How long the sample corpus takes to compose and write, on one core."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from emo_assets.synthetic_corpus.corpus import compose_corpus
from emo_assets_tests.benchmarks.figure import Figure

SONGS = 240


def figures() -> Iterator[Figure]:
    """Measure composing a corpus of the usual size."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        summary = compose_corpus(Path(folder), songs=SONGS)
        seconds = time.process_time() - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.mid"))
    yield Figure("compose the sample corpus", seconds, "CPU s", f"{SONGS} songs, budget 15 s")
    yield Figure("mean size of a composed MIDI file", size / summary.midi_files / 1000, "kB")
