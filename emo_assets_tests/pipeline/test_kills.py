from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load

from emo_assets.describing.promotion import read_record
from emo_assets.store import Store
from emo_assets_tests.pipeline.year import Sources

CHECKOUT = Path(__file__).parents[2]


def retrain(folder: Path, kill_at: int = 0) -> int:
    """Retrain in a process of its own, and return its exit code."""
    command = [sys.executable, "-m", "emo_assets_tests.pipeline.killed_run", str(folder), str(kill_at)]
    return subprocess.run(command, check=False, cwd=CHECKOUT, capture_output=True).returncode


def contents(folder: Path) -> dict[str, str]:
    """Return the sums of what every asset holds, by path; of weights without how long they took."""
    sums = {}
    for file in (folder / "store" / "assets").rglob("*"):
        if file.is_dir() or file.suffix == ".unfinished" or file.name == "champion.json":
            continue
        content = file.read_bytes()
        if file.suffix == ".safetensors":
            content = b"".join(tensor.tobytes() for _, tensor in sorted(load(content).items()))
        sums[str(file.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return sums


@pytest.mark.slow
def test_a_retraining_that_was_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in (undisturbed, killed):
        Sources(folder / "sources").write(20)
    assert retrain(undisturbed) == 0
    for halves, table in enumerate((2, 20), 1):
        assert retrain(killed, kill_at=table) == -signal.SIGKILL
        assert len(list(killed.rglob("*.unfinished"))) == halves
    assert retrain(killed) == 0
    assert contents(killed) == contents(undisturbed)
    records = [read_record(Store(folder / "store")) for folder in (killed, undisturbed)]
    assert None not in records
    assert len({record.decision.champion for record in records if record is not None}) == 1
