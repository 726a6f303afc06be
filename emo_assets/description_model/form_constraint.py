"""What the plan of a song does to the logits of its description.

The plan fixes who plays, the harmony of bars that repeat others, and the ending. It raises or
lowers density and velocity as the section asks. The model decides the rest.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.band import Band
from emo_assets.description_model.data.output_vocab import BAR, KIND_INDEX, KINDS, OutputVocab
from emo_assets.description_model.song_form import PlannedBar, SongForm
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, DESCRIPTIONS, EOS, DescriptionKind

Logits = NDArray[np.float64]

MAX_HOLD_BARS = 4
"""Bars for which one chord may hold."""

HOLD_PENALTY = 1.0
"""Against a chord for each bar that it has held already, in nats."""

MAX_CHORDS_PER_BAR = 4

CADENCE_BIAS = 3.0
"""For the dominant in the bar before the ending, in nats."""

SOURCE_BINS = 1
"""Bins by which density, velocity, pitch and duration may differ from the repeated bar's."""

DENSITY_BIAS = 0.4
"""For each bin of density and step of lift, in nats."""

MAX_DENSITY_CHANGE = 2
"""Bins around the most likely density within which the biases grow."""

FILL_BIAS = 1.0
"""For each bin of density in a fill, in nats."""

VELOCITY_LIFT = 1.5
"""Bins of velocity that a step of lift adds to the song's mean."""

VELOCITY_PULL = 1.5
"""Penalty in nats for each bin between a bar's velocity and the song's mean with the bar's lift."""

ENDING_DENSITY = 0.4
"""Most notes of the last bar, as a share of the mean bar's."""

_CHORDS = DESCRIPTIONS.span(DescriptionKind.CHORD)
_INSTRUMENTS = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)
_NO_CHORD = _CHORDS[-1]
_CHORD, _INSTRUMENT = KINDS.index(DescriptionKind.CHORD), KINDS.index(DescriptionKind.INSTRUMENT)


class LogitsProcessor(Protocol):
    """Changes the logits of the next token of one song."""

    def __call__(self, logits: Logits, bars: list[list[int]], prefix: list[int]) -> Logits:
        """Return the logits to sample from.

        Args:
            logits: -inf where a token is forbidden, shape (outputs,).
            bars: the tokens of the finished bars.
            prefix: the tokens of the current bar; empty before its `BAR`, and always for a model of one kind.
        """
        ...


class InstrumentCounter:
    """Adds up the bars in which a model expects each instrument, and changes nothing.

    Attributes:
        expected: shape (129,).
    """

    def __init__(self, vocab: OutputVocab) -> None:
        self.expected = np.zeros(len(INSTRUMENT_NAMES))
        self._outputs = vocab.index[_INSTRUMENTS.start : _INSTRUMENTS.stop]

    def __call__(self, logits: Logits, bars: list[list[int]], prefix: list[int]) -> Logits:
        """See `LogitsProcessor`."""
        probabilities = np.exp(logits - logits.max())
        self.expected += probabilities[self._outputs] / probabilities.sum()
        return logits


