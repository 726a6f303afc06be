"""The grammar of descriptions.

A description is one or more bars, numbered from `Bar_1` without gaps. A bar is `Bar_n`, `Time Signature_a/b`,
`Note Density_i`, `Mean Velocity_i`, `Mean Pitch_i`, `Mean Duration_i`, any number of `Instrument_*` in
ascending order of their ids, and any number of `Chord_*` in the order of their sounding; a chord may follow
itself.

Tokens outside the vocabulary read as `<unk>`, which the grammar allows exactly there: for the `Bar` token of
every bar past `Bar_511`, and for a time signature.

A model that generates only some of these kinds has the same grammar without the other kinds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.vocabulary import DESCRIPTIONS, EOS, MAX_BARS, UNK, DescriptionKind

ONE_PER_BAR = (
    DescriptionKind.BAR,
    DescriptionKind.TIME_SIGNATURE,
    DescriptionKind.NOTE_DENSITY,
    DescriptionKind.MEAN_VELOCITY,
    DescriptionKind.MEAN_PITCH,
    DescriptionKind.MEAN_DURATION,
)
"""The kinds with exactly one token per bar, in their order."""

MANY_PER_BAR = (DescriptionKind.INSTRUMENT, DescriptionKind.CHORD)
"""The kinds with any number of tokens per bar, in their order; they follow those of `ONE_PER_BAR`."""

Mask = NDArray[np.bool_]

_INSTRUMENTS = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
_CHORDS = DESCRIPTIONS.span(DescriptionKind.CHORD)
_STARTS = [DESCRIPTIONS.span(kind).start for kind in ONE_PER_BAR]


class DescribedBar(NamedTuple):
    """The description of one bar.

    Numbers count within their kind: `i` is the token `DESCRIPTIONS.span(kind)[i]`, and where events have the
    kind too, `EVENTS.span(kind)[i]`.

    Attributes:
        time_signature: index into `vocabulary.TIME_SIGNATURES`; None when it is outside the vocabulary.
        note_density: index into `quantization.NOTE_DENSITY_BINS`.
        mean_velocity: index into `quantization.MEAN_VELOCITY_BINS`.
        mean_pitch: index into `quantization.MEAN_PITCH_BINS`.
        mean_duration: index into `quantization.MEAN_DURATION_BINS`.
        instruments: General MIDI programs, 128 for drums; ascending.
        chords: indices into `vocabulary.CHORDS`, in the order of their sounding.
    """

    time_signature: int | None
    note_density: int
    mean_velocity: int
    mean_pitch: int
    mean_duration: int
    instruments: tuple[int, ...]
    chords: tuple[int, ...]


class DescriptionGrammar:
    """The grammar of descriptions, or of descriptions reduced to some kinds of tokens.

    Args:
        kinds: the kinds of tokens in a sequence; all of them by default. At least one of them must be of
            `ONE_PER_BAR`, because it separates the bars.

    Raises:
        ValueError: no kind is of `ONE_PER_BAR`.
    """

    def __init__(self, kinds: Collection[DescriptionKind] = tuple(DescriptionKind)) -> None:
        self.one_per_bar = tuple(kind for kind in ONE_PER_BAR if kind in kinds)
        self.many_per_bar = tuple(kind for kind in MANY_PER_BAR if kind in kinds)
        if not self.one_per_bar:
            raise ValueError("a description's grammar needs a kind with exactly one token per bar")
        self._kind_masks = {kind: _mask_of_kind(kind) for kind in DescriptionKind}
        self._tails = self._tail_masks()

    def _tail_masks(self) -> list[Mask]:
        """Return what may follow in the same bar: at 0 before any instrument, at i + 1 after instrument i.

        The last one is also what follows a chord.
        """
        tails = []
        for following in range(_INSTRUMENTS.start, _INSTRUMENTS.stop + 1):
            tail = np.zeros(len(DESCRIPTIONS), dtype=np.bool_)
            if DescriptionKind.INSTRUMENT in self.many_per_bar:
                tail[following : _INSTRUMENTS.stop] = True
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
        """Return the bars of a whole description.

        Args:
            ids: token ids without `<bos>` and `<eos>`.

        Raises:
            GrammarError: `ids` are not a description; it says where and why.
            ValueError: this grammar lacks some kinds.
        """
        if (*self.one_per_bar, *self.many_per_bar) != (*ONE_PER_BAR, *MANY_PER_BAR):
            raise ValueError("only the grammar of all kinds can read bars")
        return [_bar_of_tokens(tokens) for tokens in self._tokens_by_bar(ids)]

    def format(self, bars: Iterable[DescribedBar]) -> list[int]:
        """Return the ids of a whole description, the reverse of `parse`."""
        return [token for number, bar in enumerate(bars, 1) for token in tokens_of_bar(bar, number)]

    def _tokens_by_bar(self, ids: Iterable[int]) -> list[list[int]]:
        """Validate a sequence and return the tokens of each bar."""
        state = self.start()
        by_bar: list[list[int]] = []
        for token in ids:
            if token == EOS:
                raise GrammarError(state.index, DESCRIPTIONS.tokens[EOS], "a sequence without it")
            following = state.advance(token)
            if following.bar > state.bar:
                by_bar.append([])
            by_bar[-1].append(int(token))
            state = following
        if not state.allowed[EOS]:
            raise GrammarError.at_end(state.index, DESCRIPTIONS, state.allowed)
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
            mask |= grammar._tails[self._tail]
            mask[EOS] = True
        return mask

    def advance(self, token_id: int) -> DescriptionState:
        """Return the state after one more token.

        Raises:
            GrammarError: the token is not allowed here.
        """
        allowed = self.allowed
        if not (0 <= token_id < len(allowed) and allowed[token_id]):
            raise GrammarError.at(self.index, token_id, DESCRIPTIONS, allowed)
        bar, expected, tail = self.bar, self._expected, self._tail
        if token_id == EOS:
            expected = -1
        elif 0 < expected < len(self._grammar.one_per_bar):
            expected += 1
        elif bar and token_id in _INSTRUMENTS:
            tail = token_id - _INSTRUMENTS.start + 1
        elif bar and token_id in _CHORDS:
            tail = len(_INSTRUMENTS)
        else:
            bar, expected, tail = bar + 1, 1, 0
        return DescriptionState(self._grammar, index=self.index + 1, bar=bar, expected=expected, tail=tail)


def bar_token(number: int) -> int:
    """Return the id of `Bar_<number>`, `UNK` past the vocabulary's last bar."""
    return DESCRIPTIONS.span(DescriptionKind.BAR)[number] if number < MAX_BARS else UNK


