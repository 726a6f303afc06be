"""Chords, progressions in a key and mode, and how bright they are.

Which notes an instrument makes of a chord is `voicing`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES, MAJOR_SCALE, MINOR_SCALE, PITCH_CLASSES
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_NUMERALS: dict[str, tuple[int, str]] = {
    "I": (0, "maj"),
    "i": (0, "min"),
    "bII": (1, "maj"),
    "ii": (2, "min"),
    "iio": (2, "dim"),
    "iii": (4, "min"),
    "IV": (5, "maj"),
    "iv": (5, "min"),
    "V": (7, "maj"),
    "v": (7, "min"),
    "bVI": (8, "maj"),
    "vi": (9, "min"),
    "bVII": (10, "maj"),
}
"""Semitones above the tonic and quality of each chord that progressions use."""

_DARKER: dict[int, dict[str, tuple[str, ...]]] = {
    1: {"IV": ("ii", "ii", "iv"), "V": ("iii", "iii", "iv"), "bVII": ("ii",), "I": ("vi", "iii", "iv")},
    0: {"bVI": ("iv", "i"), "bVII": ("v", "iv"), "V": ("i", "v"), "IV": ("iv", "i"), "bII": ("iv", "i")},
}
_BRIGHTER: dict[int, dict[str, tuple[str, ...]]] = {
    1: {"vi": ("IV", "I"), "ii": ("IV", "V"), "iii": ("V", "I"), "iv": ("IV",)},
    0: {"iv": ("bVI", "V"), "v": ("V", "bVI"), "iio": ("bVI", "V"), "i": ("bVI", "V")},
}
"""What stands in for a chord of a major (1) or minor (0) key where the music shall be darker or brighter."""


class Colour(StrEnum):
    """How rich a style's chords are."""

    TRIADS = "triads"
    SEVENTHS = "sevenths"
    DOMINANT = "dominant"


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: the pitch class of its root (0 to 11) and its quality, one of `CHORD_TONES`."""

    root: int
    quality: str

    @property
    def tones(self) -> tuple[int, ...]:
        """Its pitch classes, root first."""
        return tuple((self.root + interval) % 12 for interval in CHORD_TONES[self.quality])

    @property
    def is_bright(self) -> bool:
        """Whether its third is major."""
        return self.quality in MAJOR_QUALITIES

    @property
    def name(self) -> str:
        """Its name as FIGARO writes it, such as "C#:min7"."""
        return f"{PITCH_CLASSES[self.root]}:{self.quality}"


def chord_of(numeral: str, key: int, colour: Colour, *, ending: bool = False) -> Chord:
    """Return the chord of a roman numeral in `key`.

    Args:
        numeral: degree and quality, such as "bVI" or "ii".
        key: pitch class of the tonic, 0 to 11.
        colour: how rich the style's chords are. Where they have sevenths the tonic goes without: with one
            it would be its relative's chord as well.
        ending: whether it is the song's last chord, which is a plain one in all styles.
    """
    degree, quality = _NUMERALS[numeral]
    plain = ending or (numeral in {"I", "i"} and colour is not Colour.DOMINANT)
    if not plain and colour is not Colour.TRIADS and quality != "dim":
        if quality == "min":
            quality = "min7"
        elif colour is Colour.DOMINANT or numeral in {"V", "bVII"}:
            quality = "dom7"
        else:
            quality = "maj7"
    return Chord((key + degree) % 12, quality)


def substitute_chords(cycle: Sequence[str], bright_share: float, mode: int, rng: SeededRandom) -> list[str]:
    """Return `cycle` with chords replaced by their relatives until it is as bright as asked for.

    The first chord stays, so that the tonic is heard; other tonic chords are the last to be replaced.

    Args:
        cycle: roman numerals.
        bright_share: share of chords with a major third that the cycle shall have, 0 to 1.
        mode: 1 in a major, 0 in a minor key.
        rng: decides which chords are replaced, and by which relative.
    """
    bright = {numeral for numeral, (_, quality) in _NUMERALS.items() if quality in MAJOR_QUALITIES}
    numerals = list(cycle)
    surplus = sum(numeral in bright for numeral in numerals) - round(bright_share * len(numerals))
    relatives = _DARKER[mode] if surplus > 0 else _BRIGHTER[mode]
    places = rng.shuffled(range(1, len(numerals)))
    places.sort(key=lambda place: numerals[place] in {"I", "i"})
    for place in places:
        if surplus == 0:
            break
        if (numerals[place] in bright) == (surplus > 0) and numerals[place] in relatives:
            numerals[place] = _fitting(relatives[numerals[place]], place, numerals, rng)
            surplus += -1 if surplus > 0 else 1
    return numerals


def _fitting(relatives: Sequence[str], place: int, numerals: list[str], rng: SeededRandom) -> str:
    """Return a relative for the chord at `place` that is no change of colour on a neighbour's root."""
    around = (numerals[place - 1], numerals[(place + 1) % len(numerals)])
    fitting = [
        relative
        for relative in relatives
        if all(_NUMERALS[relative][0] != _NUMERALS[other][0] or relative == other for other in around)
    ]
    return rng.pick(fitting or relatives)


def scale_of(chord: Chord, key: int, mode: int) -> tuple[int, ...]:
    """Return the seven pitch classes, tonic first, that a melody uses over `chord` in a key.

    It is the key's scale; where the chord has a tone from outside, that replaces its neighbour.
    """
    scale = [(key + step) % 12 for step in (MAJOR_SCALE if mode else MINOR_SCALE)]
    tones = set(chord.tones)
    for tone in chord.tones:
        if tone in scale:
            continue
        below, above = (tone - 1) % 12, (tone + 1) % 12
        for neighbour in (below, above) if mode == 0 else (above, below):
            if neighbour in scale and neighbour not in tones:
                scale[scale.index(neighbour)] = tone
                break
    return tuple(scale)
