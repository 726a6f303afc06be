"""Descriptions to events: FIGARO samples several songs side by side, within the constraints."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from emo_assets.figaro.constraints import DescriptionConstraint
from emo_assets.figaro.context_windows import BatchedContext
from emo_assets.figaro.description_bias import DescriptionBias
from emo_assets.figaro.incremental_decoder import IncrementalDecoder
from emo_assets.figaro.inputs import DescriptionInput
from emo_assets.figaro.linear import FLOAT_ROWS, Precision, fastest_precision
from emo_assets.figaro.logit_bias import StyleBias, StyleTargets
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.nn.sampling import sample_token
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import EOS, EVENTS, EventKind

_BARS = EVENTS.span(EventKind.BAR)

MAX_BATCH = FLOAT_ROWS
"""Most songs that are generated side by side."""

TEMPERATURE = 0.8
"""The temperature of FIGARO's authors."""

TOP_P = 0.98
"""Leaves out the unlikely tokens: one slip in hundreds of tokens is audible."""


@contextmanager
def _one_thread() -> Iterator[None]:
    """Restrict torch to one thread.

    The products of a step are too small to be divided, and on a busy machine threads that wait for each other
    are many times slower. It also makes a song independent of the number of threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Song:
    """One song while it is generated."""

    description: DescriptionInput
    constraint: DescriptionConstraint
    description_bias: DescriptionBias
    style: StyleBias
    generator: np.random.Generator
    events: list[int] = field(default_factory=list)

    def choose(self, logits: NDArray[np.float32], temperature: float, top_p: float) -> int:
        """Sample the next token from its logits (events,) and append it."""
        state, allowed = self.constraint.state, self.constraint.allowed()
        if EOS in allowed and self.constraint.bar + 1 < len(_BARS):
            # a model of longer songs does not end after the last bar: it begins another one
            logits = logits.copy()
            logits[EOS] = np.logaddexp(logits[EOS], logits[_BARS[self.constraint.bar + 1]])
        token = int(allowed[0])
        if len(allowed) > 1:
            biased = logits[allowed] + self.style.biases(state, allowed)  # (allowed,)
            biased = biased + self.description_bias.biases(state, allowed, biased)  # (allowed,)
            uniform = float(self.generator.random())
            token = int(allowed[sample_token(biased, uniform, temperature=temperature, top_p=top_p)])
        token = self.constraint.enforce(token)
        self.description_bias.advance(state, token)
        self.style.advance(state, token)
        self.constraint.advance(token)
        if token != EOS:
            self.events.append(token)
        return token


class _Plan(NamedTuple):
    """What songs of one description and tempo have in common."""

    bars: Sequence[DescribedBar]
    description: DescriptionInput
    constraint: DescriptionConstraint


def _plans(descriptions: Sequence[Sequence[int]], tempos: Sequence[float]) -> list[_Plan]:
    """Parse each description once, however many songs it has."""
    grammar = DescriptionGrammar()

    @cache
    def plan(ids: tuple[int, ...], tempo: float) -> _Plan:
        bars = grammar.parse(ids)
        return _Plan(bars, DescriptionInput.from_ids(ids), DescriptionConstraint(bars, tempo))

    return [plan(tuple(ids), tempo) for ids, tempo in zip(descriptions, tempos, strict=True)]


class Figaro:
    """Generates songs with a trained network.

    Args:
        network: trained weights.
        precision: of its linear layers; by default float32 if `exact`, else the one that is fastest for its
            width on this processor. In either, a song does not depend on the other songs of its batch.
        batch_size: songs generated side by side, 1 to `MAX_BATCH`.
        exact: whether the network processes the last `context` tokens again for every token, as FIGARO's
            public code does. Many times slower; otherwise the windows of long songs are cut at bar lines, see
            `context_windows`.
    """

    def __init__(
        self,
        network: FigaroNetwork,
        *,
        precision: Precision | None = None,
        batch_size: int = MAX_BATCH,
        exact: bool = False,
    ) -> None:
        if not 1 <= batch_size <= MAX_BATCH:
            raise ValueError(f"FIGARO generates 1 to {MAX_BATCH} songs side by side, not {batch_size}")
        fastest = Precision.FLOAT32 if exact else fastest_precision(network.config.d_model)
        self._decoder = IncrementalDecoder(network, precision or fastest)
        self._batch_size = batch_size
        self._exact = exact

    @_one_thread()
    def generate(
        self,
        descriptions: Sequence[Sequence[int]],
        tempos: Sequence[float],
        seeds: Sequence[int],
        style_targets: Sequence[StyleTargets] | None = None,
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Generate a song for each description.

        Every song has the bars and time signatures of its description, in each bar only the described
        instruments and chords and no more notes than the described density allows, and one tempo.

        Args:
            descriptions: token ids of whole descriptions, without `<bos>` and `<eos>`.
            tempos: quarter notes per minute, one per song; the nearest Tempo token is set at the start.
            seeds: one per song. Equal description, tempo, targets and seed give equal songs on one machine.
            style_targets: what each song prefers where its description leaves a choice.
            temperature: above 0; lower is safer, higher is wilder.
            top_p: above 0 and at most 1; see `nn.sampling.SamplingParams`.
            progress: called with the bars generated.

        Returns:
            Event ids of each song, without `<bos>` and `<eos>`, valid by the event grammar.

        Raises:
            GrammarError: `descriptions` holds something else.
        """
        targets = style_targets or [StyleTargets()] * len(descriptions)
        songs = [
            _Song(
                plan.description,
                copy.copy(plan.constraint),
                DescriptionBias(plan.bars),
                StyleBias(plan.bars, target),
                rng,
            )
            for plan, target, rng in zip(
                _plans(descriptions, tempos), targets, map(np.random.default_rng, seeds), strict=True
            )
        ]
        self._generate(songs, temperature, top_p, progress)
        return [song.events for song in songs]

    def _generate(self, songs: Sequence[_Song], temperature: float, top_p: float, progress: Progress) -> None:
        """Generate all songs, `batch_size` at a time; a finished one makes room for the next."""
        waiting = deque(songs)
        batch = [waiting.popleft() for _ in range(min(self._batch_size, len(waiting)))]
        if not batch:
            return
        bars, total = 0, sum(len(song.constraint.bars) for song in songs)
        context = BatchedContext(self._decoder, exact=self._exact)
        logits = context.begin([song.description for song in batch]).numpy()  # (batch, events)
        while True:
            tokens = [song.choose(row, temperature, top_p) for song, row in zip(batch, logits, strict=True)]
            if (begun := sum(song.constraint.bar for song in songs)) != bars:
                bars = begun
                progress("generating bars", bars, total)
            ended = [lane for lane, token in enumerate(tokens) if token == EOS]
            if dropped := ended[len(waiting) :]:
                kept = [lane for lane in range(len(batch)) if lane not in dropped]
                if not kept:
                    return
                context.keep(kept)
                batch = [batch[lane] for lane in kept]
                tokens = [tokens[lane] for lane in kept]
            logits = context.push(tokens).numpy()  # (batch, events)
            for lane in [lane for lane, token in enumerate(tokens) if token == EOS]:
                batch[lane] = waiting.popleft()
                logits[lane] = context.replace(lane, batch[lane].description).numpy()
