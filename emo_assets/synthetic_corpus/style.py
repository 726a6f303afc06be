"""What a style is: its groove, its instruments and how they play, its harmony, form and habits.

The styles themselves are data in `band_styles` and `other_styles`; `style_book` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from emo_assets.synthetic_corpus.harmony import Colour


class Role(StrEnum):
    """What an instrument is there for."""

    BASS = "bass"
    CHORDS = "chords"
    COLOUR = "colour"
    PAD = "pad"
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


class Form(StrEnum):
    """How sections follow one another."""

    SONG = "song"
    DANCE = "dance"
    TWELVE_BAR = "twelve bar"
    STANDARD = "standard"
    THROUGH = "through"


@dataclass(frozen=True)
class DrumLine:
    """One drum of a groove: General MIDI drum pitch, rhythm, and velocity above or below the average."""

    pitch: int
    pattern: str
    accent: int = 0


@dataclass(frozen=True)
class Groove:
    """What the drummer plays.

    Attributes:
        lines: the drums and their rhythms.
        kits: acoustic and electronic drum kit (General MIDI 2 program of the drum channel).
        entry: how busy the music must be (0 to 1) before drums join in.
        fills: whether phrases end in fills, and new sections begin with a crash.
    """

    lines: tuple[DrumLine, ...]
    kits: tuple[int, int] = (0, 0)
    entry: float = 0.0
    fills: bool = True


@dataclass(frozen=True)
class Layer:
    """One instrument's place in the arrangement.

    Attributes:
        role: what it is there for.
        manner: how it plays chords.
        pattern: its rhythm, as `meter` reads it.
        acoustic: General MIDI programs of natural instruments that may play it.
        electronic: the electric and electronic ones.
        register: the pitch that its notes stay around.
        voices: how many notes it plays at once, where its manner leaves the choice.
        entry: how busy the music must be (0 to 1) before it joins in.
        gate: share of the time to its next note that a note sounds.
        accent: velocity above or below the average.
    """

    role: Role
    manner: PlayingPattern
    pattern: str
    acoustic: tuple[int, ...]
    electronic: tuple[int, ...]
    register: int
    voices: int = 3
    entry: float = 0.0
    gate: float = 0.9
    accent: int = 0


@dataclass(frozen=True)
class Habits:
    """Where a style's features usually lie: means of 0 to 1, tempos in beats a minute.

    Attributes:
        weight: how common the style is among songs.
        energy: mean energy.
        danceability: mean danceability.
        valence: mean valence.
        acousticness: mean acousticness.
        instrumental: share of songs without much singing.
        tempo: slowest and fastest tempo.
        three: how likely it takes a waltz's meter, against other styles.
        mode: what is added to the rng of a major key.
    """

    weight: float
    energy: float
    danceability: float
    valence: float
    acousticness: float
    instrumental: float
    tempo: tuple[float, float]
    three: float = 0.0
    mode: float = 0.0


@dataclass(frozen=True)
class Style:
    """A style of music.

    Attributes:
        name: what it is called.
        genres: the genres under which Spotify lists such songs, the usual one first.
        habits: where its features lie.
        groove: its drums, or none.
        layers: its instruments, the lead last.
        major: progressions of four or more chords in a major key, verse first.
        minor: the same in a minor key.
        colour: how rich its chords are.
        bars_a_chord: how long a chord lasts: 0.5, 1 or 2 bars.
        form: how its sections follow one another.
        swing: whether eighths are played as triplets.
    """

    name: str
    genres: tuple[str, ...]
    habits: Habits
    groove: Groove | None
    layers: tuple[Layer, ...]
    major: tuple[str, ...]
    minor: tuple[str, ...]
    colour: Colour = Colour.TRIADS
    bars_a_chord: float = 1.0
    form: Form = Form.SONG
    swing: bool = False
