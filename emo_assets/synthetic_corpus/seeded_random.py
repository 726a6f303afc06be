"""Seeded rng whose outcomes are the same on every machine.

Everything is derived from uniform doubles of a PCG64 stream by plain arithmetic: no function of the
platform's mathematics library takes part, so the same seed gives the same bytes everywhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_DRAWN_AT_ONCE = 128


class SeededRandom:
    """A stream of random decisions.

    Args:
        seed: whole numbers and names; equal seeds give equal streams, different ones independent streams.
    """

    def __init__(self, *seed: int | str) -> None:
        self._seed = seed
        entropy = [part if isinstance(part, int) else zlib.crc32(part.encode()) for part in seed]
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
        self._drawn: list[float] = []

    def child(self, *name: int | str) -> SeededRandom:
        """Return a stream of its own for `name`, which no decision on this one disturbs."""
        return SeededRandom(*self._seed, *name)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        if not self._drawn:
            self._drawn = self._generator.random(_DRAWN_AT_ONCE).tolist()
        return self._drawn.pop()

    def bernoulli(self, probability: float) -> bool:
        """Return true with `probability` (0 to 1)."""
        return self.uniform() < probability

    def below(self, limit: int) -> int:
        """Return a whole number in 0 .. `limit` - 1."""
        return int(self.uniform() * limit)

    def between(self, low: float, high: float) -> float:
        """Return a number in [`low`, `high`)."""
        return low + (high - low) * self.uniform()

    def spread(self, deviation: float) -> float:
        """Return a bell-shaped deviation around 0 with standard deviation `deviation`, at most three of them.

        The sum of three uniform numbers takes the place of a normal one.
        """
        return (self.uniform() + self.uniform() + self.uniform() - 1.5) * 2 * deviation

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, each as likely as the others."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """Return one of `options`, as likely as its weight."""
        left = self.uniform() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return `options` in a random order."""
        order = list(options)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
