from __future__ import annotations

import json
import subprocess
import sys

import pytest

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.song_metrics import FEATURE_METRICS, compare, measure, measure_midi
from emo_assets.midi.writer import encode_midi
from emo_assets_tests.metrics.songs import PIANO, STRINGS, build_song, chord, drums, melodic, note


def test_a_song_is_measured_as_a_whole() -> None:
    parts = [melodic(STRINGS, chord(0, (57, 60, 64), 8)), drums([note(beat, 36, 0.1) for beat in range(8)])]
    heard = measure_midi(encode_midi(parts, tempos=[(0, 96.0)]))
    assert heard.tempo == pytest.approx(96, abs=0.01)
    assert heard.time_signature == "4/4"
    assert heard.bars == 2
    assert heard.notes == 11
    assert heard.instruments == ("String Ensemble 1", "drum")
    assert heard.key_name == "A minor"
    assert heard.seconds == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("parts", [[], [drums([note(0, 36)])], [melodic(PIANO, [note(0, 60)])]])
def test_as_dict_is_json_without_nan(parts: list) -> None:  # type: ignore[type-arg]
    values = measure_midi(encode_midi(parts)).as_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_drums_alone_have_no_key() -> None:
    heard = measure(build_song(drums([note(0, 36)])))
    assert heard.key is None
    assert heard.mode is None
    assert heard.key_name == "no key"


def test_comparison_has_a_row_for_every_feature() -> None:
    asked = FeatureVector(key=9, mode=0, tempo=96, time_signature=3)
    heard = measure(build_song(melodic(STRINGS, chord(0, (57, 60, 64), 3)), meters=[(0, 3, 4)]))
    rows = compare(asked, heard, {"energy": 4.125})
    assert [row["name"] for row in rows] == list(FEATURE_NAMES)
    assert {tuple(row) for row in rows} == {("name", "asked", "aimed_at", "measured", "unit")}
    assert {row["name"]: row["aimed_at"] for row in rows} | {"energy": 4.12} == {
        row["name"]: row["asked"] for row in rows
    } | {"energy": 4.12}
    by_name = {row["name"]: (row["asked"], row["measured"]) for row in rows}
    assert by_name["key"] == ("A", "A")
    assert by_name["mode"] == ("minor", "minor")
    assert by_name["tempo"] == (96, 120)
    assert by_name["time_signature"] == (3, 3)


def test_what_cannot_be_measured_is_left_open() -> None:
    rows = compare(FeatureVector(), measure(build_song()), {})
    by_name = {row["name"]: row["measured"] for row in rows}
    assert by_name["key"] is None
    assert by_name["valence"] is None
    assert by_name["instrumentalness"] is None


def test_what_is_no_midi_file_is_refused() -> None:
    with pytest.raises(InputError):
        measure_midi(b"no music")


def test_importing_the_estimators_imports_no_reader() -> None:
    code = "import sys, emo_assets.metrics.song_metrics; print('pretty_midi' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "False"


def test_every_feature_has_a_measure_of_a_song() -> None:
    assert tuple(FEATURE_METRICS) == FEATURE_NAMES
    heard = measure(build_song(melodic(PIANO, [note(0, 60)])))
    assert all(metric.name in heard.as_dict() for metric in FEATURE_METRICS.values())
