"""Styles of music: groove, instruments and how they play, harmony, form, and where the features usually lie.

The styles are data, in `styles.toml`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from emo_assets.synthetic_corpus.form import Form
from emo_assets.synthetic_corpus.harmony import ChordVocabulary

DRUM_PITCHES = {
    "acoustic_kick": 35,
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "electric_snare": 40,
    "closed_hat": 42,
    "pedal_hat": 44,
    "open_hat": 46,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "cowbell": 56,
    "conga": 62,
    "low_conga": 64,
    "cabasa": 69,
    "shaker": 70,
    "claves": 75,
    "triangle": 81,
    "egg": 82,
}
"""General MIDI pitches of the drums."""


class Role(StrEnum):
    """The function of an instrument in the arrangement."""

    BASS = "bass"
    CHORDS = "chords"
    COLOUR = "colour"
    PAD = "pad"
    DOUBLE = "double"
    COUNTER = "counter"
    THEME = "theme"
    LEAD = "lead"


class PlayingPattern(StrEnum):
    """How an instrument turns a chord into notes."""

    ROOTS = "roots"
    OCTAVES = "octaves"
    ROOT_FIFTH = "root and fifth"
    WALKING = "walking"
    RIFF = "riff"
    BLOCK = "block"
    STRUM = "strum"
    POWER = "power"
    SHUFFLE = "shuffle"
    BROKEN = "broken"
    ALBERTI = "alberti"
    SUSTAINED = "sustained"
    MELODY = "melody"


@dataclass(frozen=True)
class DrumLine:
    """One drum of a groove.

    Attributes:
        drum: its name, a key of `DRUM_PITCHES`.
        rhythm: its rhythm, see `meter`.
        accent: velocity above or below the song's average.
    """

    drum: str
    rhythm: str
    accent: int = 0

    @property
    def pitch(self) -> int:
        """Its General MIDI pitch."""
        return DRUM_PITCHES[self.drum]


@dataclass(frozen=True)
class Groove:
    """The drummer's part.

    Attributes:
        lines: the drums and their rhythms.
        kits: acoustic and electronic drum kit (General MIDI 2 program of the drum channel).
        entry: level (0 to 1) from which drums play.
        fills: whether phrases end in fills, and sections begin with a crash.
    """

    lines: tuple[DrumLine, ...]
    kits: tuple[int, int] = (0, 0)
    entry: float = 0.0
    fills: bool = True


@dataclass(frozen=True)
class Layer:
    """One instrument of the arrangement.

    Attributes:
        role: its function.
        playing: how it turns chords into notes.
        register: the pitch that its notes stay around.
        acoustic: General MIDI programs of acoustic instruments that may play it.
        electronic: programs of electric and electronic ones.
        rhythm: its rhythm, see `meter`; empty for melodies.
        voices: how many notes it plays at once, where `playing` does not fix it.
        entry: level (0 to 1) from which it plays.
        gate: duration of a note as a share of the time to the next.
        accent: velocity above or below the song's average.
    """

    role: Role
    playing: PlayingPattern
    register: int
    acoustic: tuple[int, ...]
    electronic: tuple[int, ...]
    rhythm: str = ""
    voices: int = 3
    entry: float = 0.0
    gate: float = 0.9
    accent: int = 0


@dataclass(frozen=True)
class FeatureProfile:
    """Where a style's features usually lie.

    Attributes:
        weight: how common the style is.
        energy: mean energy, 0 to 1; likewise danceability, valence and acousticness.
        instrumental_share: share of songs with hardly any singing.
        tempo: slowest and fastest, in beats per minute.
        waltz_weight: factor on `weight` for songs that are not in 4/4.
        major_bias: added to the probability of a major key.
    """

    weight: float
    energy: float
    danceability: float
    valence: float
    acousticness: float
    instrumental_share: float
    tempo: tuple[float, float]
    waltz_weight: float = 0.0
    major_bias: float = 0.0


@dataclass(frozen=True)
class Style:
    """A style of music.

    Attributes:
        name: its name.
        genres: the genres under which Spotify lists such songs, the most usual one first.
        profile: where its features lie.
        layers: its instruments, the lead last.
        major: chord progressions in a major key as roman numerals: verse, chorus, bridge.
        minor: the same in a minor key.
        groove: its drums, or None.
        chord_vocabulary: which chords are extended by sevenths.
        bars_per_chord: duration of a chord: 0.5, 1 or 2 bars.
        form: the order of its sections.
        swing: whether eighth notes are played as triplets.
    """

    name: str
    genres: tuple[str, ...]
    profile: FeatureProfile
    layers: tuple[Layer, ...]
    major: tuple[str, ...]
    minor: tuple[str, ...]
    groove: Groove | None = None
    chord_vocabulary: ChordVocabulary = ChordVocabulary.TRIADS
    bars_per_chord: float = 1.0
    form: Form = Form.SONG
    swing: bool = False


def _load_styles() -> dict[str, Style]:
    tables = tomllib.loads(Path(__file__).with_name("styles.toml").read_text("utf-8"))
    named = {name: {"name": name, **table} for name, table in tables.items()}
    return TypeAdapter(dict[str, Style]).validate_python(named)


STYLES: dict[str, Style] = _load_styles()
"""All styles, by name."""
