"""A task for worker processes that answers, dies, hangs, naps, floods or prints, as asked for."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def do(task: str | bytes) -> tuple[int, int, str | None]:
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
            return (os.getpid(), 5_000_000, "x" * 5_000_000)
        case "print":
            print("this must not mix with results", flush=True)
    return (os.getpid(), len(task), task if isinstance(task, str) else None)


_kept: list[object] = []


def keep(value: object) -> None:
    """Keep an initializer's argument for `kept`."""
    _kept.append(value)


def kept() -> object:
    """Return what the initializer of this process kept."""
    return _kept[-1]
