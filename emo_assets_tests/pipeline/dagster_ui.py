"""Dagster's own UI on an instance of its own, driven in a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from playwright.sync_api import Page

INSTANCE = Path(__file__).parents[2] / "data" / "dagster_home" / "dagster.yaml"
JOBS = "/locations/emo_assets.definitions/jobs"
PATIENCE = 900
"""Seconds that a run may take on a busy machine."""


class DagsterUi:
    """`dagster dev`, with web server and daemon, over a store in a folder of its own.

    Args:
        folder: the folder; `data/` in it is the store.
    """

    def __init__(self, folder: Path) -> None:
        home = folder / "data" / "dagster_home"
        home.mkdir(parents=True)
        shutil.copy(INSTANCE, home)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "dagster", "dev", "-m", "emo_assets.definitions"]
        self._log = (folder / "dagster.log").open("wb")
        self._process = subprocess.Popen(
            [*command, "-h", "127.0.0.1", "-p", str(port)],
            cwd=folder,
            env={**os.environ, "DAGSTER_HOME": str(home)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until the web server answers."""
        for _ in range(PATIENCE):
            try:
                with urlopen(f"{self.url}/server_info"):
                    return
            except OSError:
                time.sleep(1)
        raise TimeoutError(self.url)

    def stop(self) -> None:
        """Stop the web server, the daemon and their runs."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def launch(self, page: Page, job: str, config: str, tags: Mapping[str, str]) -> str:
        """Launch a job in its launchpad, wait for the run's end, and return what the page calls it."""
        asked = {"config": config}
        for number, (key, value) in enumerate(tags.items()):
            asked |= {f"tags[{number}][key]": key, f"tags[{number}][value]": value}
        page.goto(f"{self.url}{JOBS}/{job}/playground/setup?{urlencode(asked)}")
        page.get_by_text("No errors").wait_for()
        page.get_by_role("button", name="Launch Run").click()
        page.wait_for_url("**/runs/**")
        ended = page.get_by_text("Success", exact=True).or_(page.get_by_text("Failure", exact=True))
        ended.first.wait_for(timeout=PATIENCE * 1000)
        return ended.first.inner_text()
