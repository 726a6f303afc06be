from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.grammar.event_constraints import Constraints, note_order
from emo_assets.tokens.grammar.event_tokens import CHORDS, INSTRUMENTS, METERS, TEMPOS
from emo_assets.tokens.grammar.events import EventGrammar
from emo_assets.tokens.vocabulary import MAX_BARS, TIME_SIGNATURES, UNK
from emo_assets_tests.tokens.grammar.random_songs import asked_bars, bar_of, walk

GRAMMAR = EventGrammar()
FOUR_FOUR = TIME_SIGNATURES.index((4, 4))


@given(asked_bars, st.integers(0, 32), st.integers(0, 2**32))
def test_constraints_are_kept(bars: list[DescribedBar], tempo: int, seed: int) -> None:
    ids = walk(seed, GRAMMAR.start(Constraints(bars, tempo)))
    parsed = GRAMMAR.parse(ids)
    assert [bar.time_signature for bar in parsed] == [bar.time_signature for bar in bars]
    for bar, asked in zip(parsed, bars, strict=True):
        assert {note.instrument for note in bar.notes} <= set(asked.instruments)
    assert [change for bar in parsed for change in bar.tempos] == [(0, tempo)]


@pytest.mark.parametrize(
    ("bars", "tempo"),
    [
        ([], 16),
        ([bar_of(None)] * MAX_BARS, 16),
        ([bar_of(90)], 16),
        ([bar_of(FOUR_FOUR)], 33),
        ([bar_of(None, (129,))], 16),
    ],
)
def test_impossible_constraints_are_refused(bars: list[DescribedBar], tempo: int) -> None:
    with pytest.raises(ValueError, match="got"):
        Constraints(bars, tempo)


def test_each_bar_has_its_own_meter_and_instruments() -> None:
    constraints = Constraints([bar_of(FOUR_FOUR, (0, DRUMS)), bar_of(None, ())], 5)
    meters = [np.flatnonzero(mask).tolist() for mask in constraints.time_signatures]
    items = [np.flatnonzero(mask).tolist() for mask in constraints.items]
    assert (constraints.bars, constraints.tempo) == (2, TEMPOS[5])
    assert meters == [[METERS[FOUR_FOUR]], [UNK, *METERS]]
    assert items == [sorted([*CHORDS, INSTRUMENTS[0], INSTRUMENTS[DRUMS]]), [*CHORDS]]
    assert constraints.max_orders == [1, -1]


def test_drums_come_before_all_programs() -> None:
    assert sorted(range(DRUMS + 1), key=note_order) == [DRUMS, *range(DRUMS)]
