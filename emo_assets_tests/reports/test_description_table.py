from __future__ import annotations

import pytest

from emo_assets.reports.description_table import description_rows
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets_tests.metrics.songs import graded_bars


def test_bars_are_shown_by_values_and_names() -> None:
    first, second = description_rows(DescriptionGrammar().format(graded_bars(4, 2)))
    assert (first["bar"], second["bar"]) == (1, 2)
    assert first["chords"] == "C:maj"
    assert first["instruments"] == "Acoustic Grand Piano, Flute"
    assert first["notes a beat"] == 27
    assert 0 < first["velocity"] < 128


def test_other_tokens_are_rejected() -> None:
    with pytest.raises(GrammarError):
        description_rows([1, 2, 3])
