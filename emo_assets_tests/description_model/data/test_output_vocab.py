"""The outputs of a model and what the grammar allows next."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.description_model.data.output_vocab import (
    BAR,
    merge_bar_tokens,
    number_bars,
    output_vocab,
    split_bars,
)
from emo_assets.description_model.specs import MODEL_SPECS, ModelSpec
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, UNK


@pytest.mark.parametrize("spec", MODEL_SPECS, ids=lambda spec: spec.name)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_the_table_allows_what_the_grammar_allows(spec: ModelSpec, data: st.DataObject) -> None:
    vocab = output_vocab(spec.target_kinds)
    state = DescriptionGrammar(spec.target_kinds).start()
    last = BOS
    for _ in range(data.draw(st.integers(1, 40))):
        allowed = vocab.token_ids[vocab.allowed[last]]
        expected = np.flatnonzero(state.allowed)
        if not vocab.has_bars:
            expected = expected[expected != EOS]
        assert set(allowed.tolist()) == set(merge_bar_tokens(expected).tolist()) | (
            {EOS} & set(expected.tolist())
        )
        last = int(data.draw(st.sampled_from(allowed.tolist())))
        if last == EOS:
            break
        state = state.advance(last if last != BAR else number_bars([BAR] * (state.bar + 1))[-1])


def test_bars_are_numbered_again() -> None:
    ids = DESCRIPTIONS.encode(["Bar_1", "Chord_C:maj", "Bar_2", "Bar_3"])

    assert merge_bar_tokens(ids).tolist() == [BAR, ids[1], BAR, BAR]
    assert number_bars(merge_bar_tokens(ids).tolist()) == ids
    assert split_bars(ids) == [[BAR, ids[1]], [BAR], [BAR]]


def test_an_unknown_time_signature_can_be_read_and_scored() -> None:
    spec = next(spec for spec in MODEL_SPECS if spec.name == "lstm_full")
    vocab = output_vocab(spec.target_kinds)

    assert vocab.allowed[BAR, vocab.index[UNK]]
