from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kagglesdk import kaggle_env

from emo_assets.datasets.downloads.fetch import RetryPolicy
from emo_assets.datasets.downloads.kaggle import spotify_table
from emo_assets.errors import InputError

TABLE = b"track_id,artists\n" + b"0,a\n" * 750_000
QUICK = RetryPolicy(attempts=3, backoff=0.01)


@dataclass
class Kaggle:
    """A mock of Kaggle's API: the two calls that its client makes for one file of a data set."""

    table: bytes = TABLE
    sum_of: bytes = TABLE
    drops: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Handler(http.server.BaseHTTPRequestHandler):
    kaggle: Kaggle

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        call = self.path.rsplit("/", 1)[-1]
        self.kaggle.asked.append(call)
        if self.kaggle.status:
            self.send_error(self.kaggle.status.pop(0))
        elif call == "GetDataset":
            answer = json.dumps({"currentVersionNumber": 1}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        else:
            self.send_response(302)
            self.send_header("Location", "/files/dataset.csv")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "bytes=0-")
        self.kaggle.asked.append(asked)
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        body = self.kaggle.table[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        md5 = base64.b64encode(hashlib.md5(self.kaggle.sum_of).digest()).decode()
        self.send_header("X-Goog-Hash", f"md5={md5}")
        self.end_headers()
        self.wfile.write(body[: self.kaggle.drops.pop(0)] if self.kaggle.drops else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kaggle]:
    kaggle = Kaggle()
    handler = type("Bound", (Handler,), {"kaggle": kaggle})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path / "none"))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kaggle
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_table_is_brought_by_kaggles_client_once(kaggle: Kaggle, tmp_path: Path) -> None:
    path = spotify_table(tmp_path / "downloads")
    assert path == tmp_path / "downloads" / "dataset.csv"
    assert path.read_bytes() == TABLE
    asked = len(kaggle.asked)
    assert spotify_table(tmp_path / "downloads") == path
    assert len(kaggle.asked) == asked


def test_a_dropped_connection_is_taken_up_again(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.drops = [2_500_000]
    assert spotify_table(tmp_path / "downloads", retry=QUICK).read_bytes() == TABLE
    assert kaggle.asked[-1] == f"bytes={2 * 2**20}-", "whole pieces of 1 MiB are kept"


def test_a_wrong_sum_is_never_taken(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.sum_of = b"something else"
    with pytest.raises(InputError, match="MD5 checksum"):
        spotify_table(tmp_path / "downloads", retry=QUICK)
    assert not (tmp_path / "downloads" / "dataset.csv").exists()


def test_a_busy_server_is_asked_again_and_a_refusal_is_final(kaggle: Kaggle, tmp_path: Path) -> None:
    kaggle.status = [503]
    assert spotify_table(tmp_path / "one", retry=QUICK).read_bytes() == TABLE
    kaggle.status, kaggle.asked = [404], []
    with pytest.raises(InputError, match="404"):
        spotify_table(tmp_path / "two", retry=QUICK)
    assert kaggle.asked == ["GetDataset"]


def test_without_a_network_the_error_says_how_to_place_the_table_by_hand(
    kaggle: Kaggle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://no-such-host.invalid"
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, url)
    with pytest.raises(InputError) as caught:
        spotify_table(tmp_path, retry=QUICK)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(
        "https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset: cannot"
    )
    assert f"By hand: place its dataset.csv at {tmp_path}/dataset.csv, or give its path with" in message
    assert message.endswith("the source 'local' (raw_data.spotify)")
