"""Fixtures of all tests: the folders of real data and of reference outputs, where present."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Tests run one process per core, so that more threads would compete. Set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Property tests look for wrong answers, not slow ones: the machine may be busy with other things.
settings.register_profile("emo_assets", deadline=None)
settings.load_profile("emo_assets")


def shared_folder(name: str) -> Path:
    """Return a folder next to the checkout, or skip the test that needs it."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("EMO_SHARED", default)) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} folder next to the checkout")
    return folder


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real Spotify, MSD and Lakh data."""
    return shared_folder("realdata")


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference outputs."""
    return shared_folder("golden")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with real models and nothing else; tests do not write to it."""
    from emo_assets_tests.studio.real_models import keep_models

    base = tmp_path_factory.mktemp("models")
    keep_models(base)
    return base


@pytest.fixture(autouse=True)
def no_instance_of_another_test() -> None:
    """Forget the Dagster instance that another test entered.

    Dagster keeps the last instance in a context variable. When two overlap, it restores one that is closed,
    and building definitions fails. Collecting garbage first keeps finalizers from restoring it again.
    """
    states = sys.modules.get("dagster._core.storage.defs_state.base")
    if states is not None and states._current_storage.get() is not None:
        gc.collect()
        states._current_storage.set(None)
