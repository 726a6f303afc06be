"""The studio: how fast requests are accepted, the time to first audio, and whether memory stays flat.

Accepting is measured with a generator that takes no time, so that only the server is measured.
Songs are measured in a copy of the checkout's store, with the models that `make demo` has left there.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from emo_assets.store import Store
from emo_assets_tests.benchmarks.figure import Figure
from emo_assets_tests.studio.studio_process import StudioProcess, wait_until

AT_ONCE = 50
ROUNDS = 5
SONGS_FOR_MEMORY = 200
SONGS_TO_WARM_UP = 20
WARM_SONGS = 5
BARS = 8


def figures() -> Iterator[Figure]:
    """Measure the server, then songs with the real models if the store has them."""
    with _studio() as studio:
        yield from _accepting(studio)
    if not all(path.exists() for path in Store().model_files):
        yield Figure("first audio of 8 bars", float("nan"), "s", "no models in data/: run `make demo` first")
        return
    with _studio(is_real=True) as studio:
        yield from _first_audio(studio)
        yield from _memory(studio)


@contextmanager
def _studio(*, is_real: bool = False) -> Iterator[StudioProcess]:
    """Open a studio over a store in a temporary folder, with a Dagster instance of its own."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        studio = StudioProcess(base, is_real=is_real, max_queued=10 * SONGS_FOR_MEMORY)
        if is_real:
            (base / "assets").mkdir()
            for path in Store().model_files:
                shutil.copy(str(path), base / "assets")
            shutil.copytree(str(Store().champions), base / "champions")
        home = base / "dagster_home"
        home.mkdir()
        home.joinpath("dagster.yaml").write_text("telemetry: {enabled: false}\n")
        before = os.environ.get("DAGSTER_HOME")
        os.environ["DAGSTER_HOME"] = str(home)
        try:
            studio.start()
            with studio.client() as client:
                wait_until(lambda: client.get("/health").json()["status"] == "ok", seconds=600)
            yield studio
        finally:
            studio.stop()
            if before is None:
                del os.environ["DAGSTER_HOME"]
            else:
                os.environ["DAGSTER_HOME"] = before


def _accepting(studio: StudioProcess) -> Iterator[Figure]:
    one_by_one = [asyncio.run(_submit(studio.url)) for _ in range(AT_ONCE)]
    yield Figure("/submit, one after the other, p95", _p95(one_by_one) * 1000, "ms", f"{AT_ONCE} requests")
    _wait_until_idle(studio)
    at_once = [seconds for _ in range(ROUNDS) for seconds in asyncio.run(_submit_at_once(studio))]
    yield Figure(
        f"/submit, {AT_ONCE} at once, p95",
        _p95(at_once) * 1000,
        "ms",
        f"{ROUNDS} rounds, while songs are made; budget 50 ms",
    )


async def _submit_at_once(studio: StudioProcess) -> list[float]:
    seconds = await asyncio.gather(*(_submit(studio.url) for _ in range(AT_ONCE)))
    await asyncio.to_thread(_wait_until_idle, studio)
    return list(seconds)


async def _submit(url: str) -> float:
    """Ask for a song through a plain connection; return the seconds from sending to the answer.

    A client library would take as long as the server, on the same cores.
    """
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    body = json.dumps({"features": {"valence": 0.9}, "bars": 1})
    request = (
        f"POST /submit HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    begun = time.perf_counter()
    writer.write(request.encode())
    answer = await reader.readline()
    seconds = time.perf_counter() - begun
    writer.close()
    if b" 202 " not in answer:
        raise RuntimeError(f"not accepted: {answer!r}")
    return seconds


def _first_audio(studio: StudioProcess) -> Iterator[Figure]:
    with studio.client() as client:
        _seconds_to_audio(client, seed=0)
        _wait_until_idle(studio)
        seconds = []
        for seed in range(1, WARM_SONGS + 1):
            seconds.append(_seconds_to_audio(client, seed))
            _wait_until_idle(studio)
    yield Figure(f"first audio of {BARS} bars, warm, median", statistics.median(seconds), "s", "budget 5 s")
    yield Figure(f"first audio of {BARS} bars, warm, slowest of {WARM_SONGS}", max(seconds), "s")


def _seconds_to_audio(client: httpx.Client, seed: int) -> float:
    """Return the seconds from asking for a song to its first bytes of sound."""
    begun = time.perf_counter()
    task_id = client.post("/submit", json={"bars": BARS, "seed": seed}).json()["task_id"]
    with client.stream("GET", "/events", params={"task_id": task_id}) as events:
        last = [line for line in events.iter_lines() if line.startswith("data:")][-1]
    if json.loads(last.removeprefix("data:"))["status"] != "finished":
        raise RuntimeError(f"no song: {last}")
    with client.stream("GET", "/result", params={"task_id": task_id, "format": "ogg"}) as sound:
        next(sound.iter_bytes())
    return time.perf_counter() - begun


def _memory(studio: StudioProcess) -> Iterator[Figure]:
    worker = studio.worker()
    processes = {"server": studio.process_id, "worker": worker}
    _make_songs(studio, SONGS_TO_WARM_UP)
    before = {name: _resident_megabytes(process) for name, process in processes.items()}
    _make_songs(studio, SONGS_FOR_MEMORY - SONGS_TO_WARM_UP)
    if studio.worker() != worker:
        raise RuntimeError("the worker was replaced while its memory was measured")
    for name, process in processes.items():
        after = _resident_megabytes(process)
        yield Figure(
            f"memory of the {name} after {SONGS_FOR_MEMORY} songs",
            after,
            "MB",
            f"{after - before[name]:+.0f} MB since song {SONGS_TO_WARM_UP}",
        )


def _make_songs(studio: StudioProcess, count: int) -> None:
    with studio.client() as client:
        for seed in range(count):
            client.post("/submit", json={"bars": 1 + seed % 4, "seed": seed}).raise_for_status()
    _wait_until_idle(studio)


def _wait_until_idle(studio: StudioProcess) -> None:
    def is_idle() -> bool:
        with studio.client() as client:
            health = client.get("/health").json()
        return bool(health["worker"] == "ready" and health["queued"] + health["in_progress"] == 0)

    wait_until(is_idle, seconds=1800)


def _resident_megabytes(process: int | None) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