class FormConstraint:
    """Keeps one song to its plan while one model generates it.

    Args:
        vocab: the model's outputs.
        form: the plan.
        band: the instruments.
        tonic: pitch class of the key's tonic, as the model writes chords.
        mode: 1 for major, 0 for minor.
    """

    def __init__(self, vocab: OutputVocab, form: SongForm, band: Band, *, tonic: int, mode: int) -> None:
        self._vocab = vocab
        self._form = form
        self._band = band
        self._tonic = _chord(tonic, "maj" if mode else "min")
        self._dominants = vocab.index[[_chord(tonic + 7, "maj"), _chord(tonic + 7, "dom7")]]
        self._kinds = vocab.kind_index
        self._ends = vocab.index[[BAR, EOS]]
        self._histories: dict[DescriptionKind, tuple[list[int], list[float]]] = {}

    def __call__(self, logits: Logits, bars: list[list[int]], prefix: list[int]) -> Logits:
        """See `LogitsProcessor`."""
        if self._vocab.has_bars and not prefix:
            return logits
        plan = self._form.bars[len(bars)]
        kind = KINDS[self._kinds[int(np.argmax(logits))]]
        if kind in (DescriptionKind.INSTRUMENT, DescriptionKind.CHORD, DescriptionKind.BAR):
            return self._constrain_tail(logits, plan, bars, prefix)
        if kind is DescriptionKind.TIME_SIGNATURE:
            return logits
        return self._constrain_level(logits, plan, bars, kind)

    def _constrain_tail(
        self, logits: Logits, plan: PlannedBar, bars: list[list[int]], prefix: list[int]
    ) -> Logits:
        """Allow the instruments of the plan, then its chords."""
        waiting = [
            token
            for player in self._band.players(plan)
            if (token := _INSTRUMENTS.start + player) not in prefix
        ]
        if waiting:
            return self._only(logits, waiting[0])
        allowed = self._kinds != _INSTRUMENT
        chords = _of_kind(prefix, _CHORD)
        if plan.is_ending:
            return self._only(logits, *([self._tonic] if not chords else ()))
        held, held_bars = _held_chord(bars)
        if plan.source is not None:
            repeated = _of_kind(bars[plan.source], _CHORD)
            if repeated and (chords or repeated[0] != held or held_bars < MAX_HOLD_BARS):
                return self._only(logits, *repeated[len(chords) : len(chords) + 1])
        chord_outputs = self._kinds == _CHORD
        allowed[self._vocab.index[_NO_CHORD]] = False
        if not chords:
            allowed &= chord_outputs
        elif len(chords) >= MAX_CHORDS_PER_BAR:
            allowed &= ~chord_outputs
        logits = np.where(allowed, logits, -np.inf)
        if held is not None and not chords:
            logits[self._vocab.index[held]] -= (
                HOLD_PENALTY * held_bars if held_bars < MAX_HOLD_BARS else np.inf
            )
        if plan.is_cadence:
            logits[self._dominants] += CADENCE_BIAS
        return logits

    def _only(self, logits: Logits, *tokens: int) -> Logits:
        """Allow one token, or the end of the bar if there is none."""
        outputs = self._vocab.index[list(tokens)] if tokens else self._ends
        only = np.full_like(logits, -np.inf)
        only[outputs] = logits[outputs]
        return only

    def _constrain_level(
        self, logits: Logits, plan: PlannedBar, bars: list[list[int]], kind: DescriptionKind
    ) -> Logits:
        """Keep a number near that of the repeated bar, or pull it towards the song's level."""
        values, levels = self._history(bars, kind)
        if not values:
            return logits
        span = DESCRIPTIONS.span(kind)
        bins = self._vocab.token_ids - span.start  # (outputs,)
        if plan.is_ending and kind is DescriptionKind.NOTE_DENSITY:
            return np.where(bins <= int(ENDING_DENSITY * sum(values) / len(values)), logits, -np.inf)
        if plan.is_ending and kind is DescriptionKind.MEAN_DURATION:
            return np.where(bins >= max(values), logits, -np.inf)
        is_density = kind is DescriptionKind.NOTE_DENSITY
        if plan.source is not None:
            source = self._form.bars[plan.source]
            center = values[plan.source] + is_density * (plan.is_fill - source.is_fill)
            if kind is DescriptionKind.MEAN_VELOCITY:
                center = round(center + VELOCITY_LIFT * (plan.lift - source.lift))
            center = min(max(center, 0), len(span) - 1)
            logits = np.where(np.abs(bins - center) <= SOURCE_BINS, logits, -np.inf)
        if is_density:
            # bins far away have small probabilities that a bias for each bin between would outweigh
            distances = np.clip(bins - bins[np.argmax(logits)], -MAX_DENSITY_CHANGE, MAX_DENSITY_CHANGE)
            logits = logits + (DENSITY_BIAS * plan.lift + FILL_BIAS * plan.is_fill) * distances
        elif kind is DescriptionKind.MEAN_VELOCITY:
            target = sum(levels) / len(levels) + VELOCITY_LIFT * plan.lift
            logits = logits - VELOCITY_PULL * np.abs(bins - target)
        return logits

    def _history(self, bars: list[list[int]], kind: DescriptionKind) -> tuple[list[int], list[float]]:
        """Return the bins of a kind in the finished bars, and what velocities would be without lifts."""
        values, levels = self._histories.setdefault(kind, ([], []))
        for index in range(len(values), len(bars)):
            [token] = _of_kind(bars[index], KINDS.index(kind))
            values.append(token - DESCRIPTIONS.span(kind).start)
            levels.append(values[-1] - VELOCITY_LIFT * self._form.bars[index].lift)
        return values, levels


def _of_kind(tokens: list[int], kind: int) -> list[int]:
    return [token for token in tokens if KIND_INDEX[token] == kind]


def _held_chord(bars: list[list[int]]) -> tuple[int | None, int]:
    """Return the only chord of the last bar, None if it has several, and for how many bars it has held."""
    last = [set(_of_kind(bar, _CHORD)) for bar in bars[-MAX_HOLD_BARS:]]
    if not last or len(last[-1]) != 1:
        return None, 0
    [held] = last[-1]
    same = list(takewhile(lambda chords: chords == {held}, reversed(last)))
    return held, len(same)


def _chord(root: int, quality: str) -> int:
    """Return the token of a chord."""
    return _CHORDS.start + root % 12 * len(CHORD_QUALITIES) + CHORD_QUALITIES.index(quality)
