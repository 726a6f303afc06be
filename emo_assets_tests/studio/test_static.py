from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from emo_assets.studio.static import PAGES
from emo_assets_tests.studio.conftest import missing

CHECKOUT = Path(__file__).parents[2]


def test_a_wheel_has_the_built_page_without_its_source(tmp_path: Path) -> None:
    if not PAGES.joinpath("index.html").exists():
        missing("the studio's page is not built: make page")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, tmp_path)
    shutil.copytree(
        CHECKOUT / "emo_assets",
        tmp_path / "emo_assets",
        ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
    )
    left_over = (
        tmp_path / "build" / "lib" / "emo_assets" / "studio" / "pages" / "assets" / "index-of-before.js"
    )
    left_over.parent.mkdir(parents=True)
    left_over.write_text("")
    command = (
        "-m pip wheel --quiet --no-deps --no-build-isolation --disable-pip-version-check --wheel-dir dist ."
    )
    subprocess.run([sys.executable, *command.split()], cwd=tmp_path, check=True)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("emo_assets/studio/")}
    pages = {
        f"emo_assets/studio/pages/{path.relative_to(PAGES).as_posix()}"
        for path in PAGES.rglob("*")
        if path.is_file()
    }
    assert {name for name in carried if "/pages/" in name} == pages
    assert not [name for name in carried if "/web/" in name]
