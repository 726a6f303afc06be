"""The engine that makes real songs, with the store's champion and FIGARO.

Lives in the worker process. Both models stay loaded, and are loaded anew when the store holds newer ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upath import UPath

from emo_assets import generation
from emo_assets.errors import InputError
from emo_assets.pipeline.track_store import read_asset_json, save_track, track_exists
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store
from emo_assets.studio.tasks import Stage
from emo_assets.studio.worker import Listener

if TYPE_CHECKING:
    import dagster as dg

_Mark = tuple[float, int] | None
"""When a file was written and how large it is; None where there is no file."""


class SongEngine:
    """Makes songs and keeps them in a store.

    Args:
        base: the store's base path.
    """

    def __init__(self, base: str) -> None:
        import torch

        # a song is written token by token: steps so small that a second thread costs more than it brings
        torch.set_num_threads(1)
        self._store = Store(base)
        self._models: generation.Models | None = None
        self._marks: tuple[_Mark, ...] = ()
        self._instance: dg.DagsterInstance | None = None

    def prepare(self) -> str:
        """Load the models if they are not loaded, or if newer ones are there; return the champion's version.

        Raises:
            InputError: they are missing or damaged.
        """
        marks = tuple(_mark(path) for path in self._store.model_files)
        if self._models is None or marks != self._marks:
            loaded = generation.load_models(self._store, in_pair=True)
            if self._models is not None:
                self._models.close()
            self._models, self._marks = loaded, marks
        return self._models.champion

    def make(self, request: TrackRequest, listener: Listener) -> str:
        """Make a song and keep it, unless it is there already; return the version of its champion.

        Raises:
            InputError: it cannot be made as asked.
        """
        if track_exists(self._store, request.name):
            return str(read_asset_json(self._store, "track_description", request.name)["champion"])
        if self._models is None:
            raise InputError("the models are not loaded")
        track = generation.generate_track(
            request,
            self._models,
            generation.track_files(self._store, request.name),
            progress=lambda stage, done, total: listener(Stage(stage), done, total),
        )
        save_track(self._store, track)
        return track.champion

    def record(self, name: str) -> None:
        """Record a song in the Dagster instance; do nothing when it is recorded already, or was removed.

        Raises:
            InputError: there is no instance.
        """
        if not track_exists(self._store, name):
            return
        from emo_assets.pipeline.external_events import report_track
        from emo_assets.pipeline.instance import checkout_instance

        if self._instance is None:
            self._instance = checkout_instance()
        report_track(self._instance, self._store, name)


def _mark(path: UPath) -> _Mark:
    if not path.exists():
        return None
    status = path.stat()
    return status.st_mtime, status.st_size
