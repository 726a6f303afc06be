"""A process for the pool that does as it is told: answers, dies, hangs, naps, floods or prints."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from emo_assets.tokens.worker_pool import serve


def do(task: str | bytes) -> object:
    match task:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case str() if task.startswith("die once "):
            mark = Path(task.removeprefix("die once "))
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "leave":
            os._exit(7)
        case "hang":
            time.sleep(3600)
        case "nap":
            time.sleep(0.1)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "flood":
            return "x" * 5_000_000
        case "print":
            print("this must not mix with answers", flush=True)
    return (os.getpid(), len(task), task if isinstance(task, str) else None)


if __name__ == "__main__":
    serve(do)
