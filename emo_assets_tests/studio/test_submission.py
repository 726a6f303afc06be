from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.song_request import Strictness
from emo_assets.studio.schemas import ProblemError
from emo_assets.studio.submission import read_submission, submission_schema


def read(values: Any) -> Any:
    return read_submission(json.dumps(values).encode())


def test_missing_fields_take_their_defaults() -> None:
    request = read({})
    assert (request.bars, request.seed, request.features.loudness) == (16, 0, -8)
    assert request.strictness is Strictness.NORMALLY


def test_mode_and_tempo_follow_the_feeling_unless_they_are_named() -> None:
    named = [read({"valence": 0.5, "tempo": 120, "mode": "major", "seed": seed}) for seed in range(9)]
    assert {(each.features.tempo, each.features.mode) for each in named} == {(120, 1)}
    free = [read({"features": {"valence": 0.5}, "seed": seed}).features for seed in range(9)]
    assert len({features.tempo for features in free}) > 4
    assert {features.mode for features in free} == {0, 1}
    for shape in submission_schema()["anyOf"]:
        features = shape["properties"].get("features", shape)["properties"]
        assert {name for name, field in features.items() if "default" not in field} >= {"mode", "tempo"}


def test_features_may_be_nested_or_at_the_top_level() -> None:
    assert read({"features": {"valence": 0.9}}).features == read({"valence": 0.9}).features


def test_whole_numbers_may_be_floats() -> None:
    assert read({"features": {"key": 4.0}, "bars": 8.0}).features.key == 4


def test_a_key_may_be_a_name() -> None:
    assert read({"features": {"key": "F#", "mode": "minor"}}).features.key_name == "F# minor"


@pytest.mark.parametrize("strictness", Strictness)
def test_strictness_is_a_word(strictness: Strictness) -> None:
    assert read({"strictness": strictness.value}).strictness is strictness


def test_the_schema_of_the_body_has_no_references() -> None:
    """The OpenAPI document does not contain the definitions that it could refer to."""
    schema = submission_schema()
    assert "$ref" not in json.dumps(schema)
    for shape in schema["anyOf"]:
        assert shape["properties"]["strictness"]["enum"] == list(Strictness)
        assert shape["properties"]["strictness"]["default"] == Strictness.NORMALLY


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"features": {"tempo": "120"}}, "features.tempo", "must be a number"),
        ({"tempo": "120"}, "features.tempo", "must be a number"),
        ({"features": {"tempo": 1000}}, "features.tempo", "must be at most 250"),
        ({"features": {"tempo": True}}, "features.tempo", "must be a number"),
        ({"features": {"key": 3.5}}, "features.key", "must be a whole number"),
        ({"features": {"happiness": 1}}, "features.happiness", "is not a known name"),
        ({"features": None}, "features", "None"),
        ({"features": [1]}, "features", "got [1]"),
        ({"features": {}, "tempo": 100}, "tempo", "not in both"),
        ({"features": {"tempo": 10**400}}, "features.tempo", "must be"),
        ({"bars": "8"}, "bars", "must be a whole number"),
        ({"bars": 0}, "bars", "must be at least 1"),
        ({"bars": 10**30}, "bars", "must be at most 128"),
        ({"seed": -1}, "seed", "must be at least 0"),
        ({"strictness": "very"}, "strictness", "must be 'loosely', 'normally' or 'strictly', got 'very'"),
        ({"strictness": "Strictly"}, "strictness", "must be 'loosely'"),
        ({"strictness": 1}, "strictness", "must be 'loosely'"),
        ({"strictness": None}, "strictness", "must be 'loosely'"),
        ({"strictness": ["strictly"]}, "strictness", "must be 'loosely'"),
        ({"mood": 7}, "mood", "valid string"),
        ({"mood": "x" * 300}, "mood", "at most 200"),
        ({"name": "../../etc/passwd"}, "name", "names songs itself"),
        ({"path": "/etc/passwd"}, "path", "is not a known name"),
    ],
)
def test_wrong_fields_are_named(values: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        read(values)
    assert refusal.value.fields == [field]
    assert said in refusal.value.detail
    assert "\n" not in refusal.value.detail


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1, 2]", b"null", b'{"tempo": NaN}', b'{"tempo": Infinity}', b"\xff\xfe", b"[" * 10_000],
)
def test_other_bodies_than_json_objects_are_refused(body: bytes) -> None:
    with pytest.raises(ProblemError):
        read_submission(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_submission(body)
    except ProblemError as refusal:
        assert refusal.detail  # noqa: PT017 - anything else that is raised is the failure looked for


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_value_of_a_feature_is_read_or_refused(value: Any) -> None:
    try:
        request = read_submission(json.dumps({"features": {"energy": value}}).encode())
    except ProblemError:
        return
    assert 0 <= request.features.energy <= 1
