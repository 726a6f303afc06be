"""FIGARO's two token vocabularies: every token, its id and its kind.

Holds names and numbers alone. Which sequences of tokens are valid is `grammar`'s business, what they mean in
numbers of ticks or beats a minute is `bins`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import CHORD_TONES, PITCH_CLASSES

PAD, UNK, BOS, EOS, MASK = range(5)
SPECIAL_TOKENS = ("<pad>", "<unk>", "<bos>", "<eos>", "<mask>")

MAX_BARS = 512
"""Bar tokens are `Bar_0` to `Bar_511`; music starts at `Bar_1`."""

MAX_POSITIONS = 144
"""Position tokens: a bar is at most three whole notes long, at 12 positions a quarter note."""

TIME_SIGNATURES = tuple(
    (numerator, denominator) for denominator in (2, 4, 8, 16) for numerator in range(1, 3 * denominator + 1)
)
"""The time signatures that have a token, as (numerator, denominator); any other reads as `<unk>`."""

CHORD_QUALITIES = tuple(CHORD_TONES)
CHORDS = (*(f"{root}:{quality}" for root in PITCH_CLASSES for quality in CHORD_QUALITIES), "N:N")
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
