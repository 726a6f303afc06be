"""Fixtures that every test may ask for: where the real sample and the reference outputs lie, if they do."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Tests run one process a core; more threads than that wait for one another. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Property tests look for wrong answers, not slow ones: the machine may be busy with other things.
settings.register_profile("emo_assets", deadline=None)
settings.load_profile("emo_assets")


def shared_folder(name: str) -> Path:
    """Return a folder beside the checkout, or skip the test that asks for it."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EMO_SHARED", beside)) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} folder beside the checkout")
    return folder


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real Spotify, MSD and Lakh data."""
    return shared_folder("realdata")


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference outputs."""
    return shared_folder("golden")


@pytest.fixture(autouse=True)
def no_instance_of_another_test() -> None:
    """Forget the Dagster instance that another test entered.

    Dagster keeps the last one in a context variable; where two overlap, it goes back to one that is gone, and
    definitions that are built later ask it in vain. What still waits to be collected would bring it back.
    """
    states = sys.modules.get("dagster._core.storage.defs_state.base")
    if states is not None and states._current_storage.get() is not None:
        gc.collect()
        states._current_storage.set(None)
