"""The body of `POST /submit`: its schema and its validation.

Its fields are those of a request without the name, which the studio chooses. Validation is strict: text is
not accepted as a number, and all wrong fields are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from emo_assets.features import FEATURE_NAMES, FeatureVector, explain
from emo_assets.open_features import OPEN_FEATURES
from emo_assets.song_request import TrackRequest
from emo_assets.studio.schemas import ProblemError
from emo_assets.studio.task_queue import new_task_id


def submission_schema() -> dict[str, Any]:
    """Return the JSON schema of the body, with the features either in `features` or at the top level."""
    features = FeatureVector.model_json_schema()
    for name in OPEN_FEATURES:
        del features["properties"][name]["default"]
    request = TrackRequest.model_json_schema()
    rest = {
        name: _without_reference(field, request["$defs"])
        for name, field in request["properties"].items()
        if name not in ("name", "features")
    }
    nested = {"features": {"type": "object", "additionalProperties": False, **features}}
    return {
        "title": "Submission",
        "description": (
            "The song to generate. The ten features go either into `features` or directly into the body; "
            "fields that are left out take their defaults, and mode and tempo follow valence and energy."
        ),
        "anyOf": [
            {"type": "object", "properties": properties | rest, "additionalProperties": False}
            for properties in (nested, features["properties"])
        ],
        "example": {"features": {"valence": 0.9, "energy": 0.7, "tempo": 124}, "bars": 8, "seed": 1},
    }


def _without_reference(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Inline the definition that a field refers to, since the OpenAPI document does not contain it."""
    referenced = definitions[field["$ref"].removeprefix("#/$defs/")] if "$ref" in field else {}
    return {**referenced, **{keyword: value for keyword, value in field.items() if keyword != "$ref"}}


def read_submission(body: bytes) -> TrackRequest:
    """Return the body of a submission as a request with a new name.

    Raises:
        ProblemError: the body is not JSON, or a field is wrong or unknown.
    """
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(422, f"the body is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ProblemError(422, 'the body must be an object such as {"features": {"valence": 0.9}}')
    if "name" in values:
        raise ProblemError(422, "name is not a known name: the studio names songs itself", ["name"])
    mood = values.get("mood")
    name = new_task_id(mood if isinstance(mood, str) else "")
    # validated as JSON: in strict mode, only JSON may give an enum member by its value
    content = to_json({**_nest_features(values), "name": name}, inf_nan_mode="constants")
    try:
        return TrackRequest.model_validate_json(content, strict=True)
    except ValidationError as error:
        fields = [".".join(str(part) for part in detail["loc"]) for detail in error.errors()]
        raise ProblemError(422, explain(error), fields) from None


def _nest_features(values: Mapping[str, Any]) -> dict[str, Any]:
    """Move features from the top level into `features`.

    Raises:
        ProblemError: there are features in both places.
    """
    top_level = {name: _whole(value) for name, value in values.items() if name in FEATURE_NAMES}
    rest = {name: _whole(value) for name, value in values.items() if name not in FEATURE_NAMES}
    if top_level and "features" in rest:
        raise ProblemError(
            422, "features must be either in `features` or directly in the body, not in both", list(top_level)
        )
    if top_level:
        rest["features"] = top_level
    elif isinstance(rest.get("features"), dict):
        rest["features"] = {name: _whole(value) for name, value in rest["features"].items()}
    return rest


def _whole(value: Any) -> Any:
    """Return 2.0 as 2: to JavaScript, both are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
