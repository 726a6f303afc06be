"""Requests for songs: features with a name, a length, a seed and a strictness; and their YAML files."""

from __future__ import annotations

from collections.abc import Hashable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector, explain
from emo_assets.open_features import fill_open_features
from emo_assets.store import atomic_write

if TYPE_CHECKING:
    from upath import UPath

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Names of requests: each is a partition key and a folder's name."""

MAX_REQUEST_BYTES = 64 * 1024
"""A request is a dozen short lines; larger files are rejected."""


class Strictness(StrEnum):
    """How closely a song must follow the features that are asked for."""

    LOOSELY = "loosely"
    NORMALLY = "normally"
    STRICTLY = "strictly"


class TrackRequest(BaseModel):
    """A request for one song.

    Mode and tempo follow valence and energy where `features` was built without them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = Field(
        description="Lower-case letters, digits, '.', '_' and '-', at most 64 of them."
    )
    mood: str = Field("", max_length=200, description="What it should feel like, in words.")
    features: FeatureVector = Field(default_factory=FeatureVector, description="The ten audio features.")
    bars: int = Field(16, ge=1, le=128, description="Length of the song in bars.")
    seed: int = Field(0, ge=0, lt=2**31, description="Another seed gives another song of the same kind.")
    strictness: Strictness = Field(
        Strictness.NORMALLY,
        description="How closely the song must follow its settings. The more strictly, the longer it takes.",
    )

    @model_validator(mode="after")
    def _fill_open_features(self) -> Self:
        # the model is frozen, and the seed is validated after the features
        object.__setattr__(self, "features", fill_open_features(self.features, self.seed))
        return self

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """Build a request from the contents of a file or a form.

        Raises:
            InputError: a field is invalid; the message names it and what it must be.
        """
        if not isinstance(values, dict):
            raise InputError(f"a request is a list of 'name: value' lines, got {type(values).__name__}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(explain(error)) from error


def validate_name(name: str) -> str:
    """Return `name` if it is a valid name of a request.

    Raises:
        InputError: it has characters other than `a-z 0-9 . _ -`, starts with one of `. _ -`, or is too long.
    """
    return TrackRequest.from_values({"name": name}).name


def read_request(path: Path | UPath) -> TrackRequest:
    """Read a request file: YAML with `features` and optionally `mood`, `bars`, `seed`, `strictness`.

    The stem of the path is the request's name.

    Raises:
        InputError: the file is missing or not YAML, or a field is invalid.
    """
    return parse_request(read_request_text(path), path)


def read_request_text(path: Path | UPath) -> bytes:
    """Read the text of a request file.

    Raises:
        InputError: the file is missing, or larger than a request can be.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(text) > MAX_REQUEST_BYTES:
        raise InputError(f"{path}: is larger than {MAX_REQUEST_BYTES // 1024} KiB; a request is a short file")
    return text


class _TextLoader(yaml.SafeLoader):
    """Reads each value as the text that is written, and rejects a name that is given twice.

    YAML itself would read `mood: yes` as a truth value, `seed: 010` as 8 and `tempo: 1:30` as 90.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Construct a mapping.

        Raises:
            ConstructorError: a name is given twice.
        """
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


# of YAML's rules for values without quotes, only the one for `<<` stays
_TextLoader.yaml_implicit_resolvers = {"<": yaml.SafeLoader.yaml_implicit_resolvers["<"]}


def parse_request(text: bytes, path: Path | UPath) -> TrackRequest:
    """Parse the text of the request file at `path`.

    Raises:
        InputError: the text is not YAML, or a field is invalid.
    """
    try:
        values = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader
    except (yaml.reader.ReaderError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML in UTF-8; save it with that encoding") from error
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: is not YAML ({reason})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: must hold 'features:' with names and values")
    try:
        return TrackRequest.from_values({**values, "name": path.stem})
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def write_request(request: TrackRequest, folder: Path | UPath) -> Path | UPath:
    """Write `request` as `<name>.yaml` into `folder`, complete or not at all, and return the file's path."""
    path = folder / f"{request.name}.yaml"
    values = request.model_dump(mode="json", exclude={"name"})
    with atomic_write(path) as file:
        # a mood with line separators or control characters is kept by their codes
        readable = request.mood.isprintable()
        file.write(yaml.safe_dump(values, sort_keys=False, allow_unicode=readable).encode())
    return path
