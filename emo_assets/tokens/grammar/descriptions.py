"""The grammar of descriptions.

A description is one or more bars, numbered from `Bar_1` without gaps. A bar is `Bar_n`, `Time Signature_a/b`,
`Note Density_i`, `Mean Velocity_i`, `Mean Pitch_i`, `Mean Duration_i`, any number of `Instrument_*` in
ascending order of their ids, and any number of `Chord_*` in the order in which they sound; the same chord may
stand twice in a row.

What the vocabulary has no token for reads as `<unk>`, and the grammar takes `<unk>` exactly there: for the
`Bar` token of every bar past `Bar_511`, and for a time signature outside the vocabulary.

A model that writes only some of these kinds has the same grammar with the other kinds left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.grammar.errors import GrammarError, expectation, token_name
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EOS, MAX_BARS, UNK, DescriptionKind

ONE_PER_BAR = (
    DescriptionKind.BAR,
    DescriptionKind.TIME_SIGNATURE,
    DescriptionKind.NOTE_DENSITY,
    DescriptionKind.MEAN_VELOCITY,
    DescriptionKind.MEAN_PITCH,
    DescriptionKind.MEAN_DURATION,
)
"""The kinds of which a bar has exactly one token, in their order."""

MANY_PER_BAR = (DescriptionKind.INSTRUMENT, DescriptionKind.CHORD)
"""The kinds of which a bar has any number of tokens, in their order; they follow those of `ONE_PER_BAR`."""

Mask = NDArray[np.bool_]


class DescribedBar(NamedTuple):
    """What a description says of one bar.

    Numbers count within their kind: `i` stands for the token `DESCRIPTIONS.span(kind)[i]`, and where events
    have the kind too, for `EVENTS.span(kind)[i]`.

    Attributes:
        time_signature: index into `vocabulary.TIME_SIGNATURES`; None when it is outside the vocabulary.
        note_density: index into `bins.NOTE_DENSITY_BINS`.
        mean_velocity: index into `bins.MEAN_VELOCITY_BINS`.
        mean_pitch: index into `bins.MEAN_PITCH_BINS`.
        mean_duration: index into `bins.MEAN_DURATION_BINS`.
        instruments: General MIDI programs, 128 for drums; ascending.
        chords: indices into `vocabulary.CHORDS`, in the order in which they sound.
    """

    time_signature: int | None
    note_density: int
    mean_velocity: int
    mean_pitch: int
    mean_duration: int
    instruments: tuple[int, ...]
    chords: tuple[int, ...]


class DescriptionGrammar:
    """The grammar of descriptions, or of sub-sequences of descriptions.

    Args:
        kinds: the kinds of tokens that stand in a sequence; all of them by default. At least one of them
            must be of `ONE_PER_BAR`, because it is what tells one bar from the next.

    Raises:
        ValueError: no kind is of `ONE_PER_BAR`.
    """

    def __init__(self, kinds: Collection[DescriptionKind] = tuple(DescriptionKind)) -> None:
        self.one_per_bar = tuple(kind for kind in ONE_PER_BAR if kind in kinds)
        self.many_per_bar = tuple(kind for kind in MANY_PER_BAR if kind in kinds)
        if not self.one_per_bar:
            raise ValueError("a description's grammar needs a kind of which every bar has exactly one token")
        self._kind_masks = {kind: _mask_of_kind(kind) for kind in DescriptionKind}
        self._after_instrument = self._tails()

    def _tails(self) -> list[Mask]:
        """Return what may follow in the same bar: at 0 before any instrument, at i + 1 after instrument i.

        The last one is also what follows a chord.
        """
        instruments = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
        tails = []
        for following in range(instruments.start, instruments.stop + 1):
            tail = np.zeros(len(DESCRIPTIONS), dtype=np.bool_)
            if DescriptionKind.INSTRUMENT in self.many_per_bar:
                tail[following : instruments.stop] = True
            if DescriptionKind.CHORD in self.many_per_bar:
                tail |= self._kind_masks[DescriptionKind.CHORD]
            tails.append(tail)
        return tails

    def start(self) -> DescriptionState:
        """Return the state before the first token (after `<bos>`)."""
        return DescriptionState(self, index=0, bar=0, expected=0, tail=0)

    def check(self, ids: Iterable[int]) -> None:
        """Raise unless `ids` (without `<bos>` and `<eos>`) are a sequence of this grammar.

        Raises:
            GrammarError: they are not; it says where and why.
        """
        self._tokens_by_bar(ids)

    def parse(self, ids: Iterable[int]) -> list[DescribedBar]:
        """Read a whole description.

        Args:
            ids: token ids without `<bos>` and `<eos>`.

        Returns:
            Its bars.

        Raises:
            GrammarError: `ids` are not a description; it says where and why.
            ValueError: this is the grammar of sub-sequences, which do not say enough of a bar.
        """
        if (*self.one_per_bar, *self.many_per_bar) != (*ONE_PER_BAR, *MANY_PER_BAR):
            raise ValueError("only the grammar of all kinds can read bars")
        return [_described_bar(tokens) for tokens in self._tokens_by_bar(ids)]

    def format(self, bars: Iterable[DescribedBar]) -> list[int]:
        """Return the ids of a whole description, the reverse of `parse`."""
        return [token for number, bar in enumerate(bars, 1) for token in tokens_of_bar(bar, number)]

    def _tokens_by_bar(self, ids: Iterable[int]) -> list[list[int]]:
        """Validate a sequence and return the tokens of each bar."""
        state = self.start()
        by_bar: list[list[int]] = []
        for token in ids:
            if token == EOS:
                raise GrammarError(state.index, token_name(DESCRIPTIONS, EOS), "a sequence without it")
            following = state.advance(token)
            if following.bar > state.bar:
                by_bar.append([])
            by_bar[-1].append(int(token))
            state = following
        if not state.allowed[EOS]:
            raise GrammarError(state.index, "the end", expectation(DESCRIPTIONS, state.allowed))
        return by_bar


class DescriptionState:
    """A point in a description: which tokens may come next, and which state follows each.

    States never change; `advance` returns another one. `DescriptionGrammar.start` makes the first.

    Attributes:
        index: how many tokens have been read.
        bar: the number of the current bar, 0 before the first.
    """

    __slots__ = ("_allowed", "_expected", "_grammar", "_tail", "bar", "index")

    def __init__(
        self, grammar: DescriptionGrammar, *, index: int, bar: int, expected: int, tail: int
    ) -> None:
        self._grammar = grammar
        self.index = index
        self.bar = bar
        self._expected = expected  # index into grammar.one_per_bar of the next such token; -1 after `<eos>`
        self._tail = tail  # index into the grammar's tails
        self._allowed: Mask | None = None

    @property
    def allowed(self) -> Mask:
        """The tokens that may come next, `<eos>` where the sequence may end; shape (965,), read-only."""
        if self._allowed is None:
            self._allowed = self._mask()
            self._allowed.flags.writeable = False
        return self._allowed

    def _mask(self) -> Mask:
        grammar = self._grammar
        mask = np.zeros(len(DESCRIPTIONS), dtype=np.bool_)
        if self._expected < 0:
            return mask
        kind = grammar.one_per_bar[self._expected % len(grammar.one_per_bar)]
        if kind is DescriptionKind.BAR:
            mask[bar_token(self.bar + 1)] = True
        else:
            mask |= grammar._kind_masks[kind]
        if self.bar and self._expected in (0, len(grammar.one_per_bar)):
            mask |= grammar._after_instrument[self._tail]
            mask[EOS] = True
        return mask

    def advance(self, token_id: int) -> DescriptionState:
        """Return the state after one more token.

        Raises:
            GrammarError: the token is not allowed here.
        """
        allowed = self.allowed
        if not (0 <= token_id < len(allowed) and allowed[token_id]):
            found = token_name(DESCRIPTIONS, token_id)
            raise GrammarError(self.index, found, expectation(DESCRIPTIONS, allowed))
        bar, expected, tail = self.bar, self._expected, self._tail
        if token_id == EOS:
            expected = -1
        elif 0 < expected < len(self._grammar.one_per_bar):
            expected += 1
        elif bar and token_id in INSTRUMENT_SPAN:
            tail = token_id - INSTRUMENT_SPAN.start + 1
        elif bar and token_id in CHORD_SPAN:
            tail = len(INSTRUMENT_SPAN)
        else:
            bar, expected, tail = bar + 1, 1, 0
        return DescriptionState(self._grammar, index=self.index + 1, bar=bar, expected=expected, tail=tail)


INSTRUMENT_SPAN = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
CHORD_SPAN = DESCRIPTIONS.span(DescriptionKind.CHORD)


def bar_token(number: int) -> int:
    """Return the id of `Bar_<number>`, `UNK` past the vocabulary's last bar."""
    return DESCRIPTIONS.span(DescriptionKind.BAR)[number] if number < MAX_BARS else UNK


