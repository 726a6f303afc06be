"""Fixtures of the studio's tests: a running studio, its client, and a browser where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

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
    """A studio of the test's own, not started yet."""
    process = StudioProcess(tmp_path, seconds=0.05)
    yield process
    process.kill()
