"""`make bench`: run the benchmarks, all or those named, and print their figures with the machine."""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import sys
from pathlib import Path

import emo_assets_tests.benchmarks as package

NOT_BENCHMARKS = {"__main__", "figure"}


def machine() -> str:
    """Name the processor, its cores and the Python that the figures were measured with."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in information.read_text().splitlines()
            if "model name" in line
        ]
        processor = names[0] if names else processor
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(wanted: list[str]) -> int:
    """Run the benchmarks called `wanted` (none: all), printing each figure as it comes."""
    known = sorted({module.name for module in pkgutil.iter_modules(package.__path__)} - NOT_BENCHMARKS)
    unknown = set(wanted) - set(known)
    if unknown:
        print(
            f"no benchmark called {', '.join(sorted(unknown))}; there are: {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    print(f"machine: {machine()}")
    for name in wanted or known:
        print(f"\n{name}")
        module = importlib.import_module(f"emo_assets_tests.benchmarks.{name}")
        for figure in module.figures():
            print(f"  {figure.name:<58} {figure.value:>12,.4g} {figure.unit:<18} {figure.note}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
