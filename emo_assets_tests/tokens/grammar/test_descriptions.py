from __future__ import annotations

import random
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.tokens.grammar.descriptions import (
    MANY_PER_BAR,
    ONE_PER_BAR,
    DescribedBar,
    DescriptionGrammar,
)
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.vocabulary import (
    CHORDS,
    DESCRIPTIONS,
    EOS,
    MAX_BARS,
    TIME_SIGNATURES,
    UNK,
    DescriptionKind,
)
from emo_assets_tests.tokens.expected import Expected, readable_fixtures

GRAMMAR = DescriptionGrammar()
LETTERS = dict(zip((*ONE_PER_BAR, *MANY_PER_BAR), "BTDVPLIC", strict=True))
INSTRUMENTS = DESCRIPTIONS.span(DescriptionKind.INSTRUMENT)


def is_description(ids: list[int]) -> bool:
    """Say by other means than the grammar whether `ids` are a description."""
    letters = "".join(
        "u" if token == UNK else LETTERS[kind] if (kind := DESCRIPTIONS.kind(token)) else "x" for token in ids
    )
    if not re.fullmatch(r"([Bu][Tu]DVPLI*C*)+", letters):
        return False
    starts = [bar.start() for bar in re.finditer(r"[Bu][Tu]DVPLI*C*", letters)]
    first_bar = DESCRIPTIONS.span(DescriptionKind.BAR).start
    numbered = all(
        ids[start] == (first_bar + number if number < MAX_BARS else UNK)
        for number, start in enumerate(starts, 1)
    )
    return numbered and all(
        first < second for first, second in pairwise(ids) if first in INSTRUMENTS and second in INSTRUMENTS
    )


def masks_allow(ids: list[int]) -> bool:
    state = GRAMMAR.start()
    for token in ids:
        if not (0 <= token < len(DESCRIPTIONS) and token != EOS and state.allowed[token]):
            return False
        state = state.advance(token)
    return bool(state.allowed[EOS])


def parses(ids: list[int]) -> bool:
    try:
        GRAMMAR.parse(ids)
    except GrammarError:
        return False
    return True


def canonical(description: list[str]) -> list[int]:
    """The ids of a description of the reference, instruments in order."""
    ids = DESCRIPTIONS.encode(description)
    for start in range(len(ids)):
        if ids[start] in INSTRUMENTS and (start == 0 or ids[start - 1] not in INSTRUMENTS):
            end = start
            while end < len(ids) and ids[end] in INSTRUMENTS:
                end += 1
            ids[start:end] = sorted(ids[start:end])
    return ids


def walk(seed: int, grammar: DescriptionGrammar = GRAMMAR) -> list[int]:
    """A description that the masks allow, by chance; kinds are equally likely."""
    chance = random.Random(seed)
    state = grammar.start()
    ids: list[int] = []
    while True:
        allowed = np.flatnonzero(state.allowed).tolist()
        by_kind: dict[DescriptionKind | None, list[int]] = {}
        for token in allowed:
            by_kind.setdefault(DESCRIPTIONS.kind(token), []).append(token)
        token = chance.choice(by_kind[chance.choice(list(by_kind))])
        if token == EOS:
            return ids
        ids.append(token)
        state = state.advance(token)


bins = st.integers(0, 32)
described_bars = st.builds(
    DescribedBar,
    time_signature=st.none() | st.integers(0, len(TIME_SIGNATURES) - 1),
    note_density=bins,
    mean_velocity=bins,
    mean_pitch=bins,
    mean_duration=bins,
    instruments=st.sets(st.integers(0, len(INSTRUMENT_NAMES) - 1), max_size=5).map(sorted).map(tuple),
    chords=st.lists(st.integers(0, len(CHORDS) - 1), max_size=4).map(tuple),
)
descriptions = st.lists(described_bars, min_size=1, max_size=5)


@pytest.mark.parametrize("expected", readable_fixtures(), ids=lambda expected: expected.file)
def test_the_references_descriptions_are_descriptions(expected: Expected) -> None:
    ids = canonical(expected.description)
    bars = GRAMMAR.parse(ids)
    assert len(bars) == sum(token.startswith("Bar_") for token in expected.description)
    assert GRAMMAR.format(bars) == ids


@given(descriptions)
def test_parsing_reverses_formatting(bars: list[DescribedBar]) -> None:
    ids = GRAMMAR.format(bars)
    assert is_description(ids)
    assert GRAMMAR.parse(ids) == bars


