"""The tokens of a describer and what may follow what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.describing.alphabet import BAR, alphabet_of, bars_of, collapsed, numbered
from emo_assets.describing.describers import DESCRIBERS, DescriberSpec
from emo_assets.symbolic.grammar.descriptions import DescriptionGrammar
from emo_assets.symbolic.vocabulary import BOS, DESCRIPTIONS, EOS, UNK


@pytest.mark.parametrize("spec", DESCRIBERS, ids=lambda spec: spec.name)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_whatever_the_table_allows_the_grammar_allows_and_no_more(
    spec: DescriberSpec, data: st.DataObject
) -> None:
    alphabet = alphabet_of(spec.writes)
    state = DescriptionGrammar(spec.writes).start()
    last = BOS
    for _ in range(data.draw(st.integers(1, 40))):
        allowed = alphabet.outputs[alphabet.allowed[last]]
        expected = np.flatnonzero(state.allowed)
        if not alphabet.has_bars:
            expected = expected[expected != EOS]
        assert set(allowed.tolist()) == set(collapsed(expected).tolist()) | ({EOS} & set(expected.tolist()))
        last = int(data.draw(st.sampled_from(allowed.tolist())))
        if last == EOS:
            break
        state = state.advance(last if last != BAR else numbered([BAR] * (state.bar + 1))[-1])


def test_bars_are_counted_anew_when_they_are_numbered() -> None:
    ids = DESCRIPTIONS.encode(["Bar_1", "Chord_C:maj", "Bar_2", "Bar_3"])

    assert collapsed(ids).tolist() == [BAR, ids[1], BAR, BAR]
    assert numbered(collapsed(ids).tolist()) == ids
    assert bars_of(ids) == [[BAR, ids[1]], [BAR], [BAR]]


def test_an_unknown_time_signature_can_be_read_and_scored() -> None:
    spec = next(spec for spec in DESCRIBERS if spec.name == "lstm_full")
    alphabet = alphabet_of(spec.writes)

    assert alphabet.allowed[BAR, alphabet.output_of[UNK]]
