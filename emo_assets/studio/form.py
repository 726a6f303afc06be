"""The fields of the page's form, from the schema of a request."""

from __future__ import annotations

from functools import cache
from typing import Any

from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.open_features import OPEN_FEATURES
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.studio.schemas import Choice, FeatureField, FormSchema, NumberField, WordChoice, WordField

_LABELS = {"key": PITCH_CLASSES, "mode": ("minor", "major")}


@cache
def form_schema() -> FormSchema:
    """Return all fields of a request."""
    request = TrackRequest.model_json_schema()["properties"]
    strictness = request["strictness"]
    return FormSchema(
        features=[_feature_field(name) for name in FEATURE_NAMES],
        bars=_number_field("bars", "Length", "bars", request["bars"]),
        seed=_number_field("seed", "Seed", "", request["seed"]),
        strictness=WordField(
            name="strictness",
            title="Follow my settings",
            description=strictness["description"],
            default=strictness["default"],
            choices=[WordChoice(value=word, label=word.capitalize()) for word in Strictness],
        ),
    )


def _feature_field(name: str) -> FeatureField:
    schema = FeatureVector.model_json_schema()["properties"][name]
    minimum, maximum = feature_range(name)
    choices = []
    if schema["type"] == "integer":
        values = range(int(minimum), int(maximum) + 1)
        labels = _LABELS.get(name) or [str(value) for value in values]
        choices = [Choice(value=value, label=label) for value, label in zip(values, labels, strict=True)]
    return FeatureField(
        name=name,
        title=schema["title"],
        description=schema["description"],
        unit=schema["unit"],
        minimum=minimum,
        maximum=maximum,
        default=schema["default"],
        kind="choice" if choices else "number",
        choices=choices,
        is_open=name in OPEN_FEATURES,
    )


def _number_field(name: str, title: str, unit: str, schema: dict[str, Any]) -> NumberField:
    return NumberField(
        name=name,
        title=title,
        description=schema["description"],
        unit=unit,
        minimum=schema["minimum"],
        maximum=schema["maximum"] if "maximum" in schema else schema["exclusiveMaximum"] - 1,
        default=schema["default"],
        kind="number",
        choices=[],
    )
