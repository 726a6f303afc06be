from __future__ import annotations

import numpy as np
import pytest

from emo_assets.tokens.chords import detect_chords
from emo_assets.tokens.vocabulary import CHORDS


def chroma(*beats: str, loudness: float = 20.0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Beats as the names of the tones that are on, such as "C E G"."""
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    result = np.zeros((12, len(beats)))
    for beat, tones in enumerate(beats):
        result[[names.index(tone) for tone in tones.split()], beat] = loudness
    return result


def names(beats: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[tuple[int, str]]:
    return [(beat, CHORDS[chord]) for beat, chord in detect_chords(beats)]


@pytest.mark.parametrize(
    ("tones", "chord"),
    [
        ("C E G", "C:maj"),
        ("A C E", "A:min"),
        ("B D F", "B:dim"),
        ("C E G#", "C:aug"),
        ("G B D F", "G:dom7"),
        ("C E G B", "C:maj7"),
        ("D F A C", "D:min7"),
        ("C G", "C:None"),
        ("", "N:N"),
    ],
)
def test_single_chords_are_named(tones: str, chord: str) -> None:
    assert names(chroma(tones)) == [(0, chord)]


def test_a_lasting_chord_is_one_change() -> None:
    assert names(chroma(*["C E G"] * 9)) == [(0, "C:maj")]


def test_changes_are_found() -> None:
    assert names(chroma(*["C E G"] * 4, *["F A C"] * 4)) == [(0, "C:maj"), (4, "F:maj")]


def test_a_new_lowest_tone_is_another_change() -> None:
    assert names(chroma(*["E G B"] * 4, *["E G B D"] * 4)) == [(0, "E:min"), (4, "E:min7")]
    assert names(chroma(*["E G B"] * 4, *["E G B F#"] * 4)) == [(0, "E:min")]
    assert names(chroma(*["E G B"] * 4, *["E G B C#"] * 4)) == [(0, "E:min"), (4, "E:min")]


def test_quiet_tones_do_not_count() -> None:
    assert names(chroma("C E G", loudness=10.0)) == [(0, "N:N")]
    assert names(chroma("C E G", loudness=np.nextafter(10.0, 11))) == [(0, "C:maj")]
