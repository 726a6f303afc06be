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
    metrics = measure_midi(encode_midi(parts, tempos=[(0, 96.0)]))
    assert metrics.tempo == pytest.approx(96, abs=0.01)
    assert metrics.time_signature == "4/4"
    assert metrics.bars == 2
    assert metrics.notes == 11
    assert metrics.instruments == ("String Ensemble 1", "drum")
    assert metrics.key_name == "A minor"
    assert metrics.seconds == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("parts", [[], [drums([note(0, 36)])], [melodic(PIANO, [note(0, 60)])]])
def test_as_dict_is_json_without_nan(parts: list) -> None:  # type: ignore[type-arg]
    values = measure_midi(encode_midi(parts)).as_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_drums_alone_have_no_key() -> None:
    metrics = measure(build_song(drums([note(0, 36)])))
    assert metrics.key is None
    assert metrics.mode is None
    assert metrics.key_name == "no key"


def test_comparison_has_a_row_for_every_feature() -> None:
    asked = FeatureVector(key=9, mode=0, tempo=96, time_signature=3)
    metrics = measure(build_song(melodic(STRINGS, chord(0, (57, 60, 64), 3)), meters=[(0, 3, 4)]))
    rows = compare(asked, metrics, {"energy": 4.125})
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


def test_unmeasured_metrics_are_none() -> None:
    rows = compare(FeatureVector(), measure(build_song()), {})
    by_name = {row["name"]: row["measured"] for row in rows}
    assert by_name["key"] is None
    assert by_name["valence"] is None
    assert by_name["instrumentalness"] is None


def test_other_files_are_rejected() -> None:
    with pytest.raises(InputError):
        measure_midi(b"no music")


def test_importing_metrics_does_not_import_pretty_midi() -> None:
    code = "import sys, emo_assets.metrics.song_metrics; print('pretty_midi' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "False"


def test_every_feature_has_a_metric() -> None:
    assert tuple(FEATURE_METRICS) == FEATURE_NAMES
    metrics = measure(build_song(melodic(PIANO, [note(0, 60)])))
    assert all(metric.name in metrics.as_dict() for metric in FEATURE_METRICS.values())
