"""What a describer must beat: guesses that need no network.

Four of them, each a distribution over the next token that the grammar allows, so that likelihoods can be laid
beside a describer's: the most common token by class and position; a copy of the previous bar; the nearest
neighbours in feature space; a first-order Markov chain of each class. Chords are counted relative to the key,
as the describers read them. The plain LSTM, the fifth of the protocol, is a network like the describers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.description_model.data.dataset import DescriptionDataset, Example
from emo_assets.description_model.data.output_vocab import INPUT_VOCAB_SIZE, KIND_INDEX, KINDS
from emo_assets.description_model.evaluation.likelihood import BITS_PER_NAT, TokenScores, concat_scores
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.tokens.vocabulary import BOS, DescriptionKind

NUM_NEIGHBORS = 8
"""Training songs that are asked."""

PRIOR_STRENGTH = 4.0
"""Observations that the backed-off distribution counts for."""

_ONE_A_BAR = [
    KINDS.index(kind) for kind in KINDS if kind not in (DescriptionKind.INSTRUMENT, DescriptionKind.CHORD)
]
BASELINES = ("most common by position", "copy the previous bar", "nearest neighbours", "first-order Markov")


class FlatSteps:
    """All steps of some windows in one row, as the baselines count them.

    Args:
        source: the songs, prepared for a describer of whole descriptions.
        examples: its segments.
    """

    def __init__(self, source: DescriptionDataset, examples: Sequence[Example]) -> None:
        windows = [example.window for example in examples]
        output_of = np.append(source.vocab.index, -1)
        self.inputs = np.concatenate([window.inputs for window in windows])
        self.targets: NDArray[np.int64] = output_of[np.concatenate([window.targets for window in windows])]
        self.bars = np.concatenate([window.bars for window in windows])
        self.hints = np.concatenate([window.hints[:, 0] for window in windows])
        self.song = np.repeat([e.song for e in examples], [len(window.inputs) for window in windows])
        self.slots: NDArray[np.int64] = np.where(self.inputs == BOS, len(KINDS), KIND_INDEX[self.inputs])
        self.bar_count = sum(len(window.content) for window in windows)

    def __len__(self) -> int:
        return len(self.inputs)


class Baselines:
    """The baselines, counted on the training songs.

    Args:
        train: the training split, prepared for a describer of whole descriptions.
    """

    def __init__(self, train: DescriptionDataset) -> None:
        self._source = train
        self._alphabet = train.vocab
        self._seen = FlatSteps(train, train.segments())
        outputs = len(self._alphabet.token_ids)
        seen = self._seen
        by_slot = _counts(seen.slots, seen.targets, len(KINDS) + 1, outputs)
        self._by_slot = (by_slot + 0.1) / (by_slot + 0.1).sum(axis=1, keepdims=True)
        self._encoded = train.encoder.encode(np.stack([song.features for song in train.songs]))
        self._common = self._position_table(seen.slots, seen.bars, seen.targets, self._by_slot)
        keys = _markov_keys(seen)
        size = 2 * (INPUT_VOCAB_SIZE + 1)
        self._chain = _backed_off(_counts(keys, seen.targets, size, outputs), self._slot_of_key(keys, size))
        hits = self._output_hints(seen) == seen.targets
        self._copied = np.array(
            [
                (hits[seen.slots == slot].sum() + 1) / ((seen.slots == slot).sum() + 2)
                for slot in range(len(KINDS) + 1)
            ]
        )

    def _slot_of_key(self, keys: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        """Return the distribution that each Markov state backs off to, shape (size, outputs)."""
        slot = np.zeros(size, dtype=np.int64)
        slot[keys] = self._seen.slots
        prior: NDArray[np.float64] = self._by_slot[slot]
        return prior

    def _position_table(
        self,
        slots: NDArray[np.int64],
        bars: NDArray[np.int64],
        targets: NDArray[np.int64],
        prior: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return p(output | slot, bar), shape (slots · 12, outputs), backed off to p(output | slot)."""
        counts = _counts(slots * WINDOW_BARS + bars, targets, len(prior) * WINDOW_BARS, prior.shape[1])
        return _backed_off(counts, np.repeat(prior, WINDOW_BARS, axis=0))

    def _output_hints(self, steps: FlatSteps) -> NDArray[np.int64]:
        hints: NDArray[np.int64] = np.append(self._alphabet.index, -1)[steps.hints]
        return hints

    def scores(self, source: DescriptionDataset, examples: Sequence[Example]) -> dict[str, TokenScores]:
        """Score each baseline on some windows.

        Args:
            source: the songs, prepared as the training ones were.
            examples: its segments.

        Returns:
            Scores by the names of `BASELINES`.
        """
        by_name: dict[str, list[TokenScores]] = {name: [] for name in BASELINES}
        encoded = self._source.encoder.encode(np.stack([song.features for song in source.songs]))
        for number in sorted({example.song for example in examples}):  # song by song: tables are wide
            steps = FlatSteps(source, [example for example in examples if example.song == number])
            places = steps.slots * WINDOW_BARS + steps.bars
            common = self._common[places]  # (steps, outputs)
            tables = (
                common,
                self._copies(steps, common),
                self._of_neighbours(encoded[number])[places],
                self._chain[_markov_keys(steps)],
            )
            for name, table in zip(BASELINES, tables, strict=True):
                by_name[name].append(self._scored(steps, table))
        return {
            name: concat_scores(parts, sum(part.bars for part in parts)) for name, parts in by_name.items()
        }

    def _copies(self, steps: FlatSteps, common: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the hint of the previous bar the share of cases in which it was right, the rest as usual."""
        hints = self._output_hints(steps)
        allowed = self._alphabet.allowed[steps.inputs, hints] & (hints >= 0)
        weight = np.where(allowed, self._copied[steps.slots], 0.0)
        table: NDArray[np.float64] = common * (1 - weight)[:, None]
        table[np.arange(len(hints)), hints] += weight
        return table

    def _of_neighbours(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Count what stands in the training songs whose features are nearest, shape (slots · 12, outputs)."""
        distance = np.linalg.norm(self._encoded - encoded, axis=1)
        near = np.isin(self._seen.song, np.argsort(distance, kind="stable")[:NUM_NEIGHBORS])
        slots, targets = self._seen.slots[near], self._seen.targets[near]
        prior = _backed_off(_counts(slots, targets, *self._by_slot.shape), self._by_slot)
        return self._position_table(slots, self._seen.bars[near], targets, prior)

    def _scored(self, steps: FlatSteps, table: NDArray[np.float64]) -> TokenScores:
        """Hold a distribution to the grammar and to the truth."""
        allowed = np.where(self._alphabet.allowed[steps.inputs], table, 0.0)
        allowed /= allowed.sum(axis=1, keepdims=True)
        truth = allowed[np.arange(len(steps)), steps.targets]
        return TokenScores(
            song=steps.song.astype(np.int64),
            kind=self._alphabet.kind_index[steps.targets],
            bits=-np.log(truth) * BITS_PER_NAT,
            right=allowed.argmax(axis=1) == steps.targets,
            kl=np.full(len(steps), np.nan),
            bars=steps.bar_count,
        )


def _markov_keys(steps: FlatSteps) -> NDArray[np.int64]:
    """Return the state of each class' chain.

    A class with one token a bar goes on from its token of the bar before; instruments and chords go on from
    the one before, and the first of a bar from the first of the bar before.
    """
    listed = ~np.isin(steps.slots, [*_ONE_A_BAR, len(KINDS)])
    state = np.where(listed, steps.inputs, np.where(steps.hints >= 0, steps.hints, INPUT_VOCAB_SIZE))
    return np.where(listed, INPUT_VOCAB_SIZE + 1 + state, state)


def _counts(
    rows: NDArray[np.int64], columns: NDArray[np.int64], height: int, width: int
) -> NDArray[np.float64]:
    flat = np.bincount(rows * width + columns, minlength=height * width)
    return flat.reshape(height, width).astype(np.float64)


def _backed_off(counts: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (counts + PRIOR_STRENGTH · prior) / (total + PRIOR_STRENGTH), each row a distribution."""
    total: NDArray[np.float64] = counts.sum(axis=1, keepdims=True)
    return (counts + PRIOR_STRENGTH * prior) / (total + PRIOR_STRENGTH)
