from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.features import feature_range
from emo_assets.generation import load_calibration, load_ear
from emo_assets.metrics.ear import (
    FEELINGS,
    LEARNED_FEATURES,
    MAX_SCORE,
    PEOPLE_WEIGHTS,
    RULE_METRICS,
    Ear,
    default_ear,
)
from emo_assets.metrics.ear_metrics import EAR_METRICS
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.writer import Part, encode_midi
from emo_assets.store import Store
from emo_assets_tests.metrics.songs import NYLON_GUITAR, PIANO, chord, drums, melodic, note

JSON = default_ear().to_json()
DISTORTION, FRETLESS_BASS = 30, 35
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)


def song(parts: list[Part], tempo: float) -> dict[str, float]:
    """Return where the default ear places a song."""
    return default_ear().song_places(MeasuredSong.from_midi(encode_midi(parts, tempos=[(0, tempo)])))


def chords(program: int, shape: tuple[int, ...], length: float, velocity: int) -> Part:
    """Return eight bars of tonic, subdominant and dominant."""
    roots = (60, 65, 67, 60, 60, 65, 67, 60)
    return melodic(
        program,
        [
            each
            for bar, root in enumerate(roots)
            for step in range(round(4 / length))
            for each in chord(
                4 * bar + step * length, [root + tone for tone in shape], 0.9 * length, velocity
            )
        ],
    )


def beat(velocity: int) -> Part:
    """Return eight bars of rock drums."""
    pattern = [(step / 2, 42) for step in range(8)] + [(0, 36), (1, 38), (2, 36), (2.5, 36), (3, 38)]
    return drums(note(4 * bar + at, key, 0.2, velocity) for bar in range(8) for at, key in pattern)


def test_loud_rock_is_more_energetic_and_less_acoustic_than_a_slow_guitar() -> None:
    bass = melodic(FRETLESS_BASS, [note(step / 2, 36, 0.4, 110) for step in range(64)])
    rock = song([chords(DISTORTION, MAJOR, 0.5, 115), bass, beat(115)], 160)
    calm = song([chords(NYLON_GUITAR, MAJOR, 4, 50)], 70)
    assert rock["energy"] > calm["energy"] + 0.5
    assert calm["acousticness"] > rock["acousticness"] + 0.4
    assert rock["danceability"] > calm["danceability"]
    assert rock["loudness"] > calm["loudness"]


def test_lively_major_is_happier_than_slow_minor() -> None:
    happy = song([chords(PIANO, MAJOR, 0.5, 90), beat(90)], 130)
    sad = song([chords(PIANO, MINOR, 4, 60)], 70)
    assert happy["valence"] > sad["valence"] + 0.4


def test_the_mode_alone_changes_valence_and_nothing_else_much() -> None:
    major, minor = (song([chords(PIANO, shape, 1, 80), beat(80)], 110) for shape in (MAJOR, MINOR))
    assert major["valence"] > minor["valence"] + 0.05
    assert abs(major["energy"] - minor["energy"]) < 0.1


def test_the_shipped_ear_hears_each_feature_on_artists_that_it_never_met() -> None:
    ear = default_ear()
    assert tuple(ear.features) == LEARNED_FEATURES
    assert all(each.is_audible for each in ear.features.values())
    assert {name for name, each in ear.features.items() if each.people} == set(PEOPLE_WEIGHTS)
    assert ear.features["valence"].learned.agreement.value >= 0.62
    assert ear.features["danceability"].learned.agreement.value >= 0.45
    assert ear.features["acousticness"].learned.agreement.value >= 0.45
    assert ear.card.songs > 200
    assert "make ear" in ear.card.command
    assert len(JSON) < 80_000


def test_json_restores_the_ear() -> None:
    assert Ear.from_json(JSON, "ear.json") == default_ear()
    assert Ear.from_json(JSON, "ear.json").to_json() == JSON


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1e6), st.floats(0, 1))
def test_any_metrics_have_a_place(seed: int, spread: float, unknown: float) -> None:
    rng = np.random.default_rng(seed)
    metrics = rng.normal(0, spread, (3, len(EAR_METRICS)))
    metrics[rng.uniform(size=metrics.shape) < unknown] = np.nan
    ear = default_ear()
    normalized = ear.normalize(metrics)
    assert normalized.shape == (3, len(ear.metrics))
    assert np.abs(normalized).max() <= MAX_SCORE
    columns = [list(EAR_METRICS).index(name) for name in ear.metrics]
    assert (normalized[np.isnan(metrics[:, columns])] == 0).all()
    for places in ear.places(metrics).values():
        assert ((places >= 0) & (places <= 1)).all()
    for listeners in ear.listener_places(metrics).values():
        assert {"learned", "second_opinion"} <= set(listeners)
        assert all(((places >= 0) & (places <= 1)).all() for places in listeners.values())


@given(st.sampled_from(FEELINGS), st.floats(0, 1))
def test_places_and_values_are_two_scales_of_one_thing(feature: str, place: float) -> None:
    ear = default_ear()
    value = float(ear.value_at(feature, place))
    lowest, highest = (float(ear.place_of(feature, ear.value_at(feature, end))) for end in (0, 1))
    if np.diff(ear.value_at(feature, [max(place - 0.01, 0), min(place + 0.01, 1)])) > 1e-3:
        assert float(ear.place_of(feature, value)) == pytest.approx(np.clip(place, lowest, highest), abs=0.02)
    heard = ear.heard(feature, place)
    assert heard.low <= heard.value == value <= heard.high
    if feature in RULE_METRICS:
        assert heard.low == heard.high, "the uncertainty of a rule is not known"


