"""The generator of real songs, with the store's champion and FIGARO.

It runs in the worker process. The server imports this module, too, so models and pandas are imported when
they are used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emo_assets.errors import InputError
from emo_assets.pipeline.track_store import read_asset_json, save_track, track_exists
from emo_assets.song_request import TrackRequest
from emo_assets.store import Store
from emo_assets.studio.task_progress import Stage
from emo_assets.studio.worker import StageProgress

if TYPE_CHECKING:
    import dagster as dg

    from emo_assets.generation import Models

_FileVersion = tuple[float, int] | None
"""Time of modification and size of a file; None if it is missing."""


class SongGenerator:
    """Generates songs and stores them. Models stay loaded until the store holds newer ones.

    Args:
        base: the store's base path.
        sound_font: as for `SoundSettings`.
    """

    def __init__(self, base: str, sound_font: Path | None = None) -> None:
        import torch

        # decoding steps are so small that a second thread costs more than it gains
        torch.set_num_threads(1)
        self._store = Store(base)
        self._sound_font = sound_font
        self._models: Models | None = None
        self._versions: list[_FileVersion] = []
        self._instance: dg.DagsterInstance | None = None

    def load(self) -> str:
        """Load the models if they are not loaded or have changed; return the champion's version.

        Raises:
            InputError: a model is missing or damaged.
        """
        from emo_assets.generation import load_models

        versions: list[_FileVersion] = []
        for path in self._store.model_files:
            stat = path.stat() if path.exists() else None
            versions.append((stat.st_mtime, stat.st_size) if stat else None)
        if self._models is None or versions != self._versions:
            loaded = load_models(self._store, parallel=True)
            if self._models is not None:
                self._models.close()
            self._models, self._versions = loaded, versions
        return self._models.champion

    def generate(self, request: TrackRequest, progress: StageProgress) -> str:
        """Generate and store a song unless it exists; return the version of its champion.

        Raises:
            InputError: the song cannot be generated as requested.
        """
        from emo_assets.audio.synthesizer import SoundSettings
        from emo_assets.generation import generate_track, track_files

        if track_exists(self._store, request.name):
            return str(read_asset_json(self._store, "track_description", request.name)["champion"])
        if self._models is None:
            raise InputError("the models are not loaded")
        track = generate_track(
            request,
            self._models,
            track_files(self._store, request.name),
            sound=SoundSettings(self._sound_font),
            progress=lambda stage, done, total: progress(Stage(stage), done, total),
        )
        save_track(self._store, track)
        return track.champion

    def record(self, name: str) -> None:
        """Record a song in the Dagster instance unless it is recorded or was deleted.

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
