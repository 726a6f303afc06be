from __future__ import annotations

import pytest

from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.segments import split_segments
from emo_assets.tokens.vocabulary import DESCRIPTIONS
from emo_assets_tests.tokens.expected import readable_fixtures
from emo_assets_tests.tokens.grammar.test_descriptions import canonical, walk

GRAMMAR = DescriptionGrammar()


def test_a_description_is_cut_into_twelve_bars_and_a_rest() -> None:
    segments = split_segments(walk(5, bars=29))
    assert [(segment.first_bar, segment.bars) for segment in segments] == [(1, 12), (13, 12), (25, 5)]


def test_segments_are_descriptions_that_say_what_the_whole_said() -> None:
    ids = walk(11, bars=30)
    whole = GRAMMAR.parse(ids)
    for segment in split_segments(ids, bars=7):
        for number, bar in enumerate(GRAMMAR.parse(segment.tokens), segment.first_bar):
            assert (bar.instruments, bar.chords) == (whole[number - 1].instruments, whole[number - 1].chords)
            assert bar.number == number - segment.first_bar + 1


def test_bars_past_the_vocabulary_get_a_number_again() -> None:
    long = next(expected for expected in readable_fixtures() if expected.file == "long_600_bars.mid")
    segments = split_segments(canonical(long.description))
    assert sum(segment.bars for segment in segments) == 600
    assert all(DESCRIPTIONS.decode(segment.tokens)[0] == "Bar_1" for segment in segments)


def test_what_is_no_description_is_not_cut() -> None:
    with pytest.raises(GrammarError):
        split_segments([1, 2, 3])
    with pytest.raises(ValueError, match="at least 1 bar"):
        split_segments(walk(5, bars=2), bars=0)