def _mask_of_kind(kind: DescriptionKind) -> Mask:
    span = DESCRIPTIONS.span(kind)
    mask = np.zeros(len(DESCRIPTIONS), dtype=np.bool_)
    mask[span.start : span.stop] = True
    if kind is DescriptionKind.TIME_SIGNATURE:
        mask[UNK] = True
    mask.flags.writeable = False
    return mask


def _described_bar(tokens: Sequence[int]) -> DescribedBar:
    """Read the tokens of one valid bar."""
    _, time_signature, density, velocity, pitch, duration, *others = tokens
    return DescribedBar(
        time_signature=None
        if time_signature == UNK
        else _index(DescriptionKind.TIME_SIGNATURE, time_signature),
        note_density=_index(DescriptionKind.NOTE_DENSITY, density),
        mean_velocity=_index(DescriptionKind.MEAN_VELOCITY, velocity),
        mean_pitch=_index(DescriptionKind.MEAN_PITCH, pitch),
        mean_duration=_index(DescriptionKind.MEAN_DURATION, duration),
        instruments=tuple(token - INSTRUMENT_SPAN.start for token in others if token in INSTRUMENT_SPAN),
        chords=tuple(token - CHORD_SPAN.start for token in others if token in CHORD_SPAN),
    )


def tokens_of_bar(bar: DescribedBar, number: int) -> list[int]:
    """Return the ids of a bar, the `number`-th of its description (from 1)."""
    time_signatures = DESCRIPTIONS.span(DescriptionKind.TIME_SIGNATURE)
    return [
        bar_token(number),
        UNK if bar.time_signature is None else time_signatures[bar.time_signature],
        DESCRIPTIONS.span(DescriptionKind.NOTE_DENSITY)[bar.note_density],
        DESCRIPTIONS.span(DescriptionKind.MEAN_VELOCITY)[bar.mean_velocity],
        DESCRIPTIONS.span(DescriptionKind.MEAN_PITCH)[bar.mean_pitch],
        DESCRIPTIONS.span(DescriptionKind.MEAN_DURATION)[bar.mean_duration],
        *(INSTRUMENT_SPAN[program] for program in bar.instruments),
        *(CHORD_SPAN[chord] for chord in bar.chords),
    ]


def _index(kind: DescriptionKind, token: int) -> int:
    return token - DESCRIPTIONS.span(kind).start
