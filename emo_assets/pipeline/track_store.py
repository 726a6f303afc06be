"""The files of the four generation assets of a request, as runs of the pipeline write and read them.

The studio stores its tracks with these functions. Importing this module does not import Dagster.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from emo_assets.song_request import TrackRequest
from emo_assets.store import Store, atomic_write, write_json

if TYPE_CHECKING:
    from upath import UPath

    from emo_assets.generation import Track

TRACK_ASSETS = ("requested_features", "track_description", "track_midi", "generated_track")
"""The generation assets, upstream ones first."""


def asset_path(store: Store, asset: str, name: str) -> UPath:
    """Return the file of a generation asset for the request `name`."""
    extension = ".mid" if asset == "track_midi" else ".json"
    return store.assets / asset / f"{name}{extension}"


def track_exists(store: Store, name: str) -> bool:
    """Tell whether the store holds the complete track of the request `name`."""
    return asset_path(store, "generated_track", name).exists()


def is_answered(store: Store, request: TrackRequest) -> bool:
    """Tell whether the store holds the complete track of exactly this request, with all its files."""
    try:
        files = _answering_files(store, request)
        return files is not None and all(file.exists() for file in files)
    except OSError:
        return False


def is_only_unrendered(store: Store, request: TrackRequest) -> bool:
    """Tell whether the store holds the notes of exactly this request's track, but not its rendered files."""
    notes = asset_path(store, "track_midi", request.name)
    return _answering_files(store, request) is not None and notes.exists() and not is_answered(store, request)


def _answering_files(store: Store, request: TrackRequest) -> list[UPath] | None:
    """Return the files of a request's track; None if the store holds no track of exactly this request."""
    try:
        document = read_asset_json(store, "generated_track", request.name)
        answered = TrackRequest.from_values(document["request"])
        names = [PurePath(path).name for path in document["files"].values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    folder = store.tracks / request.name
    return [folder / name for name in names] if answered == request else None


def save_track(store: Store, track: Track) -> None:
    """Write the files of the four generation assets, `generated_track` last, which `track_exists` reads.

    Args:
        store: the store.
        track: the track, from `generation.generate_track`.
    """
    name = track.request.name
    description = {"champion": track.champion, "tokens": list(track.description)}
    write_json(track.request.model_dump(mode="json"), asset_path(store, "requested_features", name))
    write_json(description, asset_path(store, "track_description", name))
    with atomic_write(asset_path(store, "track_midi", name)) as file:
        file.write(track.midi)
    write_json(track.as_document(), asset_path(store, "generated_track", name))


def read_asset_json(store: Store, asset: str, name: str) -> Any:
    """Read what an asset that is stored as JSON holds for the request `name`.

    Raises:
        FileNotFoundError: the asset holds nothing for this request.
    """
    return json.loads(asset_path(store, asset, name).read_bytes())
