"""Chords: roman numerals in a key, substitutions that change their mood, scales, and voicings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES, MAJOR_SCALE, MINOR_SCALE, PITCH_CLASSES
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

LOWEST_CLOSE_PITCH = 50
"""Below it, notes less than a fourth apart sound muddy."""

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
"""Semitones above the tonic and quality of each chord in the styles' progressions."""

_DARKER: dict[int, dict[str, tuple[str, ...]]] = {
    1: {"IV": ("ii", "ii", "iv"), "V": ("iii", "iii", "iv"), "bVII": ("ii",), "I": ("vi", "iii", "iv")},
    0: {"bVI": ("iv", "i"), "bVII": ("v", "iv"), "V": ("i", "v"), "IV": ("iv", "i"), "bII": ("iv", "i")},
}
_BRIGHTER: dict[int, dict[str, tuple[str, ...]]] = {
    1: {"vi": ("IV", "I"), "ii": ("IV", "V"), "iii": ("V", "I"), "iv": ("IV",)},
    0: {"iv": ("bVI", "V"), "v": ("V", "bVI"), "iio": ("bVI", "V"), "i": ("bVI", "V")},
}
"""Substitutes for a chord in a major (1) or minor (0) key: minor for major chords, and the reverse."""


class ChordVocabulary(StrEnum):
    """Which chords have a seventh: none, all but the tonic, or all, as dominant sevenths."""

    TRIADS = "triads"
    SEVENTHS = "sevenths"
    DOMINANT = "dominant"


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord: the pitch class of its root (0 to 11) and its quality, a key of `CHORD_TONES`."""

    root: int
    quality: str

    @property
    def tones(self) -> tuple[int, ...]:
        """Its pitch classes, root first."""
        return tuple((self.root + interval) % 12 for interval in CHORD_TONES[self.quality])

    @property
    def name(self) -> str:
        """Its name in FIGARO's vocabulary, such as "C#:min7"."""
        return f"{PITCH_CLASSES[self.root]}:{self.quality}"


def chord_from_numeral(numeral: str, key: int, vocabulary: ChordVocabulary, *, final: bool = False) -> Chord:
    """Return the chord of a roman numeral in a key.

    Args:
        numeral: degree and quality, such as "bVI" or "ii".
        key: pitch class of the tonic, 0 to 11.
        vocabulary: which chords have sevenths. With `SEVENTHS` the tonic has none, since a tonic seventh
            chord contains its relative's triad.
        final: whether it is the song's last chord, always a triad.
    """
    degree, quality = _NUMERALS[numeral]
    is_tonic = numeral in {"I", "i"} and vocabulary is not ChordVocabulary.DOMINANT
    if not (final or is_tonic or vocabulary is ChordVocabulary.TRIADS or quality == "dim"):
        if quality == "min":
            quality = "min7"
        else:
            is_dominant = vocabulary is ChordVocabulary.DOMINANT or numeral in {"V", "bVII"}
            quality = "dom7" if is_dominant else "maj7"
    return Chord((key + degree) % 12, quality)


def substitute_chords(numerals: Sequence[str], major_share: float, mode: int, rng: SeededRandom) -> list[str]:
    """Replace chords by related ones until the share of major chords is as requested.

    The first chord is kept, so that the tonic is established; other tonic chords are replaced last.

    Args:
        numerals: roman numerals.
        major_share: wanted share of chords with a major third, 0 to 1.
        mode: 1 in a major, 0 in a minor key.
        rng: chooses the chords and their substitutes.
    """
    major = {numeral for numeral, (_, quality) in _NUMERALS.items() if quality in MAJOR_QUALITIES}
    changed = list(numerals)
    surplus = sum(numeral in major for numeral in changed) - round(major_share * len(changed))
    substitutes = _DARKER[mode] if surplus > 0 else _BRIGHTER[mode]
    order = rng.shuffled(range(1, len(changed)))
    order.sort(key=lambda index: changed[index] in {"I", "i"})
    for index in order:
        if surplus == 0:
            break
        if (changed[index] in major) == (surplus > 0) and changed[index] in substitutes:
            changed[index] = _choose_substitute(substitutes[changed[index]], index, changed, rng)
            surplus += -1 if surplus > 0 else 1
    return changed


def _choose_substitute(options: Sequence[str], index: int, numerals: list[str], rng: SeededRandom) -> str:
    """Return one of the options, if possible none with a neighbour's root and another quality."""
    neighbours = (numerals[index - 1], numerals[(index + 1) % len(numerals)])
    fitting = [
        option
        for option in options
        if all(_NUMERALS[option][0] != _NUMERALS[other][0] or option == other for other in neighbours)
    ]
    return rng.pick(fitting or options)


def melody_scale(chord: Chord, key: int, mode: int) -> tuple[int, ...]:
    """Return the seven pitch classes, tonic first, that a melody uses over `chord` in a key.

    It is the key's scale; a chord tone outside of it replaces the neighbouring degree.
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


@lru_cache(maxsize=65536)
def voice_chord(chord: Chord, previous: tuple[int, ...] | None, centre: int, voices: int) -> tuple[int, ...]:
    """Return the pitches that play `chord`, ascending.

    Args:
        chord: the chord.
        previous: the voicing before it, or None at the start.
        centre: the pitch that voicings stay around.
        voices: how many notes, 2 to 4. With two, the root is left to the bass.

    Returns:
        `voices` pitches: of all inversions within an octave of the centre, the one whose voices move least.
    """
    tones = _chosen_tones(chord, voices)
    best: tuple[float, tuple[int, ...]] | None = None
    for inversion in range(len(tones)):
        ordered = tones[inversion:] + tones[:inversion]
        for octave in (-12, 0):
            pitches = [centre + octave + (ordered[0] - centre) % 12]
            for tone in ordered[1:]:
                pitches.append(pitches[-1] + ((tone - pitches[-1]) % 12 or 12))
            distance = abs(sum(pitches) / len(pitches) - centre)
            movement = 0.0
            if previous is not None and len(previous) == len(pitches):
                movement = sum(abs(a - b) for a, b in zip(previous, pitches, strict=True))
            semitones = sum(b - a == 1 for a, b in pairwise(pitches))
            muddy = sum(b - a < 5 for a, b in pairwise(pitches) if a < LOWEST_CLOSE_PITCH)
            cost = movement + distance * 1.5 + 5 * semitones + 2 * muddy
            if best is None or cost < best[0]:
                best = (cost, tuple(pitches))
    if best is None:
        raise ValueError(f"{chord.name} has no tones to voice")
    return best[1]


def _chosen_tones(chord: Chord, voices: int) -> tuple[int, ...]:
    """Return the pitch classes to play: third and seventh before fifth and root."""
    root, third, fifth, *seventh = chord.tones
    if voices >= 4:
        return (root, third, fifth, *(seventh or [root]))
    if voices == 3:
        return (root, third, *(seventh or [fifth]))
    return (third, *(seventh or [fifth]))


def nearest_pitch(pitch_class: int, pitch: int) -> int:
    """Return the pitch of `pitch_class` nearest to `pitch`; of two equally near ones the higher."""
    up = (pitch_class - pitch) % 12
    return pitch + up if up <= 6 else pitch + up - 12
