"""The files of the four generation assets of a request, for songs that are made outside of runs.

They are the same files that a run leaves: a later run finds them, and nobody can tell the ways apart.
Importing this module does not import Dagster; telling Dagster of the files is done by `recording`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from emo_assets.store import Store, atomic_write

if TYPE_CHECKING:
    from upath import UPath

    from emo_assets.generation import Track


def asset_path(store: Store, asset: str, name: str) -> UPath:
    """Return where a generation asset keeps the partition of the request `name`."""
    ending = ".mid" if asset == "track_midi" else ".json"
    return store.assets / asset / f"{name}{ending}"


def track_exists(store: Store, name: str) -> bool:
    """Tell whether the song of the request `name` is complete in the store."""
    return asset_path(store, "generated_track", name).exists()


def save_track(store: Store, track: Track) -> None:
    """Write what the four generation assets hold of a song.

    The track's own document is written last: where it stands, everything else does.

    Args:
        store: where to.
        track: the song, from `generation.generate_track`.
    """
    name = track.request.name
    _write_document(store, "requested_features", name, track.request.model_dump(mode="json"))
    description = {"champion": track.champion, "tokens": list(track.description)}
    _write_document(store, "track_description", name, description)
    with atomic_write(asset_path(store, "track_midi", name)) as file:
        file.write(track.midi)
    _write_document(store, "generated_track", name, track.as_document())


def read_asset_json(store: Store, asset: str, name: str) -> Any:
    """Read what an asset that keeps documents holds of the request `name`.

    Raises:
        FileNotFoundError: it holds nothing of this request.
    """
    return json.loads(asset_path(store, asset, name).read_bytes())


def _write_document(store: Store, asset: str, name: str, document: Any) -> None:
    with atomic_write(asset_path(store, asset, name)) as file:
        file.write(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode())
