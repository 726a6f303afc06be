"""Resources: the store, the source of the raw data, and the sound of rendered tracks."""

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
    from emo_assets.audio.synthesizer import SoundSettings


Dataset = Literal["spotify", "msd", "lakh", "lakh_full"]
_SAMPLE_PATHS = {"spotify": "spotify/dataset.csv", "msd": "msd/unique_tracks.txt", "lakh": "lmd_matched"}


class StoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The store of all assets."""

    base_path: str = DEFAULT_BASE

    def open(self) -> Store:
        """Return the store."""
        return Store(self.base_path)


class RawDataSource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the raw data come from.

    `sample` composes a small corpus in the formats of the three data sets; `local` reads files at given
    paths; `download` downloads the data sets for which no path is given.
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
    """Whether a raw table may have less than half of the rows that it last had."""
    sample_songs: int = 240
    """`sample`: how many songs are composed."""
    sample_seed: int = 0
    """`sample`: another seed composes another corpus."""

    def path(self, dataset: Dataset, store: Store, progress: Progress = no_progress) -> Path:
        """Return the file or folder of a data set; compose or download it if necessary.

        Args:
            dataset: the data set.
            store: where composed and downloaded files are kept.
            progress: called while files are composed or downloaded.

        Raises:
            InputError: the configuration names no path, or the files cannot be had.
        """
        if self.source == "sample":
            if dataset == "lakh_full":
                raise InputError(
                    "the sample has no songs without Million Song ids: name a folder lmd_full with the "
                    "source 'local', or train FIGARO without them (figaro_model's lakh_full: 0)"
                )
            return self._corpus(store, progress) / _SAMPLE_PATHS[dataset]
        given: str | None = getattr(self, dataset)
        if given is not None:
            return Path(given).expanduser()
        if self.source == "local":
            name = f"resources.raw_data.config.{dataset}"
            raise InputError(f"the source is 'local' but no path is given for {dataset}: set {name}")
        return _download(dataset, downloads_folder(store), progress)

    def _corpus(self, store: Store, progress: Progress) -> Path:
        """Return the composed corpus; compose it if it is not there.

        The folder is renamed when it is complete. Of two runs that compose at the same time the first one's
        folder stays; both are equal.
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
        InputError: the store is not a folder of this machine.
    """
    base = store.base
    if base.protocol not in ("", "file"):
        raise InputError(
            f"{base}: is not a folder of this machine, so files cannot be downloaded there; download them "
            "elsewhere and name their paths (data sets with the source 'local')"
        )
    return Path(base.path) / "downloads"


def _download(dataset: Dataset, folder: Path, progress: Progress) -> Path:
    from emo_assets.datasets.downloads.kaggle import spotify_table
    from emo_assets.datasets.downloads.published import LAKH_FULL, LAKH_MATCHED, lakh_files, msd_names

    match dataset:
        case "spotify":
            return spotify_table(folder)
        case "msd":
            return msd_names(folder, progress=progress)
    remote = LAKH_FULL if dataset == "lakh_full" else LAKH_MATCHED
    return lakh_files(folder, remote=remote, progress=progress)


class SoundResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How MIDI becomes sound."""

    sound_font: str | None = None
    """Name of an installed sound font, or path of an .sf2 or .sf3 file; by default the best installed one."""
    reverb: bool = True
    """Whether the synthesizer's reverb is on."""
    chorus: bool = True
    """Whether the synthesizer's chorus is on."""

    def settings(self) -> SoundSettings:
        """Return the settings for rendering."""
        from emo_assets.audio.synthesizer import SoundSettings

        sound_font = None if self.sound_font is None else Path(self.sound_font).expanduser()
        return SoundSettings(sound_font, reverb=self.reverb, chorus=self.chorus)
