from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emo_assets.datasets.downloads.fetch import DownloadError, RemoteFile, RetryPolicy, fetch
from emo_assets.errors import InputError
from emo_assets_tests.datasets.downloads.server import Served, serving

CONTENT = random.Random(1).randbytes(3_000_000)
QUICK = RetryPolicy(attempts=3, backoff=0.01, timeout=2.0)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(CONTENT) as served:
        yield served


def published(served: Served, content: bytes = CONTENT) -> RemoteFile:
    """The file, published with size and checksum."""
    sha256 = hashlib.sha256(content).hexdigest()
    return RemoteFile(served.url, "file.bin", len(content), len(content), sha256)


def unsummed(served: Served) -> RemoteFile:
    """The file, published without size and checksum."""
    return RemoteFile(served.url, "file.bin", 1, 10_000_000)


def test_a_file_arrives_whole_and_nothing_else_is_left(served: Served, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = fetch(published(served), tmp_path / "new", progress=lambda *what: told.append(what))
    assert path.read_bytes() == CONTENT
    assert {file.name for file in path.parent.iterdir()} == {"file.bin", ".file.bin.lock"}
    assert told[-1] == ("downloading file.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_file_that_is_here_is_not_asked_for_again(served: Served, tmp_path: Path) -> None:
    fetch(published(served), tmp_path)
    fetch(published(served), tmp_path)
    assert len(served.asked) == 1


def test_a_dropped_connection_is_resumed(served: Served, tmp_path: Path) -> None:
    served.drops = [1_200_000, 700_000]
    assert fetch(published(served), tmp_path, retry=QUICK).read_bytes() == CONTENT
    assert served.asked == ["", "bytes=1200000-", "bytes=1900000-"]


def test_many_drops_are_no_failure_while_each_connection_brings_something(
    served: Served, tmp_path: Path
) -> None:
    content = CONTENT * 4
    served.content, served.drops = content, [1_100_000] * 10
    assert fetch(published(served, content), tmp_path, retry=QUICK).read_bytes() == content
    assert len(served.asked) == 11


def test_a_server_that_keeps_dropping_fails_the_download_and_keeps_the_bytes(
    served: Served, tmp_path: Path
) -> None:
    served.drops = [1000] * 20
    with pytest.raises(DownloadError, match=r"^http://127.*: the connection was dropped$"):
        fetch(published(served), tmp_path, retry=QUICK)
    assert served.asked == ["", "bytes=1000-", "bytes=2000-"]
    served.drops = []
    assert fetch(published(served), tmp_path).read_bytes() == CONTENT
    assert served.asked[-1] == "bytes=3000-"


def test_a_server_that_ignores_ranges_makes_it_start_again(served: Served, tmp_path: Path) -> None:
    served.drops, served.ranges = [1_500_000], False
    assert fetch(published(served), tmp_path, retry=QUICK).read_bytes() == CONTENT


@pytest.mark.parametrize("remote", [published, unsummed])
def test_a_file_that_changed_since_starts_again(
    served: Served, tmp_path: Path, remote: Callable[[Served], RemoteFile]
) -> None:
    served.content, served.etag, served.drops = b"older" * 600_000, '"older"', [900_000]
    with pytest.raises(DownloadError):
        fetch(unsummed(served), tmp_path, retry=RetryPolicy(attempts=1, backoff=0))
    served.content, served.etag, served.drops = CONTENT, '"newer"', []
    assert fetch(remote(served), tmp_path, retry=QUICK).read_bytes() == CONTENT


def test_a_file_that_changed_behind_the_same_etag_is_caught_by_its_sum(
    served: Served, tmp_path: Path
) -> None:
    served.content, served.drops = b"older" * 600_000, [900_000]
    with pytest.raises(DownloadError):
        fetch(published(served), tmp_path, retry=RetryPolicy(attempts=1, backoff=0))
    served.content = CONTENT
    assert fetch(published(served), tmp_path, retry=QUICK).read_bytes() == CONTENT
    assert served.asked == ["", "bytes=900000-", ""]


def test_a_file_shorter_than_the_partial_one_starts_again(served: Served, tmp_path: Path) -> None:
    served.content, served.drops = CONTENT * 2, [900_000]
    with pytest.raises(DownloadError):
        fetch(unsummed(served), tmp_path, retry=RetryPolicy(attempts=1, backoff=0))
    served.content = CONTENT[:500_000]
    assert fetch(unsummed(served), tmp_path, retry=QUICK).read_bytes() == CONTENT[:500_000]
    assert served.asked == ["", "bytes=900000-", ""]


def test_without_etag_and_checksum_two_halves_are_never_joined(served: Served, tmp_path: Path) -> None:
    served.etag, served.drops = None, [1_500_000]
    assert fetch(unsummed(served), tmp_path, retry=QUICK).read_bytes() == CONTENT
    assert served.asked == ["", ""]


def test_a_weak_etag_does_not_promise_the_same_bytes(served: Served, tmp_path: Path) -> None:
    served.etag, served.drops = 'W/"one"', [1_500_000]
    assert fetch(unsummed(served), tmp_path, retry=QUICK).read_bytes() == CONTENT
    assert served.asked == ["", ""]


def test_a_download_that_was_killed_before_its_last_step_is_not_repeated(
    served: Served, tmp_path: Path
) -> None:
    (tmp_path / ".file.bin.part").write_bytes(CONTENT)
    (tmp_path / ".file.bin.part.etag").write_text(str(served.etag))
    assert fetch(published(served), tmp_path).read_bytes() == CONTENT
    assert served.asked == []
    (tmp_path / "file.bin").rename(tmp_path / ".file.bin.part")
    (tmp_path / ".file.bin.part.etag").write_text(str(served.etag))
    assert fetch(unsummed(served), tmp_path).read_bytes() == CONTENT
    assert served.asked == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("note", ["", "{", "[]", '"on', "\xff\n"])
def test_a_damaged_etag_makes_it_start_again(served: Served, tmp_path: Path, note: str) -> None:
    (tmp_path / ".file.bin.part").write_bytes(b"x" * 1000)
    (tmp_path / ".file.bin.part.etag").write_text(note, "latin-1")
    assert fetch(unsummed(served), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("length", [100, 2_999_999, 3_000_001, 10**15])
def test_a_length_other_than_the_published_one_is_refused_before_the_body(
    served: Served, tmp_path: Path, length: int
) -> None:
    served.length = length
    with pytest.raises(DownloadError, match=rf"has {length:,} bytes, the published file has 3,000,000$"):
        fetch(published(served), tmp_path, retry=QUICK)
    assert len(served.asked) == 1
    assert [file.name for file in tmp_path.iterdir()] == [".file.bin.lock"]


def test_fewer_bytes_than_announced_are_a_dropped_connection(served: Served, tmp_path: Path) -> None:
    served.length, served.ranges = len(CONTENT) + 500, False
    with pytest.raises(DownloadError, match="the connection was dropped"):
        fetch(unsummed(served), tmp_path, retry=RetryPolicy(attempts=1, backoff=0))
    assert not (tmp_path / "file.bin").exists()


def test_a_body_without_length_is_read_to_its_end_and_no_further_than_allowed(
    served: Served, tmp_path: Path
) -> None:
    served.length = -1
    assert fetch(published(served), tmp_path).read_bytes() == CONTENT
    served.content = CONTENT * 4
    small = RemoteFile(served.url, "small.bin", 1, 2_000_000)
    with pytest.raises(DownloadError, match=r"bytes or more$|the published file has 1 to 2,000,000"):
        fetch(small, tmp_path, retry=QUICK)
    assert not list(tmp_path.glob(".small.bin.part*"))


def test_a_wrong_sum_is_refused_and_nothing_of_it_is_kept(served: Served, tmp_path: Path) -> None:
    served.content = CONTENT[:-1] + b"!"
    with pytest.raises(DownloadError, match=r"has the sha256 \w{64}, the published file has \w{64}$"):
        fetch(published(served), tmp_path, retry=QUICK)
    assert [file.name for file in tmp_path.iterdir()] == [".file.bin.lock"]


def test_a_wrong_file_in_parts_is_downloaded_twice_at_most(served: Served, tmp_path: Path) -> None:
    served.content, served.drops = CONTENT[:-1] + b"!", [1_500_000] * 10
    with pytest.raises(DownloadError, match=r"has the sha256 \w{64}, the published file has \w{64}$"):
        fetch(published(served), tmp_path, retry=QUICK)
    assert served.asked == ["", "bytes=1500000-"] * 2
    assert [file.name for file in tmp_path.iterdir()] == [".file.bin.lock"]


def test_the_same_bytes_again_are_no_progress(served: Served, tmp_path: Path) -> None:
    served.drops, served.ranges = [1_200_000, 100] * 10, False
    with pytest.raises(DownloadError, match="the connection was dropped"):
        fetch(published(served), tmp_path, retry=QUICK)
    assert len(served.asked) == 4


def test_a_file_placed_by_hand_is_checked(served: Served, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(CONTENT)
    assert fetch(published(served), tmp_path).read_bytes() == CONTENT
    (tmp_path / "file.bin").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(DownloadError, match=r"has the sha256 .*; delete it to download it again$"):
        fetch(published(served), tmp_path)
    assert served.asked == []


def test_a_busy_server_is_asked_again_and_a_refusal_is_final(served: Served, tmp_path: Path) -> None:
    served.status = [503, 429]
    assert fetch(published(served), tmp_path, retry=QUICK).read_bytes() == CONTENT
    served.status = [404]
    with pytest.raises(DownloadError, match="the server answers 404 Not Found"):
        fetch(RemoteFile(served.url, "other.bin", 1, 10), tmp_path, retry=QUICK)
    assert len(served.asked) == 4
    served.status = [503] * 9
    with pytest.raises(DownloadError, match="the server answers 503 Service Unavailable"):
        fetch(RemoteFile(served.url, "other.bin", 1, 10), tmp_path, retry=QUICK)


def test_a_packed_file_that_the_server_calls_encoded_stays_packed(served: Served, tmp_path: Path) -> None:
    served.headers = {"Content-Encoding": "gzip"}
    assert fetch(published(served), tmp_path).read_bytes() == CONTENT


def test_a_silent_server_counts_as_dropped(served: Served, tmp_path: Path) -> None:
    served.before = lambda: time.sleep(0.4)
    with pytest.raises(DownloadError, match="stopped responding"):
        fetch(published(served), tmp_path, retry=RetryPolicy(attempts=2, backoff=0, timeout=0.1))


def test_no_network_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file.bin"
    with pytest.raises(DownloadError, match=rf"^{url}: no network, or the server is down$"):
        fetch(RemoteFile(url, "file.bin", 1, 10), tmp_path, retry=QUICK)
    url = "http://no-such-host.invalid/file.bin"
    with pytest.raises(DownloadError, match=r"or the server's name is unknown$"):
        fetch(RemoteFile(url, "file.bin", 1, 10), tmp_path, retry=QUICK)


def test_a_full_disk_is_an_error_before_the_download(served: Served, tmp_path: Path) -> None:
    served.length = 10**17
    with pytest.raises(InputError, match=r"needs 100,000,000,000,000,000 bytes more and the disk has"):
        fetch(RemoteFile(served.url, "file.bin", 1, 10**18), tmp_path, retry=QUICK)


def test_a_killed_download_is_taken_up_by_the_next(served: Served, tmp_path: Path) -> None:
    served.drops, served.ranges = [], True
    script = (
        "import os, sys; from pathlib import Path\n"
        "from emo_assets.datasets.downloads.fetch import *\n"
        "def stop(stage, done, total):\n"
        "    if done > 1_000_000: os.kill(os.getpid(), 9)\n"
        f"fetch(RemoteFile({served.url!r}, 'file.bin', 1, 10_000_000), Path(sys.argv[1]), progress=stop)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=False, env=os.environ, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not (tmp_path / "file.bin").exists()
    assert fetch(unsummed(served), tmp_path).read_bytes() == CONTENT
    assert served.asked[1].startswith("bytes=1")
