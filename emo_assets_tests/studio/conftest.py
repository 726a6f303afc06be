"""Fixtures of the studio's tests: a running studio, its client, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import ConsoleMessage, Page

from emo_assets.studio.static import PAGES
from emo_assets_tests.studio.studio_process import StudioProcess


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    """A running studio that a module's tests share."""
    process = StudioProcess(tmp_path_factory.mktemp("studio"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def client(studio: StudioProcess) -> Iterator[httpx.Client]:
    """A client of the shared studio."""
    with studio.client() as client:
        yield client


@pytest.fixture
def own_studio(tmp_path: Path) -> Iterator[StudioProcess]:
    """A studio for one test, not started yet."""
    process = StudioProcess(tmp_path, seconds=0.05)
    yield process
    process.kill()


@pytest.fixture
def base(models: Path, tmp_path: Path) -> Path:
    """A copy of that store for one test."""
    shutil.copytree(models, tmp_path / "store")
    return tmp_path / "store"


def missing(what: str) -> None:
    """Skip a test, or fail it in continuous integration."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Override the plugin's fixture, which causes a warning; each studio has its own URL."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the browser: the system's Chromium, headless."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing("no Chromium here: apt-get install chromium")
    if not PAGES.joinpath("index.html").exists():
        missing("the studio's page is not built: make page")
    switches = (
        "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
        "disable-component-update disable-sync"
    )
    return {"executable_path": found, "args": [f"--{switch}" for switch in switches.split()]}


def is_page_error(message: ConsoleMessage) -> bool:
    """Whether a console message is an error of the page, rather than of a response."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@pytest.fixture
def studio_page(page: Page, studio: StudioProcess) -> Iterator[Page]:
    """The studio's page, open; errors in its console fail the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if is_page_error(message) else None)
    page.goto(studio.url)
    page.get_by_role("group", name="Moods").get_by_role("button").first.wait_for()
    yield page
    assert not errors
