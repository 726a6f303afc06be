"""Jobs in a process of their own that may kill itself in the middle of writing a file.

`python -m emo_assets_tests.pipeline.killed_run FOLDER NUMBER JOB...`: runs the jobs one after the other over
the store and the sources of the folder, and prints how many files each has written. The NUMBER-th file of
the last job is left half written; with 0 nothing is killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from emo_assets.definitions import build_defs
from emo_assets.features import FeatureVector
from emo_assets.pipeline.partitions import ALL_SHARDS
from emo_assets.song_request import TrackRequest, write_request
from emo_assets.store import Store
from emo_assets_tests.pipeline.year import Sources, Week, replace_training

SONG = TrackRequest(name="calm", bars=1, features=FeatureVector())
SHORT_REPORTS = {
    "control_report": {"config": {"levels": 1, "drawn": 2, "repeated": 0, "bars": 1}},
    "guidance_report": {"config": {"levels": 1}},
    "musicality_report": {"config": {"seeds": 0, "corpus": 2}},
}


class Writes:
    """Counts the files that take their place, and dies by a signal that nothing can catch before one does.

    Args:
        monkeypatch: replaces `os.replace`, the last step of every atomic write.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.kill_at = 0
        really_replace = os.replace

        def replace(source: Any, target: Any, **options: Any) -> None:
            if os.fspath(source).endswith(".unfinished"):
                self.count += 1
                if self.count == self.kill_at:
                    os.truncate(source, Path(source).stat().st_size // 2)
                    os.kill(os.getpid(), signal.SIGKILL)
            really_replace(source, target, **options)

        monkeypatch.setattr(os, "replace", replace)


def run_config(job: str, sources: Sources) -> dict[str, Any]:
    """Return the configuration of a job: the week's sources for jobs that read them, and little work."""
    config = sources.run_config()
    quiet = {"loggers": config["loggers"]}
    match job:
        case "ingest" | "train":
            return {"resources": config["resources"], **quiet}
        case "describe":
            return {"ops": config["ops"], **quiet}
        case "evaluate":
            return {"ops": SHORT_REPORTS, **quiet}
        case "generate":
            return quiet
    return config


def main(folder: Path, number: int, jobs: list[str]) -> int:
    """Run the jobs; return the exit code."""
    store, sources = Store(folder / "store"), Sources(folder / "sources")
    written: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as monkeypatch, dg.DagsterInstance.ephemeral() as instance:
        replace_training(monkeypatch, Week)
        write_request(SONG, store.requests)
        instance.add_dynamic_partitions("requests", [SONG.name])
        definitions = build_defs(str(folder / "store"))
        writes = Writes(monkeypatch)
        for job in jobs:
            writes.count, writes.kill_at = 0, number if job == jobs[-1] else 0
            ran = definitions.resolve_job_def(job).execute_in_process(
                instance=instance,
                run_config=run_config(job, sources),
                tags=ALL_SHARDS if job == "describe" else None,
                partition_key=SONG.name if job == "generate" else None,
                raise_on_error=False,
            )
            if not ran.success:
                return 1
            written[job] = writes.count
    sys.stdout.write(json.dumps(written))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
