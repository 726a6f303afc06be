"""Where things are kept, and how they are written: whole or not at all.

Knows the layout below the base path (`data/` by default, any fsspec URL by configuration) and the one way
to write there: to a temporary name first, then renamed. What the files hold is not known here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from emo_assets.errors import InputError

if TYPE_CHECKING:
    from upath import UPath


DEFAULT_BASE = "data"
"""The base path of a checkout's own store, relative to its top level."""

FORMER_NAMES = {"song_metrics.parquet": "heard_songs.parquet"}
"""Files of assets that were renamed."""


class Store:
    """The layout of everything the pipeline keeps.

    Args:
        base: the base path: a folder or any fsspec URL.

    Raises:
        InputError: nothing that is installed can reach a place of this kind.
    """

    def __init__(self, base: str | Path | UPath = DEFAULT_BASE) -> None:
        from upath import UPath

        try:
            self.base = UPath(base)
            self.base.fs  # noqa: B018 - found by the kind of place, whether that place is there or not
        except (ImportError, ValueError) as error:
            raise InputError(f"{base} cannot be a store ({error}): give the path of a folder") from error

    @property
    def assets(self) -> UPath:
        """The folder of what assets hold: one file or folder an asset, named after it."""
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
        """The folder of request files (`<name>.yaml`), the presets among them."""
        return self.base / "requests"

    @property
    def tracks(self) -> UPath:
        """The folder of finished tracks: one folder a request, with its sound, MIDI and pictures."""
        return self.base / "tracks"

    @property
    def reports(self) -> UPath:
        """The folder of pages and pictures for people."""
        return self.base / "reports"

    @property
    def checkpoints(self) -> UPath:
        """The folder of unfinished trainings, from which a killed one goes on."""
        return self.base / "checkpoints"

    @property
    def champions(self) -> UPath:
        """The folder of the weights that serve requests: one folder a version."""
        return self.base / "champions"

    @property
    def model_files(self) -> tuple[UPath, ...]:
        """The files that determine which models serve requests; the models are reloaded when one changes."""
        names = ("champion.json", "figaro_model.safetensors", "song_metrics.parquet")
        return tuple(self.asset_file(name) for name in names)

    @property
    def sample(self) -> UPath:
        """The folder of the composed sample corpus."""
        return self.base / "sample"


@contextmanager
def atomic_write(path: Path | UPath) -> Iterator[BinaryIO]:
    """Open `path` for writing bytes such that it appears complete or not at all.

    The file is written beside its place under a temporary name and renamed when the block ends; when the
    block raises, the temporary file is removed and an older `path` stays as it was. Folders are made.

    Args:
        path: where the file shall stand.

    Yields:
        A binary file to write to.
    """
    from upath import UPath

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        if isinstance(unfinished, Path):
            unfinished.replace(str(path))
        else:
            unfinished.fs.mv(unfinished.path, UPath(path).path)
    finally:
        if unfinished.exists():
            unfinished.unlink()


def write_json(value: object, path: Path | UPath) -> None:
    """Write plain values (mappings, lists, numbers, text) as indented JSON, atomically."""
    with atomic_write(path) as file:
        file.write(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode())
