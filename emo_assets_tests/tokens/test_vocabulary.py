from __future__ import annotations

import json

import pytest

from emo_assets.tokens.vocabulary import DESCRIPTIONS, EVENTS, UNK, DescriptionKind, EventKind
from emo_assets_tests.tokens.expected import FIXTURES


def test_event_tokens_have_figaros_ids() -> None:
    assert list(EVENTS.tokens) == json.loads((FIXTURES / "event_tokens.json").read_text())


def test_description_tokens_have_figaros_ids() -> None:
    assert list(DESCRIPTIONS.tokens) == json.loads((FIXTURES / "description_tokens.json").read_text())


def test_unknown_tokens_read_as_unk() -> None:
    assert EVENTS.encode(["Bar_1", "Bar_512", "nonsense"]) == [605, UNK, UNK]
    assert DESCRIPTIONS.encode(["Time Signature_23/4", "Chord_N:N"]) == [UNK, 320]


def test_decoding_reverses_encoding() -> None:
    assert EVENTS.decode(EVENTS.encode(EVENTS.tokens)) == list(EVENTS.tokens)
    with pytest.raises(IndexError):
        EVENTS.decode([len(EVENTS)])


def test_kinds_and_spans_agree() -> None:
    for kind in EventKind:
        assert {EVENTS.kind(token) for token in EVENTS.span(kind)} == {kind}
    for part in DescriptionKind:
        assert {DESCRIPTIONS.kind(token) for token in DESCRIPTIONS.span(part)} == {part}
    assert [EVENTS.kind(token) for token in range(5)] == [None] * 5
    with pytest.raises(IndexError):
        EVENTS.kind(-1)


def test_kinds_that_both_have_are_in_the_same_order() -> None:
    for event_kind, kind in (
        (EventKind.TIME_SIGNATURE, DescriptionKind.TIME_SIGNATURE),
        (EventKind.INSTRUMENT, DescriptionKind.INSTRUMENT),
        (EventKind.CHORD, DescriptionKind.CHORD),
    ):
        assert EVENTS.decode(EVENTS.span(event_kind)) == DESCRIPTIONS.decode(DESCRIPTIONS.span(kind))