def tokens_of_bar(bar: DescribedBar, number: int) -> list[int]:
    """Return the ids of a bar, the `number`-th of its description (from 1)."""
    return [
        bar_token(number),
        UNK if bar.time_signature is None else _STARTS[1] + bar.time_signature,
        _STARTS[2] + bar.note_density,
        _STARTS[3] + bar.mean_velocity,
        _STARTS[4] + bar.mean_pitch,
        _STARTS[5] + bar.mean_duration,
        *(_INSTRUMENTS.start + program for program in bar.instruments),
        *(_CHORDS.start + chord for chord in bar.chords),
    ]


def _bar_of_tokens(tokens: Sequence[int]) -> DescribedBar:
    """Return what the tokens of one valid bar say."""
    _, time_signature, density, velocity, pitch, duration, *others = tokens
    return DescribedBar(
        None if time_signature == UNK else time_signature - _STARTS[1],
        density - _STARTS[2],
        velocity - _STARTS[3],
        pitch - _STARTS[4],
        duration - _STARTS[5],
        tuple(token - _INSTRUMENTS.start for token in others if token in _INSTRUMENTS),
        tuple(token - _CHORDS.start for token in others if token in _CHORDS),
    )


def _mask_of_kind(kind: DescriptionKind) -> Mask:
    span = DESCRIPTIONS.span(kind)
    mask = np.zeros(len(DESCRIPTIONS), dtype=np.bool_)
    mask[span.start : span.stop] = True
    if kind is DescriptionKind.TIME_SIGNATURE:
        mask[UNK] = True
    return mask
