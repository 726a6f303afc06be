"""The ten Spotify audio features: names, ranges, units, descriptions and defaults.

Dagster configuration, request files, the command line, the models' encoding and the REST API use this schema.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from emo_assets.errors import InputError
from emo_assets.music_theory import PITCH_CLASSES, format_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FLAT_NAMES = {"DB": 1, "EB": 3, "GB": 6, "AB": 8, "BB": 10}


def _key_number(value: Any) -> Any:
    """Convert a key's name ("F#", "Bb") to its number; return other values unchanged."""
    if isinstance(value, str):
        name = value.strip().upper().replace("♯", "#").replace("♭", "B")
        if name in PITCH_CLASSES:
            return PITCH_CLASSES.index(name)
        return _FLAT_NAMES.get(name, value)
    return value


def _mode_number(value: Any) -> Any:
    """Convert a mode's name ("major", "minor") to its number; return other values unchanged."""
    if isinstance(value, str):
        return {"minor": 0, "major": 1}.get(value.strip().lower(), value)
    return value


class FeatureVector(BaseModel):
    """A song's ten Spotify audio features, in Spotify's ranges and units.

    Each field has a one-line description for users; `json_schema_extra["unit"]` is its unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    danceability: float = Field(
        0.6,
        ge=0,
        le=1,
        title="Danceability",
        json_schema_extra={"unit": "0 to 1"},
        description="How steady and danceable the beat is, from loose (0) to made for dancing (1).",
    )
    energy: float = Field(
        0.6,
        ge=0,
        le=1,
        title="Energy",
        json_schema_extra={"unit": "0 to 1"},
        description="How intense and busy the music is, from calm (0) to furious (1).",
    )
    key: Annotated[int, BeforeValidator(_key_number)] = Field(
        0,
        ge=0,
        le=11,
        title="Key",
        json_schema_extra={"unit": "pitch class, C = 0 to B = 11"},
        description="The home note of the song: 0 is C, 1 is C#, and so on to 11, which is B.",
    )
    loudness: float = Field(
        -8.0,
        ge=-60,
        le=5,
        title="Loudness",
        json_schema_extra={"unit": "dB"},
        description="How loud the song is on average: -60 is nearly silent, -5 is a loud pop song.",
    )
    mode: Annotated[int, BeforeValidator(_mode_number)] = Field(
        1,
        ge=0,
        le=1,
        title="Mode",
        json_schema_extra={"unit": "0 minor, 1 major"},
        description="Whether the song is in a minor (0, darker) or a major key (1, brighter).",
    )
    acousticness: float = Field(
        0.3,
        ge=0,
        le=1,
        title="Acousticness",
        json_schema_extra={"unit": "0 to 1"},
        description="How much it is played on natural instruments, from electronic (0) to acoustic (1).",
    )
    instrumentalness: float = Field(
        0.1,
        ge=0,
        le=1,
        title="Instrumentalness",
        json_schema_extra={"unit": "0 to 1"},
        description="How much the song does without a lead voice, from sung (0) to purely instrumental (1).",
    )
    valence: float = Field(
        0.6,
        ge=0,
        le=1,
        title="Happiness",
        json_schema_extra={"unit": "0 to 1"},
        description="How happy the song feels, from sad or angry (0) to cheerful (1).",
    )
    tempo: float = Field(
        120.0,
        ge=30,
        le=250,
        title="Tempo",
        json_schema_extra={"unit": "beats per minute"},
        description="The speed of the beat in beats per minute: 60 is slow, 120 a brisk walk, 180 very fast.",
    )
    time_signature: int = Field(
        4,
        ge=1,
        le=7,
        title="Beats in a bar",
        json_schema_extra={"unit": "quarter notes per bar"},
        description="How many beats there are in a bar: 3 is a waltz, 4 is nearly all popular music.",
    )

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Build a vector from names and values.

        Args:
            values: values by feature name; missing features take their defaults.

        Raises:
            InputError: a name is unknown, or a value is not a number or outside its range.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise InputError(explain(error)) from error

    def as_array(self) -> NDArray[np.float64]:
        """Return the ten values in the order of `FEATURE_NAMES`, shape (10,)."""
        import numpy as np

        return np.array([getattr(self, name) for name in FEATURE_NAMES], dtype=np.float64)

    @property
    def key_name(self) -> str:
        """The key and mode in words, such as "F# minor"."""
        return format_key(self.key, self.mode)


FEATURE_NAMES: tuple[str, ...] = tuple(FeatureVector.model_fields)
"""The ten features, in the order of every table, array and model."""


def feature_range(name: str) -> tuple[float, float]:
    """Return the smallest and largest valid value of the feature `name`."""
    schema = FeatureVector.model_json_schema()["properties"][name]
    return float(schema["minimum"]), float(schema["maximum"])


def explain(error: ValidationError) -> str:
    """Return a validation error as one line for users, such as `tempo must be at least 30, got -3`.

    Args:
        error: the error of a `FeatureVector` or of a model that contains one.
    """
    return "; ".join(_explain_one(detail) for detail in error.errors(include_url=False))


def _explain_one(detail: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in detail["loc"]) or "the request"
    value = detail["input"]
    got = reprlib.repr(value) if isinstance(value, dict | list) else repr(value)
    shown = got if len(got) <= 40 else got[:37] + "..."
    context = detail.get("ctx", {})
    match detail["type"]:
        case "greater_than_equal":
            return f"{name} must be at least {context['ge']:g}, got {shown}"
        case "less_than_equal":
            return f"{name} must be at most {context['le']:g}, got {shown}"
        case "extra_forbidden":
            return f"{name} is not a known name"
        case "missing":
            return f"{name} is missing"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{name} must be a number, got {shown}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{name} must be a whole number, got {shown}"
        case "enum":
            return f"{name} must be {context['expected']}, got {shown}"
        case "string_pattern_mismatch":
            return f"{name} may hold only a-z, 0-9 and . _ -, and start with a letter or digit; got {shown}"
        case _:
            return f"{name}: {detail['msg'].removeprefix('Value error, ')}, got {shown}"
