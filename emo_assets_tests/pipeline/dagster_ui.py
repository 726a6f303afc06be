"""Dagster's own UI on an instance of its own, driven in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import dagster as dg
from playwright.sync_api import Page

INSTANCE = Path(__file__).parents[2] / "data" / "dagster_home" / "dagster.yaml"
JOBS = "/locations/emo_assets.definitions/jobs"
LAUNCH = """
mutation ($asked: ExecutionParams!) {
  launchRun(executionParams: $asked) { __typename ... on LaunchRunSuccess { run { runId } } }
}
"""
PATIENCE = 600
"""Seconds that a run may take on a busy machine."""

START_PATIENCE = 120
"""Seconds that Dagster's services may take to start there."""


class DagsterUi:
    """`dagster dev`, with web server and daemon, over a store in a folder of its own.

    Args:
        folder: the folder; `data/` in it is the store.

    Attributes:
        url: where the web server is.
        home: the folder of the instance.
    """

    def __init__(self, folder: Path) -> None:
        home = folder / "data" / "dagster_home"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(INSTANCE, home)
        # web server and daemon would both lay out the tables of a new instance, and fall over each other
        with dg.DagsterInstance.from_config(str(home)) as instance:
            instance.get_runs_count()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.home = home
        self._printed = folder / "dagster.log"
        self._log = self._printed.open("ab")
        command = [sys.executable, "-m", "dagster", "dev", "-m", "emo_assets.definitions"]
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
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            ended = self._process.poll()
            assert ended is None, f"dagster dev ended with {ended}: {self._printed.read_text()}"
            try:
                with urlopen(f"{self.url}/server_info", timeout=PATIENCE):
                    return
            except OSError:
                time.sleep(1)
        raise TimeoutError(f"{self.url} does not answer; Dagster said: {self._printed.read_text()}")

    def stop(self) -> None:
        """Stop the web server, the daemon and their runs."""
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def cut_power(self) -> None:
        """Kill the web server, the daemon and their runs, so that none of them can say a word."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def submit(self, job: str, config: Mapping[str, Any]) -> str:
        """Launch a job as the page does, without a browser, and return the run's id."""
        selector = {
            "repositoryLocationName": JOBS.split("/")[2],
            "repositoryName": "__repository__",
            "pipelineName": job,
        }
        asked = {"selector": selector, "runConfigData": dict(config), "mode": "default"}
        query = {"query": LAUNCH, "variables": {"asked": asked}}
        request = Request(
            f"{self.url}/graphql", json.dumps(query).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request) as answer:
            launched = json.load(answer)["data"]["launchRun"]
        assert "run" in launched, launched
        return str(launched["run"]["runId"])

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
