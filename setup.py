"""Sees to it that every distribution carries the studio's built page; all else is in pyproject.toml."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
PAGE = ROOT / "emo_assets" / "studio" / "pages" / "index.html"
WEB = ROOT / "emo_assets" / "studio" / "web"


def build_page() -> None:
    """Build the page where it is not built yet.

    Raises:
        SystemExit: it cannot be built here.
    """
    if PAGE.exists():
        return
    try:
        for command in ("ci", "run build"):
            subprocess.run([ROOT / ".ci" / "with-node", "npm", *command.split()], cwd=WEB, check=True)  # noqa: S603 - fixed words, no input
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"the studio's page could not be built ({error}): run `make page` first") from None


class BuildWithPage(build_py):
    """The usual build, after that of the page."""

    def run(self) -> None:
        """Build the page unless this is for an editable installation, then the packages."""
        if not self.editable_mode:
            build_page()
            shutil.rmtree(self.build_lib, ignore_errors=True)  # what an earlier build left would go along
        super().run()


class PackWithPage(sdist):
    """The usual source distribution, with the built page in it."""

    def run(self) -> None:
        """Build the page, then pack."""
        build_page()
        super().run()


setup(cmdclass={"build_py": BuildWithPage, "sdist": PackWithPage})
