"""Builds the studio's page into every distribution. pyproject.toml has everything else."""

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
    """Build the page if it is missing.

    Raises:
        SystemExit: the build fails.
    """
    if PAGE.exists():
        return
    try:
        for command in ("ci", "run build"):
            subprocess.run([ROOT / ".ci" / "with-node", "npm", *command.split()], cwd=WEB, check=True)  # noqa: S603 - fixed words, no input
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"the studio's page cannot be built ({error}): run `make page` first") from None


class BuildWithPage(build_py):
    """Build the page, then the package."""

    def run(self) -> None:
        """Build the page (except for an editable installation), then the packages."""
        if not self.editable_mode:
            build_page()
            # otherwise files of an earlier build would be packed
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class PackWithPage(sdist):
    """Build the page, then pack the source distribution."""

    def run(self) -> None:
        """Build the page, then pack."""
        build_page()
        super().run()


setup(cmdclass={"build_py": BuildWithPage, "sdist": PackWithPage})
