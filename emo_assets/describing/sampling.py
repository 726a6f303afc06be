"""Descriptions from features: drawn token by token inside the grammar, many songs at once.

Belongs here: the loop over tokens, temperature, nucleus, guidance and the joining of windows to longer songs.
What may follow what comes from `alphabet`, probabilities from the networks.

A describer knows 12 bars. A longer song is written in windows: the last `CARRIED_BARS` bars of one are read
again as the first bars of the next, and then it goes on. The five specialised describers take turns: each
writes its kind of tokens for the whole song, seeing what the ones before it wrote, and the grammar puts their
tokens together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from emo_assets.describing.alphabet import BAR, READ_TOKENS, Alphabet, alphabet_of, numbered
from emo_assets.describing.batches import Batch, told_features
from emo_assets.describing.describers import SPECIALISED_ORDER, WINDOW_BARS
from emo_assets.describing.repeats import AGREEMENT_WIDTH, LAGS, RepeatTracker
from emo_assets.describing.transposition import chord_shift
from emo_assets.describing.weights import TrainedDescriber, from_bytes
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.progress import Progress, silent
from emo_assets.symbolic.grammar.descriptions import ANY_NUMBER_A_BAR, ONE_A_BAR
from emo_assets.symbolic.vocabulary import BOS, DESCRIPTIONS, EOS, MAX_BARS, TIME_SIGNATURES, DescriptionKind

CARRIED_BARS = 6
"""Bars of a window that stand at the start of the next one."""

MOST_CHORDS_A_BAR = 8
"""A bar is ended after so many: FIGARO was trained on fewer, and a loop of chords must end."""

LARGEST_BATCH = 256

Bars = list[list[int]]
"""A song's bars, each as tokens from `alphabet.BAR` on."""


@dataclass(frozen=True)
class Draw:
    """How tokens are drawn.

    Attributes:
        temperature: below 1 likelier tokens become likelier still; 0 always takes the likeliest.
        top_p: only the likeliest tokens that together reach this probability are drawn from.
        guidance: how strictly features are followed: 1 as learned, more exaggerates what the features change,
            0 ignores them. The drawn distribution is proportional to p(·)^(1-g) · p(·|features)^g.
    """

    temperature: float = 1.0
    top_p: float = 0.95
    guidance: float = 1.5

    def __post_init__(self) -> None:
        if not (0 <= self.temperature <= 10 and 0 < self.top_p <= 1 and 0 <= self.guidance <= 20):
            raise InputError(
                "temperature must be 0 to 10, top_p above 0 and at most 1, guidance 0 to 20; "
                f"got {self.temperature:g}, {self.top_p:g} and {self.guidance:g}"
            )


class Describer(Protocol):
    """Whatever writes descriptions from features."""

    def describe(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = ...,
        top_p: float = ...,
        guidance: float = ...,
        progress: Progress = ...,
    ) -> list[list[int]]:
        """Write one description a feature vector.

        Args:
            features: what each song should sound like.
            bars: length of each song, 1 to 511.
            seeds: one a song; a song depends on its features, its seed and `bars` alone, not on the others.
            temperature: see `Draw`.
            top_p: see `Draw`.
            guidance: see `Draw`.
            progress: told the bars written.

        Returns:
            Token ids, valid by `DescriptionGrammar`, exactly `bars` bars, every bar in the time signature
            asked for (over 4), chords in the key asked for as far as the model learned; no BOS or EOS.

        Raises:
            InputError: a setting is out of range, or there are not as many seeds as feature vectors.
        """


