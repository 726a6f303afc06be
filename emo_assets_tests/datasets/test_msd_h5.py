from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from emo_assets.datasets.msd import COLUMNS
from emo_assets.datasets.msd_h5 import read_msd_h5
from emo_assets.errors import InputError

TRACK = "TRAAAAW128F429D538"


def song_file(
    root: Path, track: str = TRACK, artist: str = "Röyksopp", title: str = " Eple ", songs: int = 1
) -> Path:
    """Write a song's file with the tables and types of the published ones."""
    path = root / track[2] / track[3] / track[4] / f"{track}.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = np.dtype([("artist_hotttnesss", "<f8"), ("artist_name", "S1024"), ("title", "S1024")])
    with h5py.File(path, "w") as file:
        metadata = np.zeros(songs, names)
        metadata["artist_name"], metadata["title"] = artist.encode(), title.encode()
        file.create_group("metadata").create_dataset("songs", data=metadata, compression="gzip")
        analysis = np.zeros(songs, np.dtype([("tempo", "<f8"), ("track_id", "S32")]))
        analysis["track_id"] = track.encode()
        file.create_group("analysis").create_dataset("songs", data=analysis)
    return path


def test_names_are_read_from_every_song_file(tmp_path: Path) -> None:
    song_file(tmp_path)
    song_file(tmp_path, "TRBBBBW128F429D538", "Sigur Rós", "Hoppípolla")
    told: list[tuple[int, int]] = []
    read = read_msd_h5(tmp_path, progress=lambda _, done, total: told.append((done, total)))
    assert tuple(read.rows.columns) == COLUMNS
    assert read.rows.to_numpy().tolist() == [
        [TRACK, "Röyksopp", "Eple"],
        ["TRBBBBW128F429D538", "Sigur Rós", "Hoppípolla"],
    ]
    assert (read.rows.dtypes == "str").all()
    assert read.rejects.empty
    assert told == [(1, 2), (2, 2)]


def test_files_that_are_something_else_are_rejected_with_a_reason(tmp_path: Path) -> None:
    song_file(tmp_path)
    (tmp_path / "a.h5").write_bytes(b"nonsense")
    whole = song_file(tmp_path / "cut", "TRCUTAA128F429D538").read_bytes()
    (tmp_path / "b.h5").write_bytes(whole[:1000])
    h5py.File(tmp_path / "c.h5", "w").close()
    song_file(tmp_path / "d", "TRDDDDW128F429D538", songs=2)
    song_file(tmp_path / "e", "TREEEEW128F429D538", artist="")
    song_file(tmp_path / "f", "TRwrong")
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["metadata"] = h5py.ExternalLink(str(song_file(tmp_path / "z")), "/metadata")
        file["analysis"] = h5py.ExternalLink(str(song_file(tmp_path / "z")), "/analysis")
    (tmp_path / "cut" / "C" / "U" / "T" / "TRCUTAA128F429D538.h5").unlink()
    read = read_msd_h5(tmp_path)
    assert read.rows["msd_track_id"].tolist() == [TRACK]
    assert dict(zip(read.rejects["content"], read.rejects["reason"], strict=True)) == {
        "a.h5": "is not an HDF5 file, or is damaged",
        "b.h5": "is not an HDF5 file, or is damaged",
        "c.h5": "has no text metadata/songs/artist_name of one song",
        "d/D/D/D/TRDDDDW128F429D538.h5": "has no text metadata/songs/artist_name of one song",
        "e/E/E/E/TREEEEW128F429D538.h5": "the artist is empty",
        "f/w/r/o/TRwrong.h5": "the track id must be like TRAAAAW128F429D538",
        "g.h5": "has no text metadata/songs/artist_name of one song",
        f"z/A/A/A/{TRACK}.h5": "repeats an earlier file's track id",
    }


def test_a_folder_without_songs_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not exist; get lmd_matched_h5\.tar\.gz"):
        read_msd_h5(tmp_path / "none")
    (tmp_path / "x.h5").write_bytes(b"x")
    with pytest.raises(
        InputError, match=r"holds no Million Song file \(\.h5\); the first: x\.h5, is not an HDF5"
    ):
        read_msd_h5(tmp_path)


def test_without_h5py_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song_file(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        InputError, match=r"needs h5py; pip install 'emo-assets\[msd-h5\]', or use the list"
    ) as caught:
        read_msd_h5(tmp_path)
    assert "\n" not in str(caught.value)
