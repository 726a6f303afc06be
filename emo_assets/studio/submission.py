"""What `POST /submit` takes, checked strictly: text is no number, and everything wrong is named.

The fields are those of a request without its name, which the studio gives. Holds no routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from emo_assets.features import FEATURE_NAMES, FeatureVector, explain
from emo_assets.song_request import TrackRequest
from emo_assets.studio.tasks import new_task_id


class RefusedError(Exception):
    """A request that cannot be accepted as it is.

    Args:
        detail: what is wrong, in one line for people.
        fields: the fields that are wrong.
    """

    def __init__(self, detail: str, fields: list[str]) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


def submission_schema() -> dict[str, Any]:
    """Return the JSON schema of the body: a request's own without its name, features inside or beside it."""
    features = FeatureVector.model_json_schema()
    request = TrackRequest.model_json_schema()
    rest = {
        name: _without_reference(field, request["$defs"])
        for name, field in request["properties"].items()
        if name not in ("name", "features")
    }
    inside = {"features": {"type": "object", "additionalProperties": False, **features}}
    return {
        "title": "Submission",
        "description": (
            "What the song should be like. The ten features stand either in `features` or directly in the "
            "body; what is left out takes its default."
        ),
        "anyOf": [
            {"type": "object", "properties": shape | rest, "additionalProperties": False}
            for shape in (inside, features["properties"])
        ],
        "example": {"features": {"valence": 0.9, "energy": 0.7, "tempo": 124}, "bars": 8, "seed": 1},
    }


def _without_reference(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Put what a field refers to in its place: where its schema ends up, nothing of that is defined."""
    referred = definitions[field["$ref"].removeprefix("#/$defs/")] if "$ref" in field else {}
    return {**referred, **{keyword: value for keyword, value in field.items() if keyword != "$ref"}}


def read_submission(body: bytes) -> TrackRequest:
    """Read the body of a submission as a request with a name of its own.

    Raises:
        RefusedError: it is not JSON, or a field in it is wrong or unknown.
    """
    try:
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise RefusedError(f"the body is not JSON: {error}", []) from None
    if not isinstance(values, dict):
        raise RefusedError('the body must be an object such as {"features": {"valence": 0.9}}', [])
    if "name" in values:
        raise RefusedError("name is not a known name: the studio names songs itself", ["name"])
    mood = values.get("mood")
    name = new_task_id(mood if isinstance(mood, str) else "")
    # checked as JSON, where a word may stand for one of a few choices even when all is checked strictly
    content = to_json({**_with_features_inside(values), "name": name}, inf_nan_mode="constants")
    try:
        return TrackRequest.model_validate_json(content, strict=True)
    except ValidationError as error:
        fields = [".".join(str(part) for part in detail["loc"]) for detail in error.errors()]
        raise RefusedError(explain(error), fields) from None


def _with_features_inside(values: Mapping[str, Any]) -> dict[str, Any]:
    """Move features that stand directly in the body into `features`.

    Raises:
        RefusedError: there are features in both places.
    """
    beside = {name: _plain(value) for name, value in values.items() if name in FEATURE_NAMES}
    rest = {name: _plain(value) for name, value in values.items() if name not in FEATURE_NAMES}
    if beside and "features" in rest:
        raise RefusedError(
            "features must stand either in `features` or directly in the body, not in both", list(beside)
        )
    if beside:
        rest["features"] = beside
    elif isinstance(rest.get("features"), dict):
        rest["features"] = {name: _plain(value) for name, value in rest["features"].items()}
    return rest


def _plain(value: Any) -> Any:
    """Return 2.0 as 2, since JSON does not tell them apart."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
