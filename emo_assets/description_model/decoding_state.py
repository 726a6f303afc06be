"""One song while a describer writes it: what it reads at each step, and what it may write.

Keeps the song to what the request fixes: its meter, its number of bars, the bars that are carried over from
one window to the next. Knows no network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.copy_features import AGREEMENT_SIZE, LAGS, NO_HINT, CopyFeatureTracker
from emo_assets.description_model.data.output_vocab import (
    BAR,
    INPUT_VOCAB_SIZE,
    KIND_INDEX,
    KINDS,
    OutputVocab,
)
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.features import FeatureVector
from emo_assets.nn.sampling import SamplingParams, sample_token
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, TIME_SIGNATURES, DescriptionKind

MAX_CHORDS_PER_BAR = 8
"""A bar is ended after so many: real bars have fewer, and a loop of chords must end."""

Bars = list[list[int]]
"""A song's bars, each as tokens from `alphabet.BAR` on."""

_CHORD = KINDS.index(DescriptionKind.CHORD)
_INSTRUMENT = KINDS.index(DescriptionKind.INSTRUMENT)
_INSTRUMENTS = np.array(DESCRIPTIONS.span(DescriptionKind.INSTRUMENT))


@dataclass(frozen=True)
class Step:
    """What a network reads of one song at one step: see `batches.Batch`."""

    token: int
    bar: int
    place: int
    hints: NDArray[np.int64]
    agreement: NDArray[np.float32]


class DecodingState:
    """One song while a describer writes its kinds of tokens.

    Args:
        alphabet: the describer's.
        features: what is asked for.
        content: what others wrote in each bar, in the describer's key.
        generator: the song's own.

    Attributes:
        bars: the tokens written, bar by bar.
    """

    def __init__(
        self, alphabet: OutputVocab, features: FeatureVector, content: Bars, generator: np.random.Generator
    ) -> None:
        self.bars: Bars = []
        self._alphabet = alphabet
        self._content = content
        self._generator = generator
        meters = DESCRIPTIONS.span(DescriptionKind.TIME_SIGNATURE)
        self._time_signature = meters[TIME_SIGNATURES.index((features.time_signature, 4))]
        self._output_of = np.append(alphabet.output_of, NO_HINT)

    def enter(self, start: int, stop: int) -> NDArray[np.float32]:
        """Begin the window of bars `start` to `stop`.

        The bars of the window that are written already are read again, token by token, before new ones.

        Returns:
            What others wrote there, shape (12, INPUT_VOCAB_SIZE).
        """
        self._start, self._stop = start, stop
        carried = self.bars[start:]
        self.bars = self.bars[:start]
        self._given = [token for bar in carried for token in bar][::-1]
        self._tracker = CopyFeatureTracker(self._alphabet.has_bars)
        self._token = BOS
        self._current: list[int] = []
        content = np.zeros((WINDOW_BARS, INPUT_VOCAB_SIZE), dtype=np.float32)
        for number, bar in enumerate(self._content[start:stop]):
            content[number, bar] = 1
        return content

    @property
    def done(self) -> bool:
        """Whether the window is full."""
        return len(self.bars) == self._stop

    def step(self) -> Step:
        """Return what the network reads next; anything valid once the window is full."""
        bar = min(self._tracker.bar, WINDOW_BARS - 1)
        hints, agreement = self._output_of[self._tracker.hints], self._tracker.agreement
        if self._token == BOS and self._alphabet.has_bars:  # the first bar line follows whatever was before
            hints = np.full(len(LAGS), NO_HINT)
            agreement = np.zeros((len(LAGS), AGREEMENT_SIZE), dtype=np.float32)
        return Step(self._token, bar, self._start + bar + 1, hints, agreement)

    def take(self, logs: NDArray[np.float64], draw: SamplingParams) -> None:
        """Choose the next token and take note of it; nothing once the window is full.

        Args:
            logs: log-probabilities, -inf where the grammar forbids, shape (outputs,).
            draw: how to choose.
        """
        if self.done:
            return
        if self._given:
            token = self._given.pop()
        else:
            allowed = np.where(self._may_follow(logs), self._ending_as_wanted(logs), -np.inf)
            token = int(self._alphabet.outputs[sample_token(allowed, draw, self._generator)])
        self._note(token)

    def _note(self, token: int) -> None:
        if not self._alphabet.has_bars:
            self.bars.append([token])
            self._tracker.write(token)
        elif token not in (BAR, EOS):
            self._current.append(token)
            self._tracker.write(token)
        else:
            if self._current:
                self.bars.append(self._current)
                if not self.done:
                    self._tracker.write(BAR)
            self._current = [BAR]
        self._token = token

    @property
    def _plays_nothing(self) -> bool:
        return bool((KIND_INDEX[self._current] != _INSTRUMENT).all())

    def _ending_as_wanted(self, logs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Let a bar end as likely as the model ends it, whether another bar follows or the song is over.

        A model hardly ever sees songs end; without its wish to go on to a next bar the last one would not.
        """
        if not self._alphabet.has_bars:
            return logs
        ends = self._alphabet.output_of[[BAR, EOS]]
        ending = logs.copy()
        ending[ends] = np.logaddexp(*logs[ends])
        return ending

    def _may_follow(self, logs: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say which outputs the request allows: its meter, its number of bars, chords that come to an end."""
        possible = ~np.isneginf(logs)
        if not self._alphabet.has_bars:
            return possible
        output_of = self._alphabet.output_of
        is_last_bar = bool(self._current) and len(self.bars) == self._stop - 1
        possible[output_of[BAR if is_last_bar else EOS]] = False
        only = None
        if possible[output_of[self._time_signature]]:
            only = output_of[self._time_signature]
        elif (KIND_INDEX[self._current] == _CHORD).sum() >= MAX_CHORDS_PER_BAR:
            only = output_of[EOS if is_last_bar else BAR]
        elif not self.bars and self._plays_nothing and possible[output_of[_INSTRUMENTS]].any():
            # a song begins with somebody who plays: one without instruments would have no notes
            possible &= self._alphabet.output_kinds == _INSTRUMENT
        return possible if only is None else np.arange(len(possible)) == only