class WindowedDescriber:
    """One or several trained describers that together write all kinds of tokens.

    Args:
        stages: who writes after whom; together they write every kind once.

    Raises:
        InputError: they do not.
    """

    def __init__(self, stages: Sequence[TrainedDescriber]) -> None:
        kinds = sorted(kind for stage in stages for kind in stage.spec.writes)
        if kinds != sorted(DescriptionKind):
            names = ", ".join(stage.spec.name for stage in stages) or "none"
            raise InputError(f"these describers do not write a whole description together: {names}")
        self._stages = [Stage(stage) for stage in stages]

    def describe(
        self,
        features: Sequence[FeatureVector],
        *,
        bars: int,
        seeds: Sequence[int],
        temperature: float = Draw.temperature,
        top_p: float = Draw.top_p,
        guidance: float = Draw.guidance,
        progress: Progress = silent,
    ) -> list[list[int]]:
        """See `Describer.describe`."""
        draw = Draw(temperature, top_p, guidance)
        if len(features) != len(seeds):
            raise InputError(f"{len(features)} feature vectors need as many seeds, got {len(seeds)}")
        if not 1 <= bars < MAX_BARS:
            raise InputError(f"bars must be 1 to {MAX_BARS - 1}, got {bars}")
        descriptions: list[list[int]] = []
        for start in range(0, len(features), LARGEST_BATCH):
            part = slice(start, start + LARGEST_BATCH)
            descriptions += self._describe(features[part], bars, seeds[part], draw)
            progress("describing", len(descriptions), len(features))
        return descriptions

    def _describe(
        self, features: Sequence[FeatureVector], bars: int, seeds: Sequence[int], draw: Draw
    ) -> list[list[int]]:
        songs: list[Bars] = [[[] for _ in range(bars)] for _ in features]
        for number, stage in enumerate(self._stages):
            generators = [np.random.default_rng([seed, number]) for seed in seeds]
            for song, written in zip(songs, stage.write(features, songs, generators, draw), strict=True):
                for bar, tokens in zip(song, written, strict=True):
                    bar.extend(tokens)
        return [numbered(token for bar in song for token in _in_order(bar)) for song in songs]


def full_describer(trained: TrainedDescriber) -> WindowedDescriber:
    """Return a describer that writes whole descriptions on its own (transformer, lstm_full).

    Raises:
        InputError: it does not.
    """
    return WindowedDescriber([trained])


def combined_describer(trained: Sequence[TrainedDescriber]) -> WindowedDescriber:
    """Return the five specialised describers as one, each seeing what those before it wrote.

    Raises:
        InputError: they are not those five.
    """
    by_name = {one.spec.name: one for one in trained}
    missing = [name for name in SPECIALISED_ORDER if name not in by_name]
    if missing:
        raise InputError(f"the combined describer needs {', '.join(missing)} too")
    return WindowedDescriber([by_name[name] for name in SPECIALISED_ORDER])


def describer_from(blobs: Sequence[bytes]) -> WindowedDescriber:
    """Return a describer from what `weights.to_bytes` wrote: one full one, or the five specialised ones.

    Raises:
        InputError: a file is damaged, or they do not write whole descriptions together.
    """
    trained = [from_bytes(blob) for blob in blobs]
    return full_describer(trained[0]) if len(trained) == 1 else combined_describer(trained)


_PLACE_IN_BAR = {kind: place for place, kind in enumerate((*ONE_A_BAR, *ANY_NUMBER_A_BAR))}


def _in_order(bar: Sequence[int]) -> list[int]:
    """Put the tokens of a bar in the grammar's order, those of a kind staying as they were written."""

    def place(token: int) -> int:
        kind = DESCRIPTIONS.kind(token)
        assert kind is not None  # noqa: S101 - specials are never written into a bar
        return _PLACE_IN_BAR[kind]

    return sorted(bar, key=place)


