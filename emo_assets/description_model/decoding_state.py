"""One song while a model generates it: the next input, and the constraints of the request."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.copy_features import (
    AGREEMENT_SIZE,
    LAGS,
    NO_HINT,
    CopyFeatureTracker,
)
from emo_assets.description_model.data.output_vocab import (
    BAR,
    INPUT_VOCAB_SIZE,
    KIND_INDEX,
    KINDS,
    OutputVocab,
)
from emo_assets.description_model.form_constraint import LogitsProcessor
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.features import FeatureVector
from emo_assets.nn.sampling import SamplingParams, sample_token
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, TIME_SIGNATURES, DescriptionKind

MAX_CHORDS_PER_BAR = 8
"""A bar ends after that many chords, more than real bars have."""

Bars = list[list[int]]
"""The tokens of each bar, starting with `BAR`."""

_CHORD = KINDS.index(DescriptionKind.CHORD)
_INSTRUMENT = KINDS.index(DescriptionKind.INSTRUMENT)
_INSTRUMENTS = np.array(DESCRIPTIONS.span(DescriptionKind.INSTRUMENT))


class StepInput(NamedTuple):
    """One step of one song; see `Batch`."""

    inputs: int
    bar_index: int
    bar_number: int
    hints: NDArray[np.int64]
    agreement: NDArray[np.float32]


class DecodingState:
    """One song while a model generates it, window by window.

    Args:
        vocab: the model's outputs.
        features: the request.
        content: the tokens that earlier models generated, in the model's key.
        rng: the song's random numbers.
        process: changes the logits of each token, if given.

    Attributes:
        bars: the tokens generated so far.
    """

    def __init__(
        self,
        vocab: OutputVocab,
        features: FeatureVector,
        content: Bars,
        rng: np.random.Generator,
        process: LogitsProcessor | None = None,
    ) -> None:
        self.bars: Bars = []
        self._vocab = vocab
        self._content = content
        self._rng = rng
        self._process = process
        meters = DESCRIPTIONS.span(DescriptionKind.TIME_SIGNATURE)
        self._time_signature = meters[TIME_SIGNATURES.index((features.time_signature, 4))]
        self._output_index = np.append(vocab.index, NO_HINT)

    def start_window(self, start: int, stop: int) -> NDArray[np.float32]:
        """Start the window of bars `start` to `stop`.

        The bars of the window that exist already are fed to the network again before new ones are generated.

        Returns:
            Multi-hot tokens of earlier models in each bar, shape (12, INPUT_VOCAB_SIZE).
        """
        self._start, self._stop = start, stop
        self._forced = [token for bar in self.bars[start:] for token in bar][::-1]
        self.bars = self.bars[:start]
        self._tracker = CopyFeatureTracker(self._vocab.has_bars)
        self._token = BOS
        self._bar: list[int] = []
        content = np.zeros((WINDOW_BARS, INPUT_VOCAB_SIZE), dtype=np.float32)
        for index, bar in enumerate(self._content[start:stop]):
            content[index, bar] = 1
        return content

    @property
    def is_finished(self) -> bool:
        """Whether the window is full."""
        return len(self.bars) == self._stop

    def next_input(self) -> StepInput:
        """Return the next input, any valid one after the window is full."""
        index = min(self._tracker.bar, WINDOW_BARS - 1)
        hints, agreement = self._output_index[self._tracker.hints], self._tracker.agreement
        if self._token == BOS and self._vocab.has_bars:  # the first `BAR` needs no hints
            hints = np.full(len(LAGS), NO_HINT)
            agreement = np.zeros((len(LAGS), AGREEMENT_SIZE), dtype=np.float32)
        return StepInput(self._token, index, self._start + index + 1, hints, agreement)

    def append_sample(self, logits: NDArray[np.float64], params: SamplingParams) -> None:
        """Sample the next token and append it, unless the window is full.

        Args:
            logits: log-probabilities, -inf where the grammar forbids, shape (outputs,).
            params: how to sample.
        """
        if self.is_finished:
            return
        if self._forced:
            self._append(self._forced.pop())
            return
        logits = np.where(self._allowed(logits), self._with_equal_endings(logits), -np.inf)
        if self._process is not None:
            logits = self._process(logits, self.bars, self._bar)
        output = sample_token(
            logits,
            self._rng.random(),
            temperature=params.temperature,
            top_p=params.top_p,
            most_likely_first=True,
        )
        self._append(int(self._vocab.token_ids[output]))

    def _append(self, token: int) -> None:
        if not self._vocab.has_bars:
            self.bars.append([token])
            self._tracker.append(token)
        elif token not in (BAR, EOS):
            self._bar.append(token)
            self._tracker.append(token)
        else:
            if self._bar:
                self.bars.append(self._bar)
                if not self.is_finished:
                    self._tracker.append(BAR)
            self._bar = [BAR]
        self._token = token

    def _with_equal_endings(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Make the end of the bar equally likely whether another bar follows or not.

        Models rarely see songs end, so `EOS` alone is too unlikely to end the last bar.
        """
        if not self._vocab.has_bars:
            return logits
        ends = self._vocab.index[[BAR, EOS]]
        logits = logits.copy()
        logits[ends] = np.logaddexp(*logits[ends])
        return logits

    def _allowed(self, logits: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which outputs satisfy the request: its meter, its number of bars, an end to each bar."""
        allowed = ~np.isneginf(logits)
        if not self._vocab.has_bars:
            return allowed
        index = self._vocab.index
        is_last_bar = bool(self._bar) and len(self.bars) == self._stop - 1
        allowed[index[BAR if is_last_bar else EOS]] = False
        kinds = KIND_INDEX[self._bar]
        only = None
        if allowed[index[self._time_signature]]:
            only = index[self._time_signature]
        elif (kinds == _CHORD).sum() >= MAX_CHORDS_PER_BAR:
            only = index[EOS if is_last_bar else BAR]
        elif not self.bars and (kinds != _INSTRUMENT).all() and allowed[index[_INSTRUMENTS]].any():
            # the first bar needs an instrument, because a song without one has no notes
            allowed &= self._vocab.kind_index == _INSTRUMENT
        return allowed if only is None else np.arange(len(allowed)) == only
