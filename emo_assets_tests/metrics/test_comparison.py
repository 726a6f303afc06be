from __future__ import annotations

import json

import pytest

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.comparison import (
    BY_EAR,
    BY_NOTES,
    BY_RULES,
    BY_SOUND,
    BY_TWO_EARS,
    EXACT_METRICS,
    compare,
)
from emo_assets.metrics.ear import FEELINGS, LEARNED_FEATURES, default_ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.writer import encode_midi
from emo_assets_tests.metrics.songs import FLUTE, STRINGS, chord, melodic, note

ASKED = FeatureVector(key=9, mode=0, tempo=96, time_signature=3, valence=0.5, loudness=-50)


@pytest.fixture(scope="module")
def song() -> MeasuredSong:
    """A waltz in A minor, 120 bpm."""
    parts = [
        melodic(STRINGS, [each for bar in range(4) for each in chord(3 * bar, (57, 60, 64), 3)]),
        melodic(FLUTE, [note(beat, 69 + beat % 3) for beat in range(12)]),
    ]
    return MeasuredSong.from_midi(encode_midi(parts, time_signatures=[(0, 3, 4)]))


def test_comparison_has_a_row_for_every_feature(song: MeasuredSong) -> None:
    rows = compare(ASKED, song, default_ear())
    assert [row["name"] for row in rows] == list(FEATURE_NAMES)
    assert {tuple(row) for row in rows} == {("name", "asked", "aimed_at", "heard", "low", "high", "heard_by")}
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    by_name = {row["name"]: row for row in rows}
    exact = {name: (by_name[name]["asked"], by_name[name]["heard"]) for name in EXACT_METRICS}
    assert exact == {
        "key": ("A", "A"),
        "mode": ("minor", "minor"),
        "tempo": (96, 120),
        "time_signature": (3, 3),
    }
    assert {by_name[name]["heard_by"] for name in EXACT_METRICS} == {BY_NOTES}
    assert all(by_name[name]["low"] is by_name[name]["high"] is None for name in EXACT_METRICS)


def test_feelings_are_heard_on_the_scale_of_the_feature(song: MeasuredSong) -> None:
    ear = default_ear()
    by_name = {row["name"]: row for row in compare(ASKED, song, ear)}
    for name in LEARNED_FEATURES:
        row, place = by_name[name], ear.song_places(song)[name]
        assert row["heard"] == round(float(ear.value_at(name, place)), 2)
        assert row["low"] <= row["heard"] <= row["high"]
        assert row["low"] < row["high"], "what an ear hears is uncertain"
    assert by_name["valence"]["heard_by"] == by_name["energy"]["heard_by"] == BY_TWO_EARS
    assert by_name["danceability"]["heard_by"] == by_name["acousticness"]["heard_by"] == BY_EAR
    for name, by in BY_RULES.items():
        assert by_name[name]["heard_by"] == by
        assert by_name[name]["low"] is None, "a rule has no known uncertainty"


def test_requests_beyond_real_songs_aim_at_the_nearest(song: MeasuredSong) -> None:
    by_name = {row["name"]: row for row in compare(ASKED, song, default_ear())}
    assert by_name["valence"]["aimed_at"] == by_name["valence"]["asked"] == 0.5
    assert by_name["loudness"]["asked"] == -50
    assert by_name["loudness"]["aimed_at"] == round(float(default_ear().value_at("loudness", 0)), 2)


def test_loudness_is_heard_in_the_sound_if_there_is_one(song: MeasuredSong) -> None:
    by_name = {row["name"]: row for row in compare(ASKED, song, default_ear(), loudness=-23.456)}
    row = by_name["loudness"]
    assert (row["heard"], row["heard_by"], row["aimed_at"]) == (-23.46, BY_SOUND, -50)


def test_silence_has_no_key_and_no_instruments() -> None:
    rows = compare(FeatureVector(), MeasuredSong.from_midi(encode_midi([])), default_ear())
    heard = {row["name"]: row["heard"] for row in rows}
    assert [name for name, value in heard.items() if value is None] == [
        "key",
        "loudness",
        "mode",
        "instrumentalness",
    ]
    assert set(FEELINGS) < set(heard)
