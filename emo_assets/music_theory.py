"""Tables of music theory: pitch classes, chords, scales and the names of keys."""

from __future__ import annotations

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

CHORD_TONES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "dom7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "None": (0, 7),
}
"""Semitones above the root of each chord quality, in FIGARO's order; a `None` chord has no third."""

MAJOR_QUALITIES = frozenset({"maj", "dom7", "maj7"})
"""Chord qualities on a major triad."""

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)
"""Semitones above the tonic."""


def format_key(tonic: int, mode: int) -> str:
    """Return a key in words, such as `F# minor`.

    Args:
        tonic: pitch class, C = 0 to B = 11.
        mode: 1 for major, 0 for minor.
    """
    return f"{PITCH_CLASSES[tonic]} {'major' if mode else 'minor'}"
