from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from emo_assets.datasets.downloads.checkpoints import checkpoint_file, is_url, redact_url
from emo_assets.datasets.downloads.fetch import RetryPolicy
from emo_assets.errors import InputError
from emo_assets_tests.datasets.downloads.server import Served, serving

CONTENT = random.Random(2).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = RetryPolicy(attempts=2, backoff=0.01, timeout=2.0)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(CONTENT) as served:
        yield served


def visible(folder: Path) -> list[str]:
    """The files in a folder except locks and partial downloads."""
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def test_a_download_resumes_and_happens_once(served: Served, tmp_path: Path) -> None:
    served.drops = [100_000]
    for _ in range(2):
        path = checkpoint_file(served.url, tmp_path, sha256=SHA256, retry=QUICK)
        assert path.read_bytes() == CONTENT
    assert served.asked == ["", "bytes=100000-"]


def test_a_file_of_another_sum_is_refused_and_nothing_is_kept(served: Served, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has the sha256 .* By hand: download it elsewhere") as error:
        checkpoint_file(served.url, tmp_path, sha256="0" * 64, retry=QUICK)
    assert "\n" not in str(error.value)
    assert [path.name.endswith(".lock") for path in tmp_path.iterdir()] == [True]


def test_files_of_one_name_do_not_meet(served: Served, tmp_path: Path) -> None:
    one = checkpoint_file(served.url, tmp_path)
    served.content = b"another"
    other = checkpoint_file(served.url + "?version=2", tmp_path)
    assert (one.read_bytes(), other.read_bytes()) == (CONTENT, b"another")
    assert len(visible(tmp_path)) == 2


@pytest.mark.parametrize("last", ["..%2f..%2fevil.ckpt", "..", "", "a b%00c.ckpt", "x" * 400])
def test_an_address_cannot_name_a_place_outside_the_folder(last: str, served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    path = checkpoint_file(served.url.replace("file.bin", last), folder)
    assert path.resolve().parent == folder.resolve()
    assert [file.name for file in tmp_path.iterdir()] == ["downloads"]


@pytest.mark.parametrize("address", ["http://", "https:///figaro.ckpt", "http://[", "http://[x]/f"])
def test_a_malformed_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a valid URL"):
        checkpoint_file(address, tmp_path)


def test_addresses_and_paths_are_distinguished() -> None:
    assert is_url("HTTPS://example.org/figaro.ckpt")
    assert not is_url("/data/http://figaro.ckpt")
    assert not is_url("s3://bucket/figaro.ckpt")


def test_secrets_in_an_address_are_not_shown() -> None:
    assert redact_url("https://me:word@example.org:1/a.ckpt?key=secret#x") == "https://example.org:1/a.ckpt"
