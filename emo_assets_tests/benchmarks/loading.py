"""CPU time of loading the definitions, versus importing Dagster: each command and sensor tick pays for it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator

from emo_assets_tests.benchmarks.figure import Figure

RUNS = 11
STATEMENTS = ("import dagster", "import emo_assets.definitions")


def figures() -> Iterator[Figure]:
    """Yield both CPU times and their ratio.

    The two take turns, so that other load on the machine affects both; each starts from compiled files.
    """
    for statement in STATEMENTS:
        _cpu_seconds(statement)
    taken = [[_cpu_seconds(statement) for statement in STATEMENTS] for _ in range(RUNS)]
    dagster, definitions = (min(times) for times in zip(*taken, strict=True))
    yield Figure("import dagster", dagster, "CPU s", f"least of {RUNS}")
    yield Figure("import emo_assets.definitions", definitions, "CPU s", f"least of {RUNS}")
    yield Figure("ratio", definitions / dagster, "times", "budget 1.3")


def _cpu_seconds(statement: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