class Stage:
    """One trained describer, ready to write its kinds of tokens for whole songs."""

    def __init__(self, trained: TrainedDescriber) -> None:
        self.trained = trained
        self.alphabet: Alphabet = alphabet_of(trained.spec.writes)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = trained.network().to(self.device)

    @torch.no_grad()
    def write(
        self,
        features: Sequence[FeatureVector],
        songs: Sequence[Bars],
        generators: Sequence[np.random.Generator],
        draw: Draw,
    ) -> list[Bars]:
        """Write this describer's tokens of each bar, given what stands there already.

        Args:
            features: one a song.
            songs: what the describers before this one wrote; all songs have the same number of bars.
            generators: one a song.
            draw: how tokens are drawn.

        Returns:
            For each song and bar the tokens that this describer writes there.
        """
        shifts = [int(vector.key) if self.trained.config.degrees else 0 for vector in features]
        rows = [
            _Row(self.alphabet, vector, [chord_shift(-shift)[bar].tolist() for bar in song], generator)
            for vector, song, shift, generator in zip(features, songs, shifts, generators, strict=True)
        ]
        told = np.broadcast_to(told_features(self.trained.config), (len(features), len(FEATURE_NAMES)))
        encoder = self.trained.encoder
        encoded = torch.from_numpy(encoder.hide(encoder.encode_vectors(features), told)).to(self.device)
        length = len(songs[0])
        start = 0
        while True:
            stop = min(start + WINDOW_BARS, length)
            self._write_window(rows, encoded, start, stop, draw)
            if stop == length:
                break
            start = stop - CARRIED_BARS
        return [
            [chord_shift(shift)[bar].tolist() for bar in row.bars]
            for row, shift in zip(rows, shifts, strict=True)
        ]

    def _write_window(
        self, rows: Sequence[_Row], encoded: torch.Tensor, start: int, stop: int, draw: Draw
    ) -> None:
        guided = draw.guidance != 1
        content = torch.from_numpy(np.stack([row.enter(start, stop) for row in rows]))
        content = content.to(self.device)  # (songs, 12, READ_TOKENS)
        told = torch.from_numpy(told_features(self.trained.config)).float().to(self.device)
        told = told.expand(len(rows), -1)
        if guided:  # every song a second time, without its features
            content = content.repeat(2, 1, 1)
            encoded = torch.cat([encoded, torch.zeros_like(encoded)])
            told = torch.cat([told, torch.zeros_like(told)])
        state = None
        while any(not row.done for row in rows):
            steps = [row.step() for row in rows] * (2 if guided else 1)
            batch = self._batch(steps, content, encoded, told)
            predicted, state = self.network(batch, state)  # (songs, 1, outputs)
            logs = predicted[:, 0].double().cpu().numpy()  # (songs, outputs)
            if guided:
                logs = guided_logs(logs[: len(rows)], logs[len(rows) :], draw.guidance)
            for row, log in zip(rows, logs, strict=True):
                row.take(log, draw)

    def _batch(
        self, steps: Sequence[_Step], content: torch.Tensor, encoded: torch.Tensor, told: torch.Tensor
    ) -> Batch:
        def column(values: Sequence[int]) -> torch.Tensor:
            return torch.tensor(values, device=self.device)[:, None]

        inputs = column([step.token for step in steps])
        return Batch(
            inputs=inputs,
            targets=inputs,
            bars=column([step.bar for step in steps]),
            places=column([step.place for step in steps]),
            hints=torch.from_numpy(np.stack([step.hints for step in steps]))[:, None].to(self.device),
            agreement=torch.from_numpy(np.stack([step.agreement for step in steps]))[:, None].to(self.device),
            content=content,
            features=encoded,
            present=told,
        )


def guided_logs(
    conditional: NDArray[np.float64], unconditional: NDArray[np.float64], guidance: float
) -> NDArray[np.float64]:
    """Move log-probabilities away from what they would be without features (arXiv 2207.12598).

    Args:
        conditional: with the features, -inf where forbidden, shape (songs, outputs).
        unconditional: without them, -inf at the same places.
        guidance: 1 gives `conditional`, 0 `unconditional`, more than 1 goes beyond.

    Returns:
        Unnormalised log-probabilities, shape (songs, outputs).
    """
    forbidden = np.isneginf(conditional)
    first, second = np.where(forbidden, 0, conditional), np.where(forbidden, 0, unconditional)
    return np.where(forbidden, -np.inf, second + guidance * (first - second))


