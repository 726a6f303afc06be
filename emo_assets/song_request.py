"""Requests: a feature vector with a name, a length and a seed, and the files that hold them.

A request's name becomes a partition key and a folder, so only harmless names pass. What is done with a
request is not known here.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector, explain
from emo_assets.store import atomic_write

if TYPE_CHECKING:
    from upath import UPath

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""What a request may be called: it is used as a partition key and as a folder's name."""

MAX_REQUEST_BYTES = 64 * 1024
"""Bytes. A request is a dozen short lines; a larger file is not one."""


class Strictness(StrEnum):
    """How closely a song must follow the features that are asked for."""

    LOOSELY = "loosely"
    NORMALLY = "normally"
    STRICTLY = "strictly"


class TrackRequest(BaseModel):
    """One song that somebody asks for."""

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

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """Build a request from what a file or a form holds.

        Raises:
            InputError: something in it is wrong; the message names the field and what it must be.
        """
        if not isinstance(values, dict):
            raise InputError(f"a request is a list of 'name: value' lines, got {type(values).__name__}")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(explain(error)) from error


def validate_name(name: str) -> str:
    """Return `name` when it may be a request's name.

    Raises:
        InputError: it holds anything but `a-z 0-9 . _ -`, starts with a sign, or is too long.
    """
    return TrackRequest.from_values({"name": name}).name


def read_request(path: Path | UPath) -> TrackRequest:
    """Read one request file: YAML with `features` and, if wanted, `mood`, `bars`, `seed`, `strictness`.

    The request is called after the file (`calm-evening.yaml` is `calm-evening`).

    Raises:
        InputError: the file is missing, is not YAML, or holds something wrong.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(text) > MAX_REQUEST_BYTES:
        raise InputError(f"{path}: is larger than {MAX_REQUEST_BYTES // 1024} KiB; a request is a short file")
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: is not YAML ({reason})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: must hold 'features:' with names and values")
    try:
        return TrackRequest.from_values({**values, "name": path.stem})
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def write_request(request: TrackRequest, folder: Path | UPath) -> Path | UPath:
    """Write `request` as `<name>.yaml` into `folder`, whole or not at all, and return the file's path."""
    path = folder / f"{request.name}.yaml"
    values = request.model_dump(mode="json", exclude={"name"})
    with atomic_write(path) as file:
        file.write(yaml.safe_dump(values, sort_keys=False, allow_unicode=True).encode())
    return path
