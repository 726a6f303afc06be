"""The graph on the real sample, job by job, from Dagster's UI in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from playwright.sync_api import Page, sync_playwright

from emo_assets.definitions import build_defs
from emo_assets.description_model.specs import MODEL_SPECS
from emo_assets.pipeline.partitions import ALL_SHARDS
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
    """Return the run configuration of each job for the launchpad, with short trainings."""
    paths = {
        "spotify": str(realdata / "spotify" / "dataset.csv"),
        "msd": str(realdata / "msd" / "unique_tracks.txt"),
        "lakh": str(realdata / "lmd_matched"),
    }
    configs = {
        "ingest": {"resources": {"raw_data": {"config": {"source": "local", **paths}}}},
        "describe": {},
        "train": {"ops": {spec.name: {"config": {"epochs": EPOCHS}} for spec in MODEL_SPECS}},
        "evaluate": {},
    }
    return {job: yaml.safe_dump(config) for job, config in configs.items()}


def picture_lineage(page: Page, url: str, picture: Path) -> None:
    """Take a picture of the graph with its groups open, but for the seven models, which are all alike."""
    graph = build_defs().resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()} - {"models"}
    opened = ",".join(f"global@global:{group}" for group in sorted(groups))
    page.set_viewport_size({"width": 1700, "height": 1300})
    page.goto(f"{url}/asset-groups?expanded={quote(opened)}")
    page.get_by_text("scoreboard").first.wait_for()
    page.wait_for_timeout(5000)
    page.screenshot(path=picture, clip={"x": 545, "y": 250, "width": 1150, "height": 860})


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.skipif(
    "EMO_PICTURES" not in os.environ, reason="takes minutes: set EMO_PICTURES to a folder for its pictures"
)
def test_the_real_sample_goes_from_raw_data_to_a_champion_in_the_browser(
    ui: DagsterUi, browser_page: Page, realdata: Path, tmp_path: Path
) -> None:
    pictures = Path(os.environ["EMO_PICTURES"])
    for job, config in run_configs(realdata).items():
        tags = ALL_SHARDS if job == "describe" else {}
        ended = ui.launch(browser_page, job, config, tags)
        browser_page.screenshot(path=pictures / f"dagster-{job}.png")
        assert ended == "Success", f"{job}: see {pictures}/dagster-{job}.png"
    assets = Store(tmp_path / "data").assets
    assert {"scoreboard.parquet", "champion.json", "control_report.parquet"} <= {
        file.name for file in assets.iterdir()
    }
    models = {file.stem for file in assets.glob("*.safetensors")}
    assert models == {*(spec.name for spec in MODEL_SPECS), "figaro_model"}
    picture_lineage(browser_page, ui.url, pictures / "dagster-lineage.png")