def test_songs_without_notes_have_no_place_by_rules() -> None:
    places = default_ear().song_places(MeasuredSong.from_midi(encode_midi([])))
    assert {name for name, place in places.items() if math.isnan(place)} == set(RULE_METRICS)


def spoiled(change: Callable[[Any], object]) -> str:
    ear = json.loads(JSON)
    change(ear)
    return json.dumps(ear)


DAMAGED: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "EOF while parsing"),
    "cut off": (JSON[: len(JSON) // 2], "EOF while parsing"),
    "no text": (b"\xff\xfe\x00", "expected value"),
    "a list": ("[]", "should be an object"),
    "deeply nested": ("[" * 100_000, "recursion limit"),
    "a field too many": (spoiled(lambda ear: ear.update(version=2)), "Extra inputs"),
    "a field less": (spoiled(lambda ear: ear.pop("rules")), "Field required"),
    "a feature less": (spoiled(lambda ear: ear["features"].pop("valence")), "features are missing"),
    "a rule less": (spoiled(lambda ear: ear["rules"].pop("loudness")), "features are missing"),
    "no number": (spoiled(lambda ear: ear["features"]["energy"].update(error=math.nan)), "finite number"),
    "infinite": (
        spoiled(lambda ear: ear["features"]["energy"]["learned"]["weights"].__setitem__(0, math.inf)),
        "finite number",
    ),
    "a huge weight": (
        spoiled(lambda ear: ear["features"]["energy"]["learned"]["weights"].__setitem__(0, 1e308)),
        "less than or equal to",
    ),
    "an unknown metric": (
        spoiled(lambda ear: ear["metrics"].__setitem__(0, "mood")),
        "unknown metrics: mood",
    ),
    "a metric twice": (
        spoiled(lambda ear: ear["metrics"].__setitem__(0, ear["metrics"][1])),
        "named once",
    ),
    "a distribution less": (spoiled(lambda ear: ear["distributions"].pop()), "one distribution"),
    "a weight less": (
        spoiled(lambda ear: ear["features"]["valence"]["people"]["weights"].pop()),
        "one weight a listener",
    ),
    "an empty distribution": (
        spoiled(lambda ear: ear["distributions"][0].update(values=[], ranks=[])),
        "at least 1 item",
    ),
    "descending knots": (
        spoiled(lambda ear: ear["features"]["energy"]["scale"]["values"].reverse()),
        "must ascend",
    ),
    "ranks above 1": (
        spoiled(lambda ear: ear["features"]["energy"]["places"]["ranks"].__setitem__(-1, 2)),
        "less than or equal to 1",
    ),
    "a step on nothing": (
        spoiled(lambda ear: ear["features"]["energy"]["second_opinion"]["stumps"][0].__setitem__(0, 999)),
        "a step names a metric",
    ),
    "an impossible scale": (
        spoiled(lambda ear: ear["features"]["energy"]["scale"]["values"].__setitem__(-1, 50)),
        "the scale of energy exceeds 0 to 1",
    ),
    "another rule": (
        spoiled(lambda ear: ear["rules"]["loudness"].update(metric="bars")),
        "Input should be 'mean_velocity'",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_ear_is_rejected(damage: str) -> None:
    text, message = DAMAGED[damage]
    with pytest.raises(InputError, match="materialize `ear` again") as caught:
        Ear.from_json(text, "data/assets/ear.json")
    assert message in str(caught.value)
    assert str(caught.value).startswith("data/assets/ear.json is no ear (")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 160


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(2**70), 2**70),
    st.sampled_from(["", "valence", "1", "\u0000", -1e308, 1e308, 1e-320]),
    st.lists(st.floats(), max_size=3),
    st.dictionaries(st.sampled_from(["values", "ranks", "x"]), st.floats(), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_ear_is_whole_or_rejected(data: st.DataObject) -> None:
    """Whatever is put in the place of any part: one clear error, or finite places and possible values."""
    ear = json.loads(JSON)
    parent = ear
    while True:
        key = data.draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
        child = parent[key]
        if not isinstance(child, dict | list) or not child or data.draw(st.integers(0, 5)) == 0:
            break
        parent = child
    parent[key] = data.draw(HOSTILE)
    try:
        read = Ear.from_json(json.dumps(ear), "ear.json")
    except InputError:
        return
    metrics = np.random.default_rng(0).normal(size=(4, len(EAR_METRICS)))
    rules = dict.fromkeys(RULE_METRICS.values(), 0.5)
    for name, places in (read.places(metrics) | read.rule_places(rules)).items():
        assert ((places >= 0) & (places <= 1)).all()
        low, high = feature_range(name)
        assert low <= read.heard(name, float(np.ravel(places)[0])).value <= high


def test_a_stores_own_ear_replaces_the_shipped_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert load_ear(store) is default_ear()
    own = default_ear().model_copy(update={"card": default_ear().card.model_copy(update={"songs": 77})})
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "ear.json").write_text(own.to_json())
    assert load_ear(store).card.songs == 77


def test_a_damaged_ear_of_a_store_is_named_and_the_shipped_one_does_not_stand_in(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "ear.json").write_text(JSON[:-1])
    (tmp_path / "assets" / "song_metrics.parquet").write_bytes(b"")
    for load in (load_ear, load_calibration):
        with pytest.raises(InputError, match=r"^[^ ]*ear\.json is no ear \("):
            load(store)
