"""The graph on the real sample, job by job, from Dagster's UI in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from emo_assets.describing.describers import DESCRIBERS
from emo_assets.pipeline.jobs import ALL_SHARDS
from emo_assets.store import Store
from emo_assets_tests.pipeline.dagster_ui import DagsterUi

EPOCHS = 1


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[DagsterUi]:
    ui = DagsterUi(tmp_path)
    try:
        ui.wait()
        yield ui
    finally:
        ui.stop()


@pytest.fixture
def browser_page() -> Iterator[Page]:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=switches)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(180_000)
        yield page
        browser.close()


def run_configs(realdata: Path) -> dict[str, str]:
    """Return what is pasted into the launchpad of each job; trainings are short."""
    paths = {
        "spotify": str(realdata / "spotify" / "dataset.csv"),
        "msd": str(realdata / "msd" / "unique_tracks.txt"),
        "lakh": str(realdata / "lmd_matched"),
    }
    configs = {
        "ingest": {"resources": {"raw_data": {"config": {"source": "local", **paths}}}},
        "describe": {},
        "train": {"ops": {spec.name: {"config": {"epochs": EPOCHS}} for spec in DESCRIBERS}},
    }
    return {job: yaml.safe_dump(config) for job, config in configs.items()}


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.skipif(
    "EMO_PICTURES" not in os.environ, reason="takes minutes: set EMO_PICTURES to a folder for its pictures"
)
def test_the_real_sample_goes_from_raw_data_to_models_in_the_browser(
    ui: DagsterUi, browser_page: Page, realdata: Path, tmp_path: Path
) -> None:
    pictures = Path(os.environ["EMO_PICTURES"])
    for job, config in run_configs(realdata).items():
        tags = ALL_SHARDS if job == "describe" else {}
        ended = ui.launch(browser_page, job, config, tags)
        browser_page.screenshot(path=pictures / f"dagster-{job}.png")
        assert ended == "Success", f"{job}: see {pictures}/dagster-{job}.png"
    assets = Store(tmp_path / "data").assets
    models = {file.stem for file in assets.glob("*.safetensors")}
    assert models == {*(spec.name for spec in DESCRIBERS), "figaro_model"}
    browser_page.goto(f"{ui.url}/asset-groups")
    browser_page.get_by_text("generation").first.wait_for()
    browser_page.wait_for_timeout(3000)
    browser_page.screenshot(path=pictures / "dagster-lineage.png")
