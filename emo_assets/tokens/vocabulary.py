"""FIGARO's two token vocabularies: every token, its id and its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import CHORD_TONES, PITCH_CLASSES

PAD, UNK, BOS, EOS = range(4)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>", "<mask>")

MAX_BARS = 512
"""Number of bar tokens, `Bar_0` to `Bar_511`; music starts at `Bar_1`."""

MAX_POSITIONS = 144
"""Number of position tokens: a bar has at most three whole notes, of 12 positions per quarter note."""

TIME_SIGNATURES = tuple(
    (numerator, denominator) for denominator in (2, 4, 8, 16) for numerator in range(1, 3 * denominator + 1)
)
"""The time signatures that have a token, as (numerator, denominator); any other reads as `<unk>`."""

CHORD_QUALITIES = tuple(CHORD_TONES)
CHORDS = (*(f"{root}:{quality}" for root in PITCH_CLASSES for quality in CHORD_QUALITIES), "N:N")
"""The chord names, root by root; `N:N` is silence."""


class EventKind(StrEnum):
    """Kinds of event tokens; the value is the prefix of their tokens."""

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
    """Kinds of description tokens; the value is the prefix of their tokens."""

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
    """Tokens numbered from 0: special tokens first, then kind after kind without gaps.

    Args:
        values: the values of each kind, in the order of ids; a token is its kind, `_` and its value.

    Attributes:
        tokens: the tokens by id.
    """

    def __init__(self, values: Mapping[Kind, Iterable[object]]) -> None:
        tokens = list(SPECIAL_TOKENS)
        self._kinds: list[Kind | None] = [None] * len(tokens)
        self._spans: dict[Kind, range] = {}
        for kind, values_of_kind in values.items():
            first = len(tokens)
            tokens.extend(f"{kind}_{value}" for value in values_of_kind)
            self._spans[kind] = range(first, len(tokens))
            self._kinds.extend([kind] * len(self._spans[kind]))
        self.tokens: tuple[str, ...] = tuple(tokens)
        self._ids = {token: number for number, token in enumerate(tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def span(self, kind: Kind) -> range:
        """Return the ids of the tokens of `kind`, which are consecutive."""
        return self._spans[kind]

    def kind(self, token_id: int) -> Kind | None:
        """Return the kind of a token, None for a special token.

        Raises:
            IndexError: the id is out of range.
        """
        if token_id < 0:
            raise IndexError(f"token ids start at 0, got {token_id}")
        return self._kinds[token_id]

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the ids of tokens; a token outside the vocabulary becomes `UNK`."""
        ids = self._ids
        return [ids.get(token, UNK) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the tokens of ids.

        Raises:
            IndexError: an id is out of range.
        """
        return [self.tokens[number] for number in ids]


_TIME_SIGNATURE_NAMES = [f"{numerator}/{denominator}" for numerator, denominator in TIME_SIGNATURES]

EVENTS: Vocabulary[EventKind] = Vocabulary(
    {
        EventKind.TIME_SIGNATURE: _TIME_SIGNATURE_NAMES,
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
        DescriptionKind.TIME_SIGNATURE: _TIME_SIGNATURE_NAMES,
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
