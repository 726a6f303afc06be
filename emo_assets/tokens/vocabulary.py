"""FIGARO's two token vocabularies: every token, its id and its kind.

Holds names and numbers alone. Which sequences of tokens are valid is `grammar`'s business, what they mean in
numbers of ticks or beats a minute is `bins`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

PAD, UNK, BOS, EOS, MASK = range(5)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>", "<mask>")

MAX_BARS = 512
"""Bar tokens are `Bar_0` to `Bar_511`; music starts at `Bar_1`."""

MAX_POSITIONS = 144
"""Position tokens: a bar is at most three whole notes long, at 12 positions a quarter note."""

DRUMS = 128
"""Index of the drums among the instruments, after the 128 programs of General MIDI."""

PROGRAM_NAMES = (
    # pianos
    "Acoustic Grand Piano",
    "Bright Acoustic Piano",
    "Electric Grand Piano",
    "Honky-tonk Piano",
    "Electric Piano 1",
    "Electric Piano 2",
    "Harpsichord",
    "Clavinet",
    # chromatic percussion
    "Celesta",
    "Glockenspiel",
    "Music Box",
    "Vibraphone",
    "Marimba",
    "Xylophone",
    "Tubular Bells",
    "Dulcimer",
    # organs
    "Drawbar Organ",
    "Percussive Organ",
    "Rock Organ",
    "Church Organ",
    "Reed Organ",
    "Accordion",
    "Harmonica",
    "Tango Accordion",
    # guitars
    "Acoustic Guitar (nylon)",
    "Acoustic Guitar (steel)",
    "Electric Guitar (jazz)",
    "Electric Guitar (clean)",
    "Electric Guitar (muted)",
    "Overdriven Guitar",
    "Distortion Guitar",
    "Guitar Harmonics",
    # basses
    "Acoustic Bass",
    "Electric Bass (finger)",
    "Electric Bass (pick)",
    "Fretless Bass",
    "Slap Bass 1",
    "Slap Bass 2",
    "Synth Bass 1",
    "Synth Bass 2",
    # strings
    "Violin",
    "Viola",
    "Cello",
    "Contrabass",
    "Tremolo Strings",
    "Pizzicato Strings",
    "Orchestral Harp",
    "Timpani",
    # ensembles
    "String Ensemble 1",
    "String Ensemble 2",
    "Synth Strings 1",
    "Synth Strings 2",
    "Choir Aahs",
    "Voice Oohs",
    "Synth Choir",
    "Orchestra Hit",
    # brass
    "Trumpet",
    "Trombone",
    "Tuba",
    "Muted Trumpet",
    "French Horn",
    "Brass Section",
    "Synth Brass 1",
    "Synth Brass 2",
    # reeds
    "Soprano Sax",
    "Alto Sax",
    "Tenor Sax",
    "Baritone Sax",
    "Oboe",
    "English Horn",
    "Bassoon",
    "Clarinet",
    # pipes
    "Piccolo",
    "Flute",
    "Recorder",
    "Pan Flute",
    "Blown bottle",
    "Shakuhachi",
    "Whistle",
    "Ocarina",
    # synth leads
    "Lead 1 (square)",
    "Lead 2 (sawtooth)",
    "Lead 3 (calliope)",
    "Lead 4 chiff",
    "Lead 5 (charang)",
    "Lead 6 (voice)",
    "Lead 7 (fifths)",
    "Lead 8 (bass + lead)",
    # synth pads
    "Pad 1 (new age)",
    "Pad 2 (warm)",
    "Pad 3 (polysynth)",
    "Pad 4 (choir)",
    "Pad 5 (bowed)",
    "Pad 6 (metallic)",
    "Pad 7 (halo)",
    "Pad 8 (sweep)",
    # synth effects
    "FX 1 (rain)",
    "FX 2 (soundtrack)",
    "FX 3 (crystal)",
    "FX 4 (atmosphere)",
    "FX 5 (brightness)",
    "FX 6 (goblins)",
    "FX 7 (echoes)",
    "FX 8 (sci-fi)",
    # ethnic
    "Sitar",
    "Banjo",
    "Shamisen",
    "Koto",
    "Kalimba",
    "Bagpipe",
    "Fiddle",
    "Shanai",
    # percussive
    "Tinkle Bell",
    "Agogo",
    "Steel Drums",
    "Woodblock",
    "Taiko Drum",
    "Melodic Tom",
    "Synth Drum",
    "Reverse Cymbal",
    # sound effects
    "Guitar Fret Noise",
    "Breath Noise",
    "Seashore",
    "Bird Tweet",
    "Telephone Ring",
    "Helicopter",
    "Applause",
    "Gunshot",
)
"""The General MIDI programs 0 to 127, spelled as pretty_midi spells them."""

INSTRUMENT_NAMES = (*PROGRAM_NAMES, "drum")

TIME_SIGNATURES = tuple(
    (numerator, denominator) for denominator in (2, 4, 8, 16) for numerator in range(1, 3 * denominator + 1)
)
"""The time signatures that have a token, as (numerator, denominator); any other reads as `<unk>`."""

CHORD_ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
CHORD_QUALITIES = ("maj", "min", "dim", "aug", "dom7", "maj7", "min7", "None")
CHORDS = (*(f"{root}:{quality}" for root in CHORD_ROOTS for quality in CHORD_QUALITIES), "N:N")
"""The chord names, root by root; `N:N` is silence."""


class EventKind(StrEnum):
    """Kinds of event tokens. The value is what a token of the kind starts with."""

    TIME_SIGNATURE = "Time Signature"
    TEMPO = "Tempo"
    INSTRUMENT = "Instrument"
    PITCH = "Pitch"
    PITCH_DRUM = "Pitch_drum"
    VELOCITY = "Velocity"
    DURATION = "Duration"
    BAR = "Bar"
    POSITION = "Position"
    CHORD = "Chord"


class DescriptionKind(StrEnum):
    """Kinds of description tokens. The value is what a token of the kind starts with."""

    TIME_SIGNATURE = "Time Signature"
    INSTRUMENT = "Instrument"
    CHORD = "Chord"
    NOTE_DENSITY = "Note Density"
    MEAN_VELOCITY = "Mean Velocity"
    MEAN_PITCH = "Mean Pitch"
    MEAN_DURATION = "Mean Duration"
    BAR = "Bar"


Kind = TypeVar("Kind", EventKind, DescriptionKind)


class Vocabulary(Generic[Kind]):
    """Tokens numbered from 0: the specials first, then kind after kind without gaps.

    Args:
        values: for each kind, in the order of ids, what its tokens end with.
    """

    def __init__(self, values: Mapping[Kind, Iterable[object]]) -> None:
        tokens = list(SPECIAL_TOKENS)
        self._spans: dict[Kind, range] = {}
        for kind, endings in values.items():
            first = len(tokens)
            tokens.extend(f"{kind}_{ending}" for ending in endings)
            self._spans[kind] = range(first, len(tokens))
        self.tokens: tuple[str, ...] = tuple(tokens)
        self._ids = {token: number for number, token in enumerate(tokens)}
        self._kinds: list[Kind | None] = [None] * len(tokens)
        for kind, span in self._spans.items():
            self._kinds[span.start : span.stop] = [kind] * len(span)

    def __len__(self) -> int:
        return len(self.tokens)

    def span(self, kind: Kind) -> range:
        """Return the ids of the tokens of `kind`, which are consecutive."""
        return self._spans[kind]

    def kind(self, token_id: int) -> Kind | None:
        """Return the kind of a token, None for a special.

        Raises:
            IndexError: there is no token of that id.
        """
        if token_id < 0:
            raise IndexError(f"token ids start at 0, got {token_id}")
        return self._kinds[token_id]

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the tokens' ids; a token that is not in the vocabulary becomes `UNK`."""
        ids = self._ids
        return [ids.get(token, UNK) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of `ids`.

        Raises:
            IndexError: there is no token of some id.
        """
        return [self.tokens[number] for number in ids]


EVENTS: Vocabulary[EventKind] = Vocabulary(
    {
        EventKind.TIME_SIGNATURE: [
            f"{numerator}/{denominator}" for numerator, denominator in TIME_SIGNATURES
        ],
        EventKind.TEMPO: range(33),
        EventKind.INSTRUMENT: INSTRUMENT_NAMES,
        EventKind.PITCH: range(128),
        EventKind.PITCH_DRUM: range(128),
        EventKind.VELOCITY: range(33),
        EventKind.DURATION: range(58),
        EventKind.BAR: range(MAX_BARS),
        EventKind.POSITION: range(MAX_POSITIONS),
        EventKind.CHORD: CHORDS,
    }
)
"""The 1357 event ("REMI+") tokens."""

DESCRIPTIONS: Vocabulary[DescriptionKind] = Vocabulary(
    {
        DescriptionKind.TIME_SIGNATURE: [
            f"{numerator}/{denominator}" for numerator, denominator in TIME_SIGNATURES
        ],
        DescriptionKind.INSTRUMENT: INSTRUMENT_NAMES,
        DescriptionKind.CHORD: CHORDS,
        DescriptionKind.NOTE_DENSITY: range(33),
        DescriptionKind.MEAN_VELOCITY: range(33),
        DescriptionKind.MEAN_PITCH: range(33),
        DescriptionKind.MEAN_DURATION: range(33),
        DescriptionKind.BAR: range(MAX_BARS),
    }
)
"""The 965 description tokens."""
