from __future__ import annotations

import numpy as np

from emo_assets.tokens.grammar.event_tokens import CHORDS, bar_token, mask_of
from emo_assets.tokens.vocabulary import EVENTS, MAX_BARS, UNK


def test_bars_past_the_vocabulary_are_unknown() -> None:
    assert EVENTS.tokens[bar_token(1)] == "Bar_1"
    assert EVENTS.tokens[bar_token(MAX_BARS - 1)] == f"Bar_{MAX_BARS - 1}"
    assert bar_token(MAX_BARS) == UNK


def test_a_mask_has_one_token_or_a_span() -> None:
    assert np.flatnonzero(mask_of(7)).tolist() == [7]
    assert np.flatnonzero(mask_of(CHORDS)).tolist() == [*CHORDS]
