"""A kill in the middle of each job, and the job run again: the store ends as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from safetensors.numpy import load

from emo_assets.description_model.registry.model_registry import read_record
from emo_assets.store import Store
from emo_assets_tests.pipeline.year import Sources

CHECKOUT = Path(__file__).parents[2]
JOBS = ("ingest", "describe", "train", "evaluate", "generate", "retrain")


def run(folder: Path, *jobs: str, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
    """Run jobs in a process of their own, which kills itself in the last one if `kill_at` is set."""
    command = [sys.executable, "-m", "emo_assets_tests.pipeline.killed_run", str(folder), str(kill_at), *jobs]
    return subprocess.run(command, check=False, cwd=CHECKOUT, capture_output=True, text=True)


def contents(folder: Path) -> dict[str, str]:
    """Return the checksums of the contents of all files in the store, by path.

    The duration of training in weights and the champion's version, their checksum, do not count. Of OGG
    files, which have random serial numbers, only the samples count.
    """
    record = read_record(Store(folder / "store"))
    assert record is not None
    sums = {}
    for file in (folder / "store").rglob("*"):
        if file.is_dir() or file.suffix == ".unfinished":
            continue
        content = file.read_bytes()
        if file.suffix == ".safetensors":
            content = b"".join(tensor.tobytes() for _, tensor in sorted(load(content).items()))
        if file.suffix == ".ogg":
            content = soundfile.read(file)[0].tobytes()
        for own in (str(folder), record.version):
            content = content.replace(own.encode(), b"")
        path = str(file.relative_to(folder)).replace(record.version, "VERSION")
        sums[path] = hashlib.sha256(content).hexdigest()
    return sums


@pytest.mark.slow
def test_killed_jobs_that_run_again_end_like_undisturbed_ones(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in (undisturbed, killed):
        Sources(folder / "sources").write(20)
    ran = run(undisturbed, *JOBS)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = json.loads(ran.stdout)
    done: list[str] = []
    for halves, job in enumerate(JOBS, 1):
        middle = written[job] // 2 + 1
        assert run(killed, *done, job, kill_at=middle).returncode == -signal.SIGKILL, job
        assert len(list(killed.rglob("*.unfinished"))) == halves
        done = [job]
    ran = run(killed, *done)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert contents(killed) == contents(undisturbed)
