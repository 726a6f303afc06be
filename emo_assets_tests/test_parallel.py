from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from emo_assets.parallel import worker_pool

STARTS_ONE = """
import os, time
from emo_assets.parallel import worker_pool

if __name__ == "__main__":
    with worker_pool(1) as beside:
        print(beside.submit(os.getpid).result(), flush=True)
        beside.submit(time.sleep, 600).result()
"""


def test_each_process_keeps_to_one_core() -> None:
    with worker_pool(1) as beside:
        assert beside.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "starts_one.py"
    script.write_text(STARTS_ONE)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        process = int(starter.stdout.readline())
        starter.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.1)
