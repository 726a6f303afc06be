"""Baselines that need no network: each a distribution over the tokens that the grammar allows next.

Four of them: the most common token by kind and bar, a copy of the previous bar, the nearest neighbors in
feature space, and a first-order Markov chain per kind. Chords are counted relative to the key, as the models
read them. `plain_lstm` trains the fifth.
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
"""Training songs that the nearest-neighbor baseline counts."""

PRIOR_STRENGTH = 4.0
"""Observations that the backed-off distribution counts for."""

BASELINES = ("most common by position", "copy the previous bar", "nearest neighbours", "first-order Markov")

_NUM_SLOTS = len(KINDS) + 1
_LISTED = [KINDS.index(DescriptionKind.INSTRUMENT), KINDS.index(DescriptionKind.CHORD)]


class FlatSteps:
    """All steps of some windows in one row.

    Args:
        source: the songs, prepared for a model of whole descriptions.
        examples: its segments.

    Attributes:
        inputs: token read, shape (steps,).
        targets: output to predict, shape (steps,).
        bars: index of the target's bar in its window, shape (steps,).
        hints: token at the same place of the previous bar, -1 if it has none, shape (steps,).
        song: index of the song in its split, shape (steps,).
        slots: kind of the token read, `len(KINDS)` at the start, shape (steps,).
        bar_count: number of bars in all windows.
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

    @property
    def positions(self) -> NDArray[np.int64]:
        """Slot and bar as one index, shape (steps,)."""
        positions: NDArray[np.int64] = self.slots * WINDOW_BARS + self.bars
        return positions


class Baselines:
    """The baselines, counted on the training songs.

    Args:
        train: the training split, prepared for a model of whole descriptions.
    """

    def __init__(self, train: DescriptionDataset) -> None:
        self._source = train
        self._vocab = train.vocab
        self._train = seen = FlatSteps(train, train.segments())
        outputs = len(self._vocab.token_ids)
        by_slot = _counts(seen.slots, seen.targets, _NUM_SLOTS, outputs) + 0.1
        self._by_slot = by_slot / by_slot.sum(axis=1, keepdims=True)
        self._features = train.encoder.encode(np.stack([song.features for song in train.songs]))
        self._common = _position_table(seen.positions, seen.targets, self._by_slot)
        states, size = _markov_states(seen), 2 * (INPUT_VOCAB_SIZE + 1)
        slot_of_state = np.zeros(size, dtype=np.int64)
        slot_of_state[states] = seen.slots
        self._chain = _backed_off(_counts(states, seen.targets, size, outputs), self._by_slot[slot_of_state])
        hits = np.bincount(seen.slots, self._output_hints(seen) == seen.targets, _NUM_SLOTS)
        self._copied = (hits + 1) / (np.bincount(seen.slots, minlength=_NUM_SLOTS) + 2)

    def scores(self, source: DescriptionDataset, examples: Sequence[Example]) -> dict[str, TokenScores]:
        """Score each baseline on some windows.

        Args:
            source: the songs, prepared as the training split.
            examples: its segments.

        Returns:
            Scores by the names of `BASELINES`.
        """
        by_name: dict[str, list[TokenScores]] = {name: [] for name in BASELINES}
        features = self._source.encoder.encode(np.stack([song.features for song in source.songs]))
        for song in sorted({example.song for example in examples}):  # song by song: tables are wide
            steps = FlatSteps(source, [example for example in examples if example.song == song])
            common = self._common[steps.positions]  # (steps, outputs)
            tables = (
                common,
                self._copies(steps, common),
                self._of_neighbors(features[song])[steps.positions],
                self._chain[_markov_states(steps)],
            )
            for name, table in zip(BASELINES, tables, strict=True):
                by_name[name].append(self._scored(steps, table))
        return {
            name: concat_scores(parts, sum(part.bars for part in parts)) for name, parts in by_name.items()
        }

    def _output_hints(self, steps: FlatSteps) -> NDArray[np.int64]:
        hints: NDArray[np.int64] = np.append(self._vocab.index, -1)[steps.hints]
        return hints

    def _copies(self, steps: FlatSteps, common: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mix the previous bar's token, by how often it is right, with the common ones; (steps, outputs)."""
        hints = self._output_hints(steps)
        allowed = self._vocab.allowed[steps.inputs, hints] & (hints >= 0)
        weight = np.where(allowed, self._copied[steps.slots], 0.0)
        table: NDArray[np.float64] = common * (1 - weight)[:, None]
        table[np.arange(len(hints)), hints] += weight
        return table

    def _of_neighbors(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Count the training songs with the nearest features; shape (slots · 12, outputs)."""
        distance = np.linalg.norm(self._features - features, axis=1)
        near = np.isin(self._train.song, np.argsort(distance, kind="stable")[:NUM_NEIGHBORS])
        targets = self._train.targets[near]
        prior = _backed_off(_counts(self._train.slots[near], targets, *self._by_slot.shape), self._by_slot)
        return _position_table(self._train.positions[near], targets, prior)

    def _scored(self, steps: FlatSteps, table: NDArray[np.float64]) -> TokenScores:
        """Restrict distributions, (steps, outputs), to what the grammar allows, and score them."""
        allowed = np.where(self._vocab.allowed[steps.inputs], table, 0.0)
        allowed /= allowed.sum(axis=1, keepdims=True)
        truth = allowed[np.arange(len(allowed)), steps.targets]
        return TokenScores(
            song=steps.song.astype(np.int64),
            kind=self._vocab.kind_index[steps.targets],
            bits=-np.log(truth) * BITS_PER_NAT,
            right=allowed.argmax(axis=1) == steps.targets,
            kl=np.full(len(allowed), np.nan),
            bars=steps.bar_count,
        )


def _markov_states(steps: FlatSteps) -> NDArray[np.int64]:
    """Return the state of each kind's chain, shape (steps,).

    A kind with one token per bar conditions on its token in the previous bar. An instrument or chord
    conditions on the one before it, the first of a bar on the first of the previous bar.
    """
    listed = np.isin(steps.slots, _LISTED)
    state = np.where(listed, steps.inputs, np.where(steps.hints >= 0, steps.hints, INPUT_VOCAB_SIZE))
    return np.where(listed, INPUT_VOCAB_SIZE + 1 + state, state)


def _position_table(
    positions: NDArray[np.int64], targets: NDArray[np.int64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return p(output | slot, bar), shape (slots · 12, outputs), backed off to `prior`, p(output | slot)."""
    counts = _counts(positions, targets, len(prior) * WINDOW_BARS, prior.shape[1])
    return _backed_off(counts, np.repeat(prior, WINDOW_BARS, axis=0))


def _counts(
    rows: NDArray[np.int64], columns: NDArray[np.int64], height: int, width: int
) -> NDArray[np.float64]:
    flat = np.bincount(rows * width + columns, minlength=height * width)
    return flat.reshape(height, width).astype(np.float64)


def _backed_off(counts: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (counts + PRIOR_STRENGTH · prior) / (total + PRIOR_STRENGTH), each row a distribution."""
    total: NDArray[np.float64] = counts.sum(axis=1, keepdims=True)
    return (counts + PRIOR_STRENGTH * prior) / (total + PRIOR_STRENGTH)
