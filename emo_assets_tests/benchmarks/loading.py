"""Loading the definitions beside importing Dagster: what every `dagster` command and sensor tick pays."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator

from emo_assets_tests.benchmarks.figure import Figure

RUNS = 7


def figures() -> Iterator[Figure]:
    """Yield both CPU times and their ratio."""
    dagster = min(_cpu_seconds("import dagster") for _ in range(RUNS))
    definitions = min(_cpu_seconds("import emo_assets.definitions") for _ in range(RUNS))
    yield Figure("import dagster", dagster, "CPU s", f"least of {RUNS}")
    yield Figure("import emo_assets.definitions", definitions, "CPU s", f"least of {RUNS}")
    yield Figure("ratio", definitions / dagster, "times", "budget 1.3")


def _cpu_seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
