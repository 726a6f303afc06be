from __future__ import annotations

from pathlib import Path

import pytest

from emo_assets.audio.synthesizer import DEFAULT_SOUND, SoundSettings
from emo_assets.errors import InputError
from emo_assets.pipeline.resources import RawDataSource, SoundResource
from emo_assets.store import Store


def test_local_paths_are_used(tmp_path: Path) -> None:
    source = RawDataSource(source="local", spotify="~/dataset.csv", msd=str(tmp_path))
    store = Store(tmp_path)
    assert source.path("spotify", store) == Path.home() / "dataset.csv"
    assert source.path("msd", store) == tmp_path
    with pytest.raises(InputError, match=r"no path is given for lakh: set resources\.raw_data\.config\.lakh"):
        source.path("lakh", store)


def test_downloads_are_kept_in_the_store_and_given_paths_take_precedence(tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    (downloads / "lmd_matched").mkdir(parents=True)
    (downloads / "dataset.csv").write_bytes(b"here already")
    source = RawDataSource(source="download", msd=str(tmp_path / "names.txt"))
    store = Store(tmp_path)
    assert source.path("spotify", store) == downloads / "dataset.csv"
    assert source.path("msd", store) == tmp_path / "names.txt"
    assert source.path("lakh", store) == downloads / "lmd_matched"


def test_remote_store_cannot_hold_downloads() -> None:
    with pytest.raises(InputError, match="not a folder of this machine"):
        RawDataSource(source="download").path("lakh", Store("memory://store"))


def test_sample_has_no_full_lakh_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the sample has no songs without Million Song ids"):
        RawDataSource().path("lakh_full", Store(tmp_path))
    source = RawDataSource(source="local", lakh_full=str(tmp_path))
    assert source.path("lakh_full", Store(tmp_path)) == tmp_path


def test_sound_resource_sets_sound_font_reverb_and_chorus() -> None:
    assert SoundResource().settings() == DEFAULT_SOUND
    asked = SoundResource(sound_font="~/piano.sf2", reverb=False, chorus=False).settings()
    assert asked == SoundSettings(Path.home() / "piano.sf2", reverb=False, chorus=False)
