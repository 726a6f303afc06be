from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from upath import UPath

from emo_assets.store import Store, atomic_write


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    return UPath(tmp_path) if request.param == "local" else UPath(f"memory://{tmp_path.name}")


def test_a_file_appears_complete_in_folders_made_for_it(folder: UPath) -> None:
    path = folder / "a" / "b" / "c.bin"
    with atomic_write(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert [each.name for each in path.parent.iterdir()] == ["c.bin"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(folder: UPath) -> None:
    path = folder / "kept.bin"
    with atomic_write(path) as file:
        file.write(b"old")

    def fail_halfway() -> None:
        with atomic_write(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert path.read_bytes() == b"old"
    assert [each.name for each in folder.iterdir()] == ["kept.bin"]


def test_a_second_write_replaces_the_first(folder: UPath) -> None:
    path = folder / "twice.bin"
    for content in (b"first", b"second"):
        with atomic_write(path) as file:
            file.write(content)
    assert path.read_bytes() == b"second"


def test_the_file_of_a_renamed_asset_is_found_under_its_former_name(folder: UPath) -> None:
    store = Store(folder)
    store.assets.mkdir(parents=True, exist_ok=True)
    assert store.asset_file("song_metrics.parquet") == store.assets / "song_metrics.parquet"
    (store.assets / "heard_songs.parquet").write_bytes(b"old")
    assert store.asset_file("song_metrics.parquet").read_bytes() == b"old"
    assert store.assets / "heard_songs.parquet" in store.model_files
    (store.assets / "song_metrics.parquet").write_bytes(b"new")
    assert store.asset_file("song_metrics.parquet").read_bytes() == b"new"


def test_all_folders_are_below_the_base(folder: UPath) -> None:
    store = Store(folder)
    for place in (store.assets, store.requests, store.tracks, store.reports, store.checkpoints, store.sample):
        assert place.parent == store.base


def test_errors_of_the_system_name_the_file_and_never_its_temporary_name(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/song.wav'"),
        atomic_write(tmp_path / "song.wav"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError) as caught, atomic_write(tmp_path / "folder"):
        pass
    assert caught.value.filename == str(tmp_path / "folder")
    with pytest.raises(FileNotFoundError) as caught_elsewhere, atomic_write(tmp_path / "song.wav"):
        (tmp_path / "other").read_bytes()
    assert caught_elsewhere.value.filename == str(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
