"""What assets are given besides their inputs: the store, and the source of the raw data.

Resources only say where things are; reading and composing is done by the packages they call.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.store import DEFAULT_BASE, Store

if TYPE_CHECKING:
    from emo_assets.audio.rendering import SoundSettings


class StoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where everything is kept."""

    base_path: str = DEFAULT_BASE

    def open(self) -> Store:
        """Return the store."""
        return Store(self.base_path)


class RawDataSource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the raw data come from.

    `sample` composes a small corpus in the three data sets' own formats; `local` reads files that lie at
    the three paths; `download` fetches from the official places what no path is given for.
    """

    source: Literal["sample", "local", "download"] = "sample"
    spotify: str | None = None
    """`local` and `download`: path of the Kaggle table, `dataset.csv`."""
    msd: str | None = None
    """`local` and `download`: path of the Million Song names, `unique_tracks.txt`, or of a folder of
    Million Song files, `lmd_matched_h5`."""
    lakh: str | None = None
    """`local` and `download`: path of the folder `lmd_matched`."""
    lakh_full: str | None = None
    """`local` and `download`: path of the folder `lmd_full`, for training FIGARO on more songs."""
    may_shrink: bool = False
    """Whether a raw table may have lost more than half of its rows since it was last in order."""
    sample_songs: int = 240
    """`sample`: how many songs are composed."""
    sample_seed: int = 0
    """`sample`: another seed composes another corpus."""

    def spotify_file(self, store: Store, progress: Progress = no_progress) -> Path:
        """Return the path of the Spotify table."""
        if self.source == "sample":
            return self._corpus(store, progress) / "spotify" / "dataset.csv"
        path = self._given("spotify")
        if path is None:
            from emo_assets.datasets.downloads.kaggle import spotify_table

            path = spotify_table(downloads_folder(store))
        return path

    def msd_file(self, store: Store, progress: Progress = no_progress) -> Path:
        """Return the path of the Million Song names, or of a folder of Million Song files."""
        if self.source == "sample":
            return self._corpus(store, progress) / "msd" / "unique_tracks.txt"
        path = self._given("msd")
        if path is None:
            from emo_assets.datasets.downloads.published import msd_names

            path = msd_names(downloads_folder(store), progress=progress)
        return path

    def lakh_folder(self, store: Store, progress: Progress = no_progress) -> Path:
        """Return the folder of the Lakh MIDI files."""
        if self.source == "sample":
            return self._corpus(store, progress) / "lmd_matched"
        path = self._given("lakh")
        if path is None:
            from emo_assets.datasets.downloads.published import lakh_files

            path = lakh_files(downloads_folder(store), progress=progress)
        return path

    def lakh_full_folder(self, store: Store, progress: Progress = no_progress) -> Path:
        """Return the folder of all Lakh MIDI files, also those without a Million Song id."""
        if self.source == "sample":
            raise InputError(
                "the sample has no songs without Million Song ids: name a folder lmd_full with the source "
                "'local', or train FIGARO without them (figaro_model's lakh_full: 0)"
            )
        path = self._given("lakh_full")
        if path is None:
            from emo_assets.datasets.downloads.published import LAKH_FULL, lakh_files

            path = lakh_files(downloads_folder(store), remote=LAKH_FULL, progress=progress)
        return path

    def _given(self, name: Literal["spotify", "msd", "lakh", "lakh_full"]) -> Path | None:
        """Return the path that is given for a data set, None where it is to be downloaded."""
        path: str | None = getattr(self, name)
        if path is None and self.source == "local":
            raise InputError(
                f"the source is 'local' but no path is given for {name}: set resources.raw_data.config.{name}"
            )
        return None if path is None else Path(path).expanduser()

    def _corpus(self, store: Store, progress: Progress) -> Path:
        """Return the composed corpus, composing it first where it does not lie complete.

        It is composed beside its place and renamed, so a folder that is there is complete; of two runs that
        compose at the same time the first one's stays, and both are the same.
        """
        from emo_assets.synthetic_corpus.corpus import compose_corpus

        folder = Path(str(store.sample)) / f"songs-{self.sample_songs}-seed-{self.sample_seed}"
        if folder.is_dir():
            return folder
        unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.unfinished")
        try:
            compose_corpus(unfinished, songs=self.sample_songs, seed=self.sample_seed, progress=progress)
            with suppress(OSError):
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        if not folder.is_dir():
            raise InputError(f"{folder}: the sample corpus could not be written there")
        return folder


def downloads_folder(store: Store) -> Path:
    """Return the folder of downloaded files.

    Raises:
        InputError: the store is not on this machine, where archives can be unpacked.
    """
    base = store.base
    if base.protocol not in ("", "file"):
        raise InputError(
            f"{base}: is no folder of this machine, where downloads could go; fetch the files elsewhere "
            "and name their paths (data sets with the source 'local')"
        )
    return Path(base.path) / "downloads"


class SoundResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How MIDI becomes sound."""

    sound_font: str | None = None
    """Path of another sound font (.sf2); the one that comes with pretty_midi by default."""
    reverb: bool = True
    """Whether the synthesizer's reverb is on."""
    chorus: bool = True
    """Whether the synthesizer's chorus is on."""

    def settings(self) -> SoundSettings:
        """Return the settings for rendering."""
        from emo_assets.audio.rendering import SoundSettings

        sound_font = None if self.sound_font is None else Path(self.sound_font).expanduser()
        return SoundSettings(sound_font, reverb=self.reverb, chorus=self.chorus)
