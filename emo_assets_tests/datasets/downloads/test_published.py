from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emo_assets.datasets.downloads.fetch import RemoteFile, RetryPolicy
from emo_assets.datasets.downloads.published import LAKH_FULL, LAKH_MATCHED, MSD_NAMES, lakh_files, msd_names
from emo_assets.datasets.downloads.unpack import Limits
from emo_assets.errors import InputError
from emo_assets_tests.datasets.downloads.server import Served, serving

QUICK = RetryPolicy(attempts=2, backoff=0.01, timeout=2.0)
OFFLINE = "http://no-such-host.invalid/"


def lakh_archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for number in range(20):
            info = tarfile.TarInfo(f"lmd_matched/A/A/A/TRAAA{number:013}/{number:032}.mid")
            info.size = 1000
            tar.addfile(info, io.BytesIO(bytes([number]) * 1000))
    return packed.getvalue()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(lakh_archive()) as served:
        yield served


def published(served: Served) -> RemoteFile:
    size = len(served.content)
    sha256 = hashlib.sha256(served.content).hexdigest()
    return RemoteFile(served.url, "lmd_matched.tar.gz", size, size, sha256)


def test_lakh_comes_as_a_folder_and_its_archive_is_not_kept(served: Served, tmp_path: Path) -> None:
    told: list[str] = []
    tree = lakh_files(
        tmp_path, remote=published(served), progress=lambda stage, done, total: told.append(stage)
    )
    assert tree == tmp_path / "lmd_matched"
    assert len(list(tree.rglob("*.mid"))) == 20
    assert not (tmp_path / "lmd_matched.tar.gz").exists()
    assert set(told) == {"downloading lmd_matched.tar.gz", "unpacking lmd_matched.tar.gz"}
    assert lakh_files(tmp_path, remote=published(served)) == tree
    assert len(served.asked) == 1


def test_an_archive_placed_by_hand_is_unpacked_without_a_network(served: Served, tmp_path: Path) -> None:
    (tmp_path / "lmd_matched.tar.gz").write_bytes(served.content)
    assert lakh_files(tmp_path, remote=published(served)).is_dir()
    assert served.asked == []


def test_a_folder_placed_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "lmd_matched").mkdir()
    assert lakh_files(tmp_path) == tmp_path / "lmd_matched"


def test_an_archive_that_breaks_a_limit_leaves_no_folder(served: Served, tmp_path: Path) -> None:
    limits = Limits(members=5, file_bytes=10_000, total_bytes=100_000)
    with pytest.raises(InputError, match="holds more than 5 files and folders"):
        lakh_files(tmp_path, remote=published(served), limits=limits)
    assert not (tmp_path / "lmd_matched").exists()


def test_without_a_network_the_error_says_how_to_place_lakh_by_hand(tmp_path: Path) -> None:
    remote = RemoteFile(OFFLINE + "lmd_matched.tar.gz", "lmd_matched.tar.gz", 1, 1, "0" * 64)
    with pytest.raises(InputError) as caught:
        lakh_files(tmp_path, remote=remote, retry=QUICK)
    assert str(caught.value) == (
        "http://no-such-host.invalid/lmd_matched.tar.gz: no network, or the server's name is "
        f"unknown. By hand: place the file at {tmp_path}/lmd_matched.tar.gz, or unpack it and "
        "give the path of the folder lmd_matched with the source 'local' (raw_data.lakh)"
    )
    remote = RemoteFile(OFFLINE + "lmd_full.tar.gz", "lmd_full.tar.gz", 1, 1, "0" * 64)
    with pytest.raises(InputError, match=r"the path of the folder lmd_full with .*\(raw_data\.lakh_full\)$"):
        lakh_files(tmp_path, remote=remote, retry=QUICK)


def test_the_names_come_as_a_file(served: Served, tmp_path: Path) -> None:
    remote = RemoteFile(served.url, "unique_tracks.txt", 1, 10_000_000)
    path = msd_names(tmp_path, remote=remote)
    assert path == tmp_path / "unique_tracks.txt"
    assert path.read_bytes() == served.content


def test_without_a_network_the_error_says_how_to_place_the_names_by_hand(tmp_path: Path) -> None:
    remote = RemoteFile(OFFLINE + "unique_tracks.txt", "unique_tracks.txt", 1, 1)
    with pytest.raises(InputError) as caught:
        msd_names(tmp_path, remote=remote, retry=QUICK)
    assert "\n" not in str(caught.value)
    assert f"By hand: place the file at {tmp_path}/unique_tracks.txt, or give its path" in str(caught.value)
    assert "the source 'local' (raw_data.msd" in str(caught.value)


def test_the_published_files_are_named_with_size_and_sum() -> None:
    for remote in (LAKH_MATCHED, LAKH_FULL):
        assert remote.min_bytes == remote.max_bytes
        assert remote.sha256 is not None
        assert len(remote.sha256) == 64
        assert remote.url.endswith(f"/{remote.name}")
    assert MSD_NAMES.min_bytes < 84_000_000 < MSD_NAMES.max_bytes
