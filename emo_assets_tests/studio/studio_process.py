"""A studio in a process of its own, as `emo studio` runs it, with the quick generator or the real one.

`python -m emo_assets_tests.studio.studio_process BASE` is the process; `StudioProcess` starts and ends it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store

PRESETS = (
    TrackRequest.from_values(
        {
            "name": "sunny-morning",
            "mood": "Sunny morning — bright, warm, ready for the day",
            "bars": 4,
            "features": {"valence": 0.9, "energy": 0.62, "tempo": 116, "key": 0},
        }
    ),
    TrackRequest.from_values(
        {
            "name": "rainy-evening",
            "mood": "Rainy evening — quiet, a little sad, by the window",
            "bars": 4,
            "features": {"valence": 0.18, "energy": 0.2, "tempo": 72, "key": 2, "mode": 0},
        }
    ),
    TrackRequest.from_values(
        {
            "name": "first-waltz",
            "mood": "First waltz — tender and turning, in three",
            "bars": 4,
            "strictness": "loosely",
            "features": {"valence": 0.6, "energy": 0.33, "tempo": 92, "key": 7, "time_signature": 3},
        }
    ),
)


class StudioProcess:
    """A studio over a store of its own.

    Args:
        base: the store's base path; presets and a champion's name are put there.
        seconds: how long the quick generator takes for a song.
        is_real: whether songs are made by the models, which the store must hold.
        options: arguments of `Studio` and `Limits`, by name.
    """

    def __init__(self, base: Path, *, seconds: float = 0.0, is_real: bool = False, **options: Any) -> None:
        self.base = base
        self.options = {"seconds": seconds, "is_real": is_real, **options}
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        base.mkdir(parents=True, exist_ok=True)
        self.set_champion("first")
        for preset in PRESETS:
            write_request(preset, Store(base).requests)

    def set_champion(self, version: str) -> None:
        """Let another champion serve requests."""
        (self.base / "champion.txt").write_text(version)

    def start(self, port: int = 0) -> StudioProcess:
        """Start the server, and wait until it listens; port 0 is any free one."""
        with (self.base / "log.txt").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.base), str(port), json.dumps(self.options)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=Path(__file__).parents[2],
            )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, (self.base / "log.txt").read_text()
        return self

    def kill(self) -> None:
        """Kill the server, without any warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server as Ctrl+C does."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    @property
    def process_id(self) -> int:
        """The id of the server's process."""
        assert self._process is not None
        return self._process.pid

    def worker(self) -> int | None:
        """Return the id of the worker's process, None while there is none."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                command = (process / "cmdline").read_text()
            except (OSError, ValueError):
                continue
            if parent == self.process_id and "spawn_main" in command:
                return int(process.name)
        return None

    def kill_worker(self) -> bool:
        """Kill the worker, without any warning; return whether there was one."""
        worker = self.worker()
        if worker is None:
            return False
        os.kill(worker, signal.SIGKILL)
        return True

    def client(self) -> httpx.Client:
        """Return a client of the server."""
        return httpx.Client(base_url=self.url, timeout=30)

    def lines(self, file: str) -> list[str]:
        """Return what the generator has logged in a file of the store."""
        path = self.base / file
        return path.read_text().split() if path.exists() else []


def wait_until(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait for a condition, and fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def main() -> None:
    """Run a studio until it is ended."""
    from emo_assets.studio.middleware import Limits
    from emo_assets.studio.server import build_app, open_listener, run_app
    from emo_assets.studio.service import Studio
    from emo_assets.studio.worker import Generator

    base, port, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    seconds = options.pop("seconds")
    is_real = options.pop("is_real")
    make_generator: Callable[[], Generator]
    if is_real:
        from emo_assets.studio.generator import SongGenerator

        make_generator = partial(SongGenerator, base)
    else:
        from emo_assets_tests.studio.quick_generator import QuickGenerator

        make_generator = partial(QuickGenerator, base, seconds)
    limits = Limits(**options.pop("limits", {"burst": 10_000, "songs_per_minute": 1e6}))
    app_options = {name: options.pop(name) for name in ("token",) if name in options}
    with open_listener("127.0.0.1", port) as listener:
        studio = Studio(Store(base), make_generator, **options)
        app = build_app(studio, limits=limits, **app_options)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        run_app(app, studio, listener)


if __name__ == "__main__":
    main()
