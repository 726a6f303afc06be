"""The layout of the store below its base path, and atomic writes.

The base path is `data/` by default, and may be any fsspec URL.
"""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from emo_assets.errors import InputError

if TYPE_CHECKING:
    from upath import UPath


DEFAULT_BASE = "data"
"""Base path of a checkout's store, relative to its top level."""

FORMER_NAMES = {"song_metrics.parquet": "heard_songs.parquet"}
"""Files of assets that were renamed."""


class Store:
    """The folders of a store.

    Args:
        base: the base path: a folder or any fsspec URL.

    Raises:
        InputError: no installed filesystem supports the URL, or it is a file.
    """

    def __init__(self, base: str | Path | UPath = DEFAULT_BASE) -> None:
        from upath import UPath

        try:
            self.base = UPath(base)
            self.base.fs  # noqa: B018 - fails for unsupported URLs
        except (ImportError, ValueError, TypeError, OSError) as error:
            raise InputError(f"{base} cannot be a store ({error}): give the path of a folder") from error
        if self.base.protocol in ("", "file") and self.base.is_file():
            raise InputError(f"{base} cannot be a store (it is a file): give the path of a folder")

    @property
    def assets(self) -> UPath:
        """One file or folder per asset, named after it."""
        return self.base / "assets"

    def asset_file(self, name: str) -> UPath:
        """Return the file of an asset.

        Args:
            name: path of the file in the folder of assets. Where only a file by the asset's former name
                exists, as in stores of earlier versions, that one is returned.
        """
        path = self.assets / name
        if name in FORMER_NAMES and not path.exists():
            former = self.assets / FORMER_NAMES[name]
            return former if former.exists() else path
        return path

    @property
    def requests(self) -> UPath:
        """Request files (`<name>.yaml`), including presets."""
        return self.base / "requests"

    @property
    def tracks(self) -> UPath:
        """Finished tracks: one folder per request, with its sound, MIDI and picture."""
        return self.base / "tracks"

    @property
    def reports(self) -> UPath:
        """Report pages and pictures."""
        return self.base / "reports"

    @property
    def checkpoints(self) -> UPath:
        """Checkpoints of unfinished trainings, from which they resume."""
        return self.base / "checkpoints"

    @property
    def champions(self) -> UPath:
        """Weights that serve requests: one folder per version."""
        return self.base / "champions"

    @property
    def model_files(self) -> tuple[UPath, ...]:
        """The files that determine which models serve requests; the models are reloaded when one changes."""
        names = ("champion.json", "figaro_model.safetensors", "song_metrics.parquet")
        return tuple(self.asset_file(name) for name in names)

    @property
    def sample(self) -> UPath:
        """The composed sample corpus."""
        return self.base / "sample"


def check_writable(path: Path) -> None:
    """Check that a local file can be written, before the work whose result it holds.

    Raises:
        InputError: it is a folder or a device, or its folder cannot be written or has no space left.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file; name another")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
    except OSError as error:
        raise InputError(
            f"{path}: nothing can be written into {folder} ({error.strerror}); name another place"
        ) from error


@contextmanager
def name_in_errors(path: Path | UPath | str, unless_other: Path | UPath | None = None) -> Iterator[None]:
    """Let errors of the system name a file, when they name none.

    Args:
        path: the file.
        unless_other: a temporary name of the file, which errors do not show either.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(unless_other)):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


@contextmanager
def atomic_write(path: Path | UPath) -> Iterator[BinaryIO]:
    """Open a file for writing that appears complete or not at all.

    Writes to a temporary file in the same folder and renames it when the block ends. If the block raises, the
    temporary file is removed and an existing file stays unchanged. Creates missing folders.

    Args:
        path: the file to write.

    Yields:
        A binary file.

    Raises:
        OSError: it cannot be written; the error names the file.
    """
    from upath import UPath

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.unfinished")
    try:
        with name_in_errors(path, temporary):
            with temporary.open("wb") as file:
                yield file
            if isinstance(temporary, Path):
                temporary.replace(str(path))
            else:
                temporary.fs.mv(temporary.path, UPath(path).path)
    finally:
        if temporary.exists():
            temporary.unlink()


def write_json(value: object, path: Path | UPath) -> None:
    """Write plain values (mappings, lists, numbers, text) as indented JSON, atomically."""
    with atomic_write(path) as file:
        file.write(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode())
