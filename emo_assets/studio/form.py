"""What the page's form is made of: the ten features as fields, and the presets to start from.

Everything comes from `features` and from request files; how it looks is decided by the page.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range
from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.song_request import Strictness, TrackRequest, read_request
from emo_assets.store import Store
from emo_assets.studio.task_queue import Journal

log = logging.getLogger(__name__)


class Choice(BaseModel):
    """One value of a feature that has few of them."""

    value: int
    label: str


class FeatureField(BaseModel):
    """One feature as a field of a form."""

    name: str = Field(description="The feature's name in requests.")
    title: str = Field(description="Its name for people.")
    description: str = Field(description="What it does, in one line.")
    unit: str
    minimum: float
    maximum: float
    default: float
    kind: Literal["number", "choice"]
    choices: list[Choice] = Field(description="All its values, where it has few; empty otherwise.")


class WordChoice(BaseModel):
    """One word of a field that takes one of a few."""

    value: str
    label: str


class WordField(BaseModel):
    """A field of a form that takes one of a few words."""

    name: str = Field(description="The field's name in requests.")
    title: str = Field(description="Its name for people.")
    description: str = Field(description="What it does, in one line.")
    default: str
    choices: list[WordChoice] = Field(description="All its values, in their order.")


class FormSchema(BaseModel):
    """All that a request may hold, with ranges and defaults."""

    features: list[FeatureField]
    bars: FeatureField
    seed: FeatureField
    strictness: WordField


_CHOICES = {
    "key": [Choice(value=number, label=name) for number, name in enumerate(PITCH_CLASSES)],
    "mode": [Choice(value=0, label="minor"), Choice(value=1, label="major")],
}


@cache
def form_schema() -> FormSchema:
    """Return the fields of a request, from its one schema."""
    request = TrackRequest.model_json_schema()["properties"]
    return FormSchema(
        features=[_feature_field(name) for name in FEATURE_NAMES],
        bars=_whole_number("bars", "Length", "bars", request["bars"]),
        seed=_whole_number("seed", "Seed", "", request["seed"]),
        strictness=_strictness(request["strictness"]),
    )


def _feature_field(name: str) -> FeatureField:
    schema = FeatureVector.model_json_schema()["properties"][name]
    smallest, largest = feature_range(name)
    choices = _CHOICES.get(name, [])
    if schema["type"] == "integer" and not choices:
        choices = [Choice(value=value, label=str(value)) for value in range(int(smallest), int(largest) + 1)]
    return FeatureField(
        name=name,
        title=schema["title"],
        description=schema["description"],
        unit=schema["unit"],
        minimum=smallest,
        maximum=largest,
        default=schema["default"],
        kind="choice" if choices else "number",
        choices=choices,
    )


def _whole_number(name: str, title: str, unit: str, schema: dict[str, float | str]) -> FeatureField:
    largest = schema["maximum"] if "maximum" in schema else float(schema["exclusiveMaximum"]) - 1
    return FeatureField(
        name=name,
        title=title,
        description=str(schema["description"]),
        unit=unit,
        minimum=float(schema["minimum"]),
        maximum=float(largest),
        default=float(schema["default"]),
        kind="number",
        choices=[],
    )


def _strictness(schema: dict[str, Any]) -> WordField:
    return WordField(
        name="strictness",
        title="Follow my settings",
        description=schema["description"],
        default=schema["default"],
        choices=[WordChoice(value=each.value, label=each.value.capitalize()) for each in Strictness],
    )


def presets(store: Store, journal: Journal) -> list[TrackRequest]:
    """Return the store's requests that people can start from, by name.

    Requests that the studio itself accepted are songs of somebody, no presets. A file that holds no
    request is left out.
    """
    found = []
    for path in sorted(store.requests.glob("*.yaml")):
        if journal.is_known(path.stem):
            continue
        try:
            found.append(read_request(path))
        except InputError as error:
            log.warning("a preset is left out: %s", error)
    return found
