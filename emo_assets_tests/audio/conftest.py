"""A short song for every test of sound."""

from __future__ import annotations

import pytest

from emo_assets.midi.writer import Note, Part, encode_midi

QUARTER = 480


@pytest.fixture(scope="session")
def midi() -> bytes:
    """Two bars at 120 beats a minute: strings with effects hold a chord, a flute plays, drums keep time."""
    held = [Note(0, 8 * QUARTER, pitch, 80) for pitch in (48, 55, 64)]
    tune = [Note(beat * QUARTER, (beat + 1) * QUARTER, 72 + 2 * (beat % 3), 90) for beat in range(8)]
    beats = [Note(beat * QUARTER, beat * QUARTER + 60, 36 if beat % 2 == 0 else 38, 100) for beat in range(8)]
    return encode_midi(
        [
            Part(48, False, held, controls=[(0, 91, 60), (0, 93, 60)]),
            Part(73, False, tune),
            Part(0, True, beats),
        ]
    )


@pytest.fixture(scope="session")
def silent_midi() -> bytes:
    """A file without notes."""
    return encode_midi([])
