"""Descriptions cut into segments: the twelve-bar pieces that description models learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar

BARS_PER_SEGMENT = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """Some bars of a description as a description of their own.

    Attributes:
        first_bar: number of its first bar in the whole description, from 1.
        bars: how many bars it has.
        tokens: its ids, bars numbered from `Bar_1`, without `<bos>` and `<eos>`.
    """

    first_bar: int
    bars: int
    tokens: list[int]


def split_segments(description: Sequence[DescribedBar], bars: int = BARS_PER_SEGMENT) -> list[Segment]:
    """Cut a description into segments.

    Args:
        description: a whole description.
        bars: the length of a segment in bars, at least 1; the last one may be shorter.

    Returns:
        The segments in their order.

    Raises:
        ValueError: `bars` is less than 1.
    """
    if bars < 1:
        raise ValueError(f"a segment has at least 1 bar, got {bars}")
    cuts = [description[first : first + bars] for first in range(0, len(description), bars)]
    return [
        Segment(1 + number * bars, len(cut), DescriptionGrammar().format(cut))
        for number, cut in enumerate(cuts)
    ]
