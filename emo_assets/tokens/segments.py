"""Descriptions cut into segments: the pieces of twelve bars that describers learn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from emo_assets.tokens.grammar.descriptions import DescriptionGrammar

BARS_PER_SEGMENT = 12

_GRAMMAR = DescriptionGrammar()


@dataclass(frozen=True, slots=True)
class Segment:
    """Some bars of a description, standing for themselves.

    Attributes:
        first_bar: number of its first bar in the whole description, from 1.
        bars: how many bars it has.
        tokens: its ids, bars numbered from `Bar_1`, without `<bos>` and `<eos>`.
    """

    first_bar: int
    bars: int
    tokens: list[int]


def split_segments(description_ids: Iterable[int], bars: int = BARS_PER_SEGMENT) -> list[Segment]:
    """Cut a description into segments.

    Args:
        description_ids: a whole description without `<bos>` and `<eos>`.
        bars: the length of a segment in bars, at least 1; the last one may be shorter.

    Returns:
        The segments in their order.

    Raises:
        GrammarError: `description_ids` are not a description.
        ValueError: `bars` is less than 1.
    """
    if bars < 1:
        raise ValueError(f"a segment has at least 1 bar, got {bars}")
    described = _GRAMMAR.parse(description_ids)
    segments = []
    for first in range(0, len(described), bars):
        renumbered = [
            replace(bar, number=number) for number, bar in enumerate(described[first : first + bars], 1)
        ]
        segments.append(Segment(first + 1, len(renumbered), _GRAMMAR.format(renumbered)))
    return segments
