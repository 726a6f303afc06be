from __future__ import annotations

import pytest

from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.segments import split_segments
from emo_assets.tokens.vocabulary import DESCRIPTIONS
from emo_assets_tests.tokens.expected import readable_fixtures
from emo_assets_tests.tokens.grammar.test_descriptions import canonical, walk

GRAMMAR = DescriptionGrammar()


def described(bars: int) -> list[DescribedBar]:
    """A description of at least `bars` bars, cut to their number."""
    return [bar for seed in range(bars) for bar in GRAMMAR.parse(walk(seed))][:bars]


def test_a_description_is_cut_into_twelve_bars_and_a_rest() -> None:
    segments = split_segments(described(29))
    assert [(segment.first_bar, segment.bars) for segment in segments] == [(1, 12), (13, 12), (25, 5)]


def test_segments_are_descriptions_with_the_bars_of_the_whole() -> None:
    whole = described(30)
    segments = split_segments(whole, bars=7)
    assert [bar for segment in segments for bar in GRAMMAR.parse(segment.tokens)] == whole


def test_bars_past_the_vocabulary_get_a_number_again() -> None:
    long = next(expected for expected in readable_fixtures() if expected.file == "long_600_bars.mid")
    segments = split_segments(GRAMMAR.parse(canonical(long.description)))
    assert sum(segment.bars for segment in segments) == 600
    assert all(DESCRIPTIONS.decode(segment.tokens)[0] == "Bar_1" for segment in segments)


def test_segments_without_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 bar"):
        split_segments(described(2), bars=0)
