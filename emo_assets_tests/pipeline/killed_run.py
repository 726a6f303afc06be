"""A retraining in a process of its own that kills itself in the middle of writing a table.

`python -m emo_assets_tests.pipeline.killed_run FOLDER NUMBER`: the store and the sources are those of the
folder; the table that is written as NUMBER-th is written half. With 0 nothing is killed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from emo_assets.definitions import build_defs
from emo_assets_tests.pipeline.year import Sources, Week, train_and_score_as_told


def kill_at_table(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Write half of the `number`-th table, and die by a signal that nothing can catch."""
    written = 0
    really_write = pd.DataFrame.to_parquet

    def write(table: pd.DataFrame, file: Any, **options: Any) -> Any:
        nonlocal written
        written += 1
        if written == number:
            file.write(b"PAR1 half a table")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return really_write(table, file, **options)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", write)


def main(folder: Path, number: int) -> int:
    """Run the retraining; return the exit code."""
    with pytest.MonkeyPatch.context() as monkeypatch, dg.DagsterInstance.ephemeral() as instance:
        train_and_score_as_told(monkeypatch, Week)
        kill_at_table(monkeypatch, number)
        job = build_defs(str(folder / "store")).resolve_job_def("retrain")
        sources = Sources(folder / "sources")
        ran = job.execute_in_process(instance=instance, run_config=sources.run_config(), raise_on_error=False)
    return 0 if ran.success else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
