"""What `POST /submit` takes, checked strictly: text is no number, and everything wrong is named.

The fields are those of a request without its name, which the studio gives. Holds no routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from emo_assets.features import FEATURE_NAMES, FeatureVector, explain
from emo_assets.requests import TrackRequest
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
    """Return the JSON schema of the body: a request's own, without its name, and with features beside it."""
    schema = TrackRequest.model_json_schema()
    features = FeatureVector.model_json_schema()
    properties: dict[str, Any] = {
        name: field for name, field in schema["properties"].items() if name != "name"
    }
    properties["features"] = {"type": "object", "additionalProperties": False, **features}
    return {
        "title": "Submission",
        "description": (
            "What the song should be like. The ten features may stand in `features` or directly beside it; "
            "what is left out takes its default."
        ),
        "type": "object",
        "properties": properties | features["properties"],
        "additionalProperties": False,
        "example": {"features": {"valence": 0.9, "energy": 0.7, "tempo": 124}, "bars": 8, "seed": 1},
    }


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
    values = _with_features_together(values)
    try:
        return TrackRequest.model_validate(
            {**values, "name": new_task_id(mood if isinstance(mood, str) else "")}, strict=True
        )
    except ValidationError as error:
        fields = [".".join(str(part) for part in detail["loc"]) for detail in error.errors()]
        raise RefusedError(explain(error), fields) from None


def _with_features_together(values: Mapping[str, Any]) -> dict[str, Any]:
    """Move features that stand beside `features` into it; those win."""
    beside = {name: value for name, value in values.items() if name in FEATURE_NAMES}
    rest = {name: value for name, value in values.items() if name not in FEATURE_NAMES}
    inside = rest.get("features", {})
    if beside and isinstance(inside, dict):
        rest["features"] = {**inside, **beside}
    return rest