def drawn(logs: NDArray[np.float64], draw: Draw, generator: np.random.Generator) -> int:
    """Draw an output.

    Args:
        logs: log-probabilities, normalised or not, -inf where forbidden, shape (outputs,).
        draw: how.
        generator: gives one number, whatever is drawn.
    """
    uniform = generator.random()
    if draw.temperature == 0:
        return int(logs.argmax())
    scaled = (logs - logs.max()) / draw.temperature
    probabilities = np.exp(scaled) / np.exp(scaled).sum()
    order = np.argsort(-probabilities, kind="stable")
    cumulative = probabilities[order].cumsum()
    kept = int(np.searchsorted(cumulative, draw.top_p * cumulative[-1])) + 1
    cumulative = cumulative[:kept]
    return int(order[min(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"), kept - 1)])


@dataclass(frozen=True)
class _Step:
    """What the network reads of one song at one step: see `batches.Batch`."""

    token: int
    bar: int
    place: int
    hints: NDArray[np.int64]
    agreement: NDArray[np.float32]


class _Row:
    """One song while a describer writes it.

    Args:
        alphabet: the describer's.
        features: what is asked for.
        content: what others wrote in each bar, in the describer's key.
        generator: the song's own.
    """

    def __init__(
        self,
        alphabet: Alphabet,
        features: FeatureVector,
        content: Bars,
        generator: np.random.Generator,
    ) -> None:
        self.bars: Bars = []
        self._alphabet = alphabet
        self._content = content
        self._generator = generator
        meters = DESCRIPTIONS.span(DescriptionKind.TIME_SIGNATURE)
        self._time_signature = meters[TIME_SIGNATURES.index((features.time_signature, 4))]
        self._forced_outputs = np.flatnonzero(alphabet.outputs == self._time_signature)
        self._output_of = np.append(alphabet.output_of, -1)

    def enter(self, start: int, stop: int) -> NDArray[np.float32]:
        """Begin the window of bars `start` to `stop`; return its content, shape (12, READ_TOKENS).

        The bars of the window that are written already are read again, token by token, before new ones.
        """
        self._start, self._stop = start, stop
        carried = self.bars[start:]
        self.bars = self.bars[:start]
        self._given = [token for bar in carried for token in bar][::-1]
        self._tracker = RepeatTracker(self._alphabet.has_bars)
        self._token = BOS
        self._current: list[int] = []
        self._opened = False
        content = np.zeros((WINDOW_BARS, READ_TOKENS), dtype=np.float32)
        for number, bar in enumerate(self._content[start:stop]):
            content[number, bar] = 1
        return content

    @property
    def done(self) -> bool:
        """Whether the window is full."""
        return len(self.bars) == self._stop

    def step(self) -> _Step:
        """Return what the network reads next; anything valid once the window is full."""
        bar = min(self._tracker.bar, WINDOW_BARS - 1)
        first = self._token == BOS and self._alphabet.has_bars
        return _Step(
            token=self._token,
            bar=bar,
            place=self._start + bar + 1,
            hints=np.full(len(LAGS), -1) if first else self._output_of[self._tracker.hints],
            agreement=np.zeros((len(LAGS), AGREEMENT_WIDTH), np.float32)
            if first
            else self._tracker.agreement,
        )

    def take(self, logs: NDArray[np.float64], draw: Draw) -> None:
        """Choose the next token and take note of it."""
        if self.done:
            return
        if self._given:
            token = self._given.pop()
        else:
            self._forbid(logs)
            token = int(self._alphabet.outputs[drawn(logs, draw, self._generator)])
        if not self._alphabet.has_bars:
            self._finish_bar([token])
            self._tracker.write(token)
        elif token in (BAR, EOS):
            if self._current:
                self._finish_bar(self._current)
                if not self.done:
                    self._tracker.write(BAR)
            self._current = [BAR]
        else:
            self._current.append(token)
            self._tracker.write(token)
        self._token = token

    def _finish_bar(self, tokens: list[int]) -> None:
        self.bars.append(tokens)

    def _forbid(self, logs: NDArray[np.float64]) -> None:
        """Leave only what the request allows: its meter, its number of bars, chords that come to an end."""
        outputs = self._alphabet.output_of
        if not self._alphabet.has_bars:
            return
        last_bar = len(self.bars) == self._stop - 1
        logs[outputs[BAR if last_bar and self._current else EOS]] = -np.inf
        meter = outputs[self._time_signature]
        if meter >= 0 and logs[meter] > -np.inf:
            kept = logs[meter]
            logs[:] = -np.inf
            logs[meter] = kept
        if len(self._current) > MOST_CHORDS_A_BAR and self._too_many_chords():
            end = outputs[EOS if last_bar else BAR]
            kept = logs[end]
            logs[:] = -np.inf
            logs[end] = kept

    def _too_many_chords(self) -> bool:
        chords = DESCRIPTIONS.span(DescriptionKind.CHORD)
        return sum(token in chords for token in self._current) >= MOST_CHORDS_A_BAR
