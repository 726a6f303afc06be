from __future__ import annotations

from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets.tokens.grammar.event_tokens import CHORDS, bar_token, mask_of
from emo_assets.tokens.vocabulary import EOS, EVENTS


def test_allowed_tokens_are_named_by_kind_where_all_or_several_of_it_are_allowed() -> None:
    allowed = mask_of(CHORDS) | mask_of(bar_token(2)) | mask_of(EOS)
    error = GrammarError.at(5, CHORDS.start - 1, EVENTS, allowed)
    assert (error.index, error.found) == (5, EVENTS.tokens[CHORDS.start - 1])
    assert sorted(error.expected.removesuffix(" or <eos>").split(", ")) == ["Bar_2", "Chord"]
    few = GrammarError.at_end(6, EVENTS, mask_of(CHORDS[:3]))
    assert str(few) == (
        f"token 6 is the end; expected Chord ({EVENTS.tokens[CHORDS[0]]} to {EVENTS.tokens[CHORDS[2]]})"
    )


def test_a_token_after_the_end_and_an_unknown_id_are_named() -> None:
    error = GrammarError.at(0, len(EVENTS), EVENTS, mask_of(range(0)))
    assert str(error) == f"token 0 is the unknown id {len(EVENTS)}; expected nothing after the end"
