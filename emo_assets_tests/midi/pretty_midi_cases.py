"""MIDI files that need care, and pretty_midi's reading of them, which the reference uses."""

from __future__ import annotations

import warnings
from io import BytesIO

import pretty_midi
import pytest

from emo_assets.midi.score import read_midi
from emo_assets_tests.midi.random_files import random_file
from emo_assets_tests.midi.test_parser import file_of
from emo_assets_tests.tokens.expected import FIXTURES, readable_fixtures

FOUR_FOUR = "00 ff 58 04 04 02 18 08 "

TRACKS = {
    "controls before and between programs": FOUR_FOUR
    + "00 b0 40 7f 00 90 40 40 20 40 00 00 c0 05 00 b0 40 00 00 e0 00 50 00 90 42 40 60 b0 "
    "40 7f 20 42 00 10 c0 00 00 b0 40 00 00 40 7f 00 90 40 40 83 60 40 00 00 b0 40 00",
    "one note-off ends several notes": FOUR_FOUR
    + "00 90 40 40 20 40 50 20 40 60 20 40 00 10 40 40 83 00 40 00",
    "a note-off at the tick of a note-on": FOUR_FOUR
    + "00 90 40 40 20 40 50 00 40 00 20 40 00 10 40 40 00 40 00 83 00 41 50 20 41 00",
    "bends to the ends of the keyboard": FOUR_FOUR
    + "00 e0 00 00 00 90 00 40 00 7f 40 60 e0 7f 7f 60 e0 00 60 83 00 90 00 00 00 7f 00",
    "tempos within beats": FOUR_FOUR
    + "00 ff 51 03 07 a1 20 30 ff 51 03 03 00 00 83 07 ff 51 03 09 10 00 00 90 40 40 8f 00 "
    "40 00",
    "meters within beats": FOUR_FOUR
    + "81 00 ff 58 04 06 03 18 08 83 01 ff 58 04 05 04 18 08 00 90 40 40 8f 00 40 00",
    "more beats than a hundredth of a second has": "00 ff 51 03 00 10 00 "
    + FOUR_FOUR
    + "00 90 40 40 8f 00 40 00",
}
"""Tracks that need care, as hexadecimal bytes."""

CASES = [
    *(pytest.param(file_of(bytes.fromhex(track)), id=name) for name, track in TRACKS.items()),
    *(
        pytest.param((FIXTURES / expected.file).read_bytes(), id=expected.file)
        for expected in readable_fixtures()
    ),
]


def reference(content: bytes) -> pretty_midi.PrettyMIDI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pretty_midi.PrettyMIDI(BytesIO(content))


def playable_random_file(seed: int) -> bytes | None:
    """Return a random file, None if it has no notes or no time signature."""
    content = random_file(seed)
    score = read_midi(content)
    return content if score.time_signatures and score.instruments else None
