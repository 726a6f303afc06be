"""Descriptions to events: the sampler, for several requests at once.

What may come next is `obedience`'s business, how the network gets there `windows`'.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from emo_assets.figaro.constraints import DescriptionConstraint
from emo_assets.figaro.context_windows import BatchedContext
from emo_assets.figaro.incremental_decoder import IncrementalDecoder
from emo_assets.figaro.inputs import DescriptionInput
from emo_assets.figaro.linear import FLOAT_ROWS, Precision, fastest_precision
from emo_assets.figaro.logit_bias import StyleBias, StyleTargets
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.progress import Progress, no_progress
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import EOS, EVENTS, EventKind

_BARS = EVENTS.span(EventKind.BAR)

LANES = FLOAT_ROWS
"""Songs written side by side at most."""

TEMPERATURE = 0.8
"""As FIGARO's authors sample."""

TOP_P = 0.98
"""The unlikely rest of the tokens is left out: one slip in hundreds of tokens is heard."""


def draw(logits: NDArray[np.float32], uniform: float, temperature: float, top_p: float) -> int:
    """Draw one of several tokens by the inverse of their cumulative distribution.

    Args:
        logits: (tokens,).
        uniform: a number in [0, 1) that decides.
        temperature: above 0; below 1 the likely tokens become likelier.
        top_p: in (0, 1]: only the most likely tokens that together reach this probability are drawn.

    Returns:
        An index into `logits`.
    """
    scaled = logits.astype(np.float64) / temperature  # (tokens,)
    weights = np.exp(scaled - scaled.max())  # (tokens,)
    weights /= weights.sum()
    if top_p < 1:
        order = np.argsort(-weights, kind="stable")  # (tokens,)
        before = np.cumsum(weights[order]) - weights[order]  # (tokens,), of the likelier ones
        weights[order[before >= top_p]] = 0
    cumulative = np.cumsum(weights)  # (tokens,)
    return min(int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right")), len(logits) - 1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Hold torch to one thread.

    A token's products are too small to be shared out, and on a busy machine threads that wait for one another
    take many times as long as one. It also keeps a song from depending on how many there are.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Song:
    """One request being written."""

    number: int
    description: DescriptionInput
    guide: DescriptionConstraint
    leaning: StyleBias
    generator: np.random.Generator
    events: list[int]

    def choose(self, logits: NDArray[np.float32], temperature: float, top_p: float) -> int:
        """Choose the next token by its logits (events,) and take it up."""
        allowed = self.guide.allowed()
        if EOS in allowed and self.guide.bar + 1 < len(_BARS):
            # to a model that knows longer songs the end of the last bar is the start of a further one
            logits = logits.copy()
            logits[EOS] = np.logaddexp(logits[EOS], logits[_BARS[self.guide.bar + 1]])
        state = self.guide.state
        token = int(allowed[0])
        if len(allowed) > 1:
            likely, pulled = logits[allowed], self.leaning.biases(state, allowed)
            likely = likely if pulled is None else likely + pulled
            token = int(allowed[draw(likely, float(self.generator.random()), temperature, top_p)])
        token = self.guide.enforce(token)
        self.leaning.advance(state, token)
        self.guide.advance(token)
        if token != EOS:
            self.events.append(token)
        return token


class Figaro:
    """A network that writes songs.

    Args:
        network: trained weights.
        precision: of its linear layers; by default float32 if `exact`, else the one that is fastest for its
            width on this processor. In either a song does not depend on which others are written beside it.
        lanes: songs written side by side, 1 to `LANES`.
        exact: whether the network sees the whole window anew for every token, as FIGARO's public code lets
            it. Many times slower; otherwise the windows of long songs are cut at bar lines, see `windows`.
    """

    def __init__(
        self,
        network: FigaroNetwork,
        *,
        precision: Precision | None = None,
        lanes: int = LANES,
        exact: bool = False,
    ) -> None:
        if not 1 <= lanes <= LANES:
            raise ValueError(f"FIGARO writes 1 to {LANES} songs side by side, not {lanes}")
        fastest = Precision.FLOAT32 if exact else fastest_precision(network.config.d_model)
        self._decoder = IncrementalDecoder(network, precision or fastest)
        self._lanes = lanes
        self._exact = exact

    @_one_thread()
    def compose(
        self,
        descriptions: Sequence[Sequence[int]],
        *,
        tempos: Sequence[float],
        seeds: Sequence[int],
        style_targets: Sequence[StyleTargets] | None = None,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        progress: Progress = no_progress,
    ) -> list[list[int]]:
        """Write a song for each description.

        Every song has the bars and time signatures of its description, in each bar only the described
        instruments and chords and no more notes than the described density allows, and one tempo.

        Args:
            descriptions: ids of whole descriptions, without `<bos>` and `<eos>`.
            tempos: quarter notes a minute; the nearest Tempo token is set at the start.
            seeds: one a song; the same description, tempo and seed give the same song on the same machine.
            style_targets: what each song leans to where its description leaves it free; None for nothing.
            temperature: above 0; lower is safer, higher is wilder.
            top_p: in (0, 1]; how much of the probability is drawn from.
            progress: called with the bars written.

        Returns:
            Ids of events without `<bos>` and `<eos>`, one list a song, valid by the event grammar.

        Raises:
            GrammarError: something is no description.
        """
        parsed = [DescriptionGrammar().parse(description) for description in descriptions]
        leanings = style_targets or [StyleTargets()] * len(parsed)
        songs = [
            _Song(
                number,
                DescriptionInput.from_ids(description),
                DescriptionConstraint(bars, tempo),
                StyleBias(bars, targets),
                np.random.default_rng(seed),
                [],
            )
            for number, (description, bars, targets, tempo, seed) in enumerate(
                zip(descriptions, parsed, leanings, tempos, seeds, strict=True)
            )
        ]
        self._write(deque(songs), temperature, top_p, _Bars(parsed, progress))
        return [song.events for song in songs]

    @_one_thread()
    def continue_freely(
        self, description: Sequence[int], start: Sequence[int], uniforms: Iterable[float], temperature: float
    ) -> list[int]:
        """Continue a song with nothing but the network to hold it: what FIGARO's public sampler does.

        If this FIGARO is `exact`, the tokens are those of the public code. Whether they obey the description,
        or are a song at all, is up to the weights.

        Args:
            description: ids of a whole description, without `<bos>` and `<eos>`.
            start: ids of events to begin with, without `<bos>`.
            uniforms: numbers in [0, 1), each of which decides one token by the inverse of the cumulative
                distribution; as many tokens are written at most.
            temperature: above 0, or 0 for always the likeliest token.

        Returns:
            Ids of events without `<bos>`: the start and what follows, up to the first `<eos>`.
        """
        streams = BatchedContext(self._decoder, exact=self._exact)
        logits = streams.begin([DescriptionInput.from_ids(description)])  # (1, events)
        for event in start:
            logits = streams.push([event])
        events = list(start)
        for uniform in uniforms:
            row = logits[0].numpy()  # (events,)
            token = draw(row, uniform, temperature, top_p=1) if temperature > 0 else int(row.argmax())
            events.append(token)
            if token == EOS:
                break
            logits = streams.push([token])
        return events

    def _write(self, waiting: deque[_Song], temperature: float, top_p: float, bars: _Bars) -> None:
        """Write all waiting songs, `lanes` at a time; a finished one makes room for the next."""
        playing = [waiting.popleft() for _ in range(min(self._lanes, len(waiting)))]
        if not playing:
            return
        streams = BatchedContext(self._decoder, exact=self._exact)
        logits = streams.begin([song.description for song in playing]).numpy()  # (lanes, events)
        while True:
            tokens = [song.choose(row, temperature, top_p) for song, row in zip(playing, logits, strict=True)]
            bars.tell(playing)
            ended = [lane for lane, token in enumerate(tokens) if token == EOS]
            if dropped := ended[len(waiting) :]:
                going_on = [lane for lane in range(len(playing)) if lane not in dropped]
                if not going_on:
                    return
                streams.keep(going_on)
                playing = [playing[lane] for lane in going_on]
                tokens = [tokens[lane] for lane in going_on]
            logits = streams.push(tokens).numpy()  # (lanes, events)
            for lane in [lane for lane, token in enumerate(tokens) if token == EOS]:
                playing[lane] = waiting.popleft()
                logits[lane] = streams.replace(lane, playing[lane].description).numpy()


class _Bars:
    """Tells a listener how many of all bars are written."""

    def __init__(self, parsed: Sequence[Sequence[DescribedBar]], progress: Progress) -> None:
        self._written = [0] * len(parsed)
        self._total = sum(map(len, parsed))
        self._progress = progress

    def tell(self, playing: Sequence[_Song]) -> None:
        """Report when a song has moved on to another bar."""
        before = sum(self._written)
        for song in playing:
            self._written[song.number] = song.guide.bar
        if (now := sum(self._written)) != before:
            self._progress("writing bars", now, self._total)
