"""Random numbers that are the same on every machine.

All are derived by plain arithmetic from uniform doubles of a PCG64 stream. No function of the platform's
mathematics library is involved, so that the same seed gives the same bytes everywhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK_SIZE = 128


class SeededRandom:
    """A stream of random numbers.

    Args:
        seed: integers and names; equal seeds give equal streams, different ones independent streams.
    """

    def __init__(self, *seed: int | str) -> None:
        self._seed = seed
        entropy = [part if isinstance(part, int) else zlib.crc32(part.encode()) for part in seed]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
        self._block: list[float] = []

    def child(self, *name: int | str) -> SeededRandom:
        """Return the stream of this seed and `name`; it does not depend on the state of this one."""
        return SeededRandom(*self._seed, *name)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK_SIZE).tolist()
        return self._block.pop()

    def bernoulli(self, probability: float) -> bool:
        """Return True with `probability` (0 to 1)."""
        return self.uniform() < probability

    def below(self, limit: int) -> int:
        """Return an integer from 0 to `limit` - 1."""
        return int(self.uniform() * limit)

    def between(self, low: float, high: float) -> float:
        """Return a number in [`low`, `high`)."""
        return low + (high - low) * self.uniform()

    def spread(self, deviation: float) -> float:
        """Return a bell-shaped number: mean 0, standard deviation `deviation`, within three deviations.

        It is a sum of three uniform numbers.
        """
        return (self.uniform() + self.uniform() + self.uniform() - 1.5) * 2 * deviation

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, all equally likely."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """Return one of `options` with probabilities proportional to `weights`."""
        left = self.uniform() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return `options` in random order."""
        order = list(options)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