@given(st.integers(0, 2**32))
def test_what_the_masks_allow_parses(seed: int) -> None:
    ids = walk(seed)
    assert parses(ids)
    assert is_description(ids)


@settings(max_examples=300)
@given(descriptions, st.integers(0, 2**32))
def test_masks_parser_and_definition_agree_on_broken_descriptions(
    bars: list[DescribedBar], seed: int
) -> None:
    chance = random.Random(seed)
    ids = GRAMMAR.format(bars)
    place = chance.randrange(len(ids))
    match chance.randrange(5):
        case 0:
            del ids[place]
        case 1:
            ids.insert(place, chance.randrange(len(DESCRIPTIONS)))
        case 2:
            ids[place] = chance.randrange(-1, len(DESCRIPTIONS) + 1)
        case 3:
            ids[place] = chance.choice(ids)
        case _:
            other = chance.randrange(len(ids))
            ids[place], ids[other] = ids[other], ids[place]
    if -1 in ids or len(DESCRIPTIONS) in ids:
        assert not parses(ids)
        return
    assert parses(ids) == masks_allow(ids) == is_description(ids)


def test_bars_past_the_vocabulary_are_unknown() -> None:
    bars = [DescribedBar(9, 1, 1, 1, 1, (0,), (0,))] * (MAX_BARS + 2)
    ids = GRAMMAR.format(bars)
    assert ids.count(UNK) == 3
    assert GRAMMAR.parse(ids) == bars


@pytest.mark.parametrize(
    "kinds",
    [
        (DescriptionKind.MEAN_PITCH,),
        (
            DescriptionKind.BAR,
            DescriptionKind.TIME_SIGNATURE,
            DescriptionKind.INSTRUMENT,
            DescriptionKind.CHORD,
        ),
        (DescriptionKind.NOTE_DENSITY, DescriptionKind.MEAN_PITCH),
        (DescriptionKind.BAR, DescriptionKind.CHORD),
    ],
)
def test_sub_sequences_have_the_same_grammar(kinds: tuple[DescriptionKind, ...]) -> None:
    grammar = DescriptionGrammar(kinds)
    whole = walk(7)
    grammar.check([token for token in whole if DESCRIPTIONS.kind(token) in kinds])
    for seed in range(20):
        grammar.check(walk(seed, grammar))


@pytest.mark.parametrize(
    ("tokens", "position", "found", "expected"),
    [
        ([], 0, "the end", "Bar_1"),
        (["Bar_2"], 0, "Bar_2", "Bar_1"),
        (["Bar_1", "Note Density_3"], 1, "Note Density_3", "Time Signature or <unk>"),
        (
            ["Bar_1", "Time Signature_4/4", "Note Density_3", "Mean Velocity_3", "Mean Pitch_3"],
            5,
            "the end",
            "Mean Duration",
        ),
        (["<eos>"], 0, "<eos>", "a sequence without it"),
    ],
)
def test_errors_say_where_and_why(tokens: list[str], position: int, found: str, expected: str) -> None:
    with pytest.raises(GrammarError) as error:
        GRAMMAR.parse(DESCRIPTIONS.encode(tokens))
    assert (error.value.index, error.value.found, error.value.expected) == (position, found, expected)


def test_instruments_must_ascend() -> None:
    ids = GRAMMAR.format([DescribedBar(9, 1, 1, 1, 1, (0, 5), ())])
    ids[-2:] = reversed(ids[-2:])
    with pytest.raises(GrammarError) as error:
        GRAMMAR.parse(ids)
    assert error.value.expected.startswith(
        "Instrument (Instrument_Harpsichord to Instrument_drum), Chord, Bar_2"
    )


def test_nothing_follows_the_end() -> None:
    state = GRAMMAR.start()
    for token in walk(3):
        state = state.advance(token)
    ended = state.advance(EOS)
    assert not ended.allowed.any()
    with pytest.raises(GrammarError, match="nothing after the end"):
        ended.advance(EOS)


def test_masks_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        GRAMMAR.start().allowed[EOS] = True


def test_a_grammar_must_tell_bars_apart() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        DescriptionGrammar((DescriptionKind.CHORD,))
    with pytest.raises(ValueError, match="only the grammar of all kinds"):
        DescriptionGrammar((DescriptionKind.MEAN_PITCH,)).parse([387])
