"""How tests of this package run: hypothesis without deadlines, and worker processes that find the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# the machine may be busy with other things
settings.register_profile("symbolic", deadline=None)
settings.load_profile("symbolic")


@pytest.fixture(autouse=True)
def _worker_processes_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
