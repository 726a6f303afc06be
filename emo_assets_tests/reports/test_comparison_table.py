from __future__ import annotations

from typing import Any

import pytest

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.comparison import compare
from emo_assets.metrics.ear import default_ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.writer import encode_midi
from emo_assets.reports.comparison_table import RANGE, comparison_table, current_rows, value_text
from emo_assets_tests.metrics.songs import PIANO, chord, melodic


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    midi = encode_midi([melodic(PIANO, chord(0, (57, 60, 64), 8))], tempos=[(0, 96.0)])
    asked = FeatureVector(key=9, mode=0, tempo=96, valence=0.9)
    return compare(asked, MeasuredSong.from_midi(midi), default_ear(), loudness=-7.96)


def test_every_feature_has_a_row_on_its_own_scale(rows: list[dict[str, Any]]) -> None:
    table = {row["feature"]: row for row in comparison_table(current_rows(rows))}
    assert tuple(table) == FEATURE_NAMES
    assert (table["valence"]["asked"], table["tempo"]["asked"]) == ("0.90", "96 BPM")
    assert (table["loudness"]["heard"], table["loudness"][RANGE]) == ("-8.0 dB", "")
    assert (table["key"]["heard"], table["mode"]["heard"]) == ("A", "minor")
    assert table["time_signature"]["heard"] == "4"
    low, high = table["valence"][RANGE].split(" to ")
    assert low <= table["valence"]["heard"] < high
    assert table["tempo"]["heard by"] == "the notes"


def test_rows_of_earlier_versions_show_what_they_have() -> None:
    earlier: list[dict[str, Any]] = [
        {"name": "mode", "asked": "minor", "aimed_at": "minor", "measured": "major", "unit": ""},
        {"name": "valence", "asked": 0.9, "aimed_at": 0.7, "measured": 0.55, "unit": "share of major chords"},
        {"name": "energy", "asked": 0.9, "measured": None, "unit": "notes per quarter note"},
    ]
    mode, valence, energy = comparison_table(current_rows(earlier))
    assert (mode["asked"], mode["aimed at"], mode["heard"]) == ("minor", "minor", "major")
    assert (valence["asked"], valence["aimed at"], valence["heard"]) == ("0.90", "", "not heard")
    assert valence["heard by"] == "an earlier version, which measured 0.55 share of major chords"
    assert energy["heard by"] == "an earlier version, which measured nothing"


def test_values_have_their_unit() -> None:
    assert value_text("tempo", 119.997) == "120 BPM"
    assert value_text("tempo", 97.5) == "97.5 BPM"
    assert value_text("acousticness", 0) == "0.00"
    assert value_text("energy", None) == ""
