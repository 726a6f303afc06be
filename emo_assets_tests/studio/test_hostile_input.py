from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from emo_assets_tests.studio.studio_process import StudioProcess

JSON = {"Content-Type": "application/json"}
STRANGE_NAMES = [
    "../../../etc/passwd",
    "..",
    "/etc/passwd",
    "a/../../b",
    "%2e%2e%2f",
    "sunny-morning\x00.json",
    "\x00",
    "~root",
    "C:\\windows",
    "' OR 1=1 --",
    "x" * 150,
    "\U0001f600",
    "\ud7ff\u202e",
    "",
    "*",
]


@pytest.mark.parametrize("name", STRANGE_NAMES)
@pytest.mark.parametrize("address", ["/status", "/result", "/events", "/track"])
def test_a_strange_id_is_unknown(client: httpx.Client, address: str, name: str) -> None:
    answer = client.get(address, params={"task_id": name})
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail", "fields"}


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_id_cannot_be_cancelled(client: httpx.Client, name: str) -> None:
    assert client.post("/cancel", params={"task_id": name}).status_code == 404


def test_an_id_that_is_too_long_is_refused(client: httpx.Client) -> None:
    answer = client.get("/status", params={"task_id": "x" * 5000})
    assert answer.status_code == 422
    assert answer.json()["fields"] == ["task_id"]


def test_an_id_that_is_not_text_is_unknown(client: httpx.Client) -> None:
    assert client.get("/status?task_id=%ff%fe%00").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/assets/../index.html", "/assets/..%2f..%2fapi.py", "/assets//etc/passwd", "/..%2f..%2fetc/passwd"],
)
def test_files_outside_of_the_page_are_not_served(studio: StudioProcess, path: str) -> None:
    address = urlsplit(studio.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 404 " in answer.splitlines()[0]


def test_ten_megabytes_are_refused_with_and_without_a_length(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" " * 10_000

    for content in (b" " * 10_000_000, pieces()):
        answer = client.post("/submit", content=content, headers=JSON)
        assert answer.status_code == 413
        assert "16 KiB" in answer.json()["detail"]


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "9" * 400])
def test_an_invalid_length_is_refused(studio: StudioProcess, length: str) -> None:
    address = urlsplit(studio.url)
    request = f"POST /submit HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n\r\n{{}}"
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as connection:
        connection.sendall(request.encode())
        assert b" 4" in connection.recv(1000).splitlines()[0]


def test_a_body_that_is_not_declared_as_json_is_refused(client: httpx.Client) -> None:
    answer = client.post("/submit", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_text_in_place_of_numbers_is_refused_with_its_field(client: httpx.Client) -> None:
    answer = client.post("/submit", json={"features": {"tempo": "fast"}, "bars": "8"})
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "features.tempo must be a number, got 'fast'; bars must be a whole number, got '8'",
        "fields": ["features.tempo", "bars"],
    }


def test_not_a_number_is_refused(client: httpx.Client) -> None:
    answer = client.post("/submit", content=b'{"features": {"tempo": NaN}}', headers=JSON)
    assert answer.status_code == 422
    assert "JSON" in answer.json()["detail"]


def test_a_hostile_mood_is_only_text(client: httpx.Client, studio: StudioProcess) -> None:
    mood = "<script>alert(1)</script> ../../x \x00 $\\frac{ \u202e'; DROP TABLE tasks; --"
    task_id = client.post("/submit", json={"mood": mood, "bars": 1}).json()["task_id"]
    answer = client.get("/status", params={"task_id": task_id})
    assert answer.json()["request"]["mood"] == mood
    assert answer.headers["content-type"] == "application/json"


def test_other_methods_and_paths_are_refused_in_the_same_form(client: httpx.Client) -> None:
    for answer in (client.get("/submit"), client.put("/status"), client.get("/nothing")):
        assert answer.status_code in (404, 405)
        assert set(answer.json()) == {"detail", "fields"}


def test_pages_of_other_sites_are_refused(client: httpx.Client, studio: StudioProcess) -> None:
    for origin in ("https://evil.example", "null", "http://[", f"{studio.url}.evil.example"):
        answer = client.post("/submit", json={}, headers={"Origin": origin})
        assert answer.status_code == 403
    assert client.post("/submit", json={"bars": 1}, headers={"Origin": studio.url}).status_code == 202
    preflight = client.options(
        "/submit", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "[", "[::2]"]
)
def test_another_host_name_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 421


def test_every_response_has_security_headers(client: httpx.Client) -> None:
    for address in ("/health", "/nothing", "/"):
        headers = client.get(address).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_too_many_requests_are_refused_with_a_delay(tmp_path: Path) -> None:
    limits = {"burst": 3, "songs_per_minute": 30}
    studio = StudioProcess(tmp_path, limits=limits).start()
    with studio.client() as client:
        answers = [client.post("/submit", json={"bars": 1}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 2
        assert client.get("/health").status_code == 200
    studio.stop()


def test_a_full_queue_accepts_nothing(tmp_path: Path) -> None:
    studio = StudioProcess(tmp_path, max_queued=2).start()
    with studio.client() as client:
        answers = [client.post("/submit", json={"mood": "please be slow"}) for _ in range(6)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) in (3, 4)
        assert int(refused[0].headers["Retry-After"]) > 0
        assert "not accepted" in refused[0].json()["detail"]
        assert client.get("/tracks").json()["total"] == 6 - len(refused)
    studio.kill()


def test_every_request_needs_the_token(tmp_path: Path) -> None:
    token = "a-token-that-is-long"
    studio = StudioProcess(tmp_path, token=token).start()
    with studio.client() as client:
        for address in (
            "/",
            "/health",
            "/tracks",
            "/openapi.json",
            "/?token=wrong",
            "/health?token=" + token,
        ):
            assert client.get(address).status_code == 401
        assert client.post("/submit", json={}).status_code == 401
        assert client.get("/health", headers={b"Authorization": b"Bearer \xfc"}).status_code == 401
        assert client.get("/health", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        opened = client.get(f"/?token={token}")
        assert opened.status_code == 303
        assert {"httponly", "samesite=strict"} <= set(opened.headers["set-cookie"].lower().split("; "))
        assert client.get("/health").status_code == 200
    studio.stop()


def test_a_store_without_models_has_a_remedy(tmp_path: Path) -> None:
    studio = StudioProcess(tmp_path)
    (tmp_path / "champion.txt").unlink()
    studio.start()
    with studio.client() as client:
        task_id = client.post("/submit", json={}).json()["task_id"]
        while (status := client.get("/status", params={"task_id": task_id}).json())["status"] != "failed":
            assert status["status"] in ("queued", "in_progress")
        assert "run `make demo` first" in status["reason"]
        assert client.get("/health").json()["status"] == "trouble"
    studio.stop()


def test_every_response_follows_the_openapi_document(own_studio: StudioProcess) -> None:
    (own_studio.base / "champion.txt").unlink()  # songs fail at once, so all time goes into responses
    own_studio.start()
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{own_studio.url}/openapi.json"),
            *("--max-examples", "8", "--seed", "1", "--generation-database", "none", "--no-color"),
        ],
        capture_output=True,
        text=True,
        cwd=own_studio.base,
        timeout=180,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
