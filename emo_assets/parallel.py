"""Processes that work beside this one, each on one core. What they do is known by those who start them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def worker_pool(most: int) -> ProcessPoolExecutor:
    """Return processes that work on one core each, and end when this one does, even if it is killed.

    Args:
        most: how many at most; no more than there are cores.
    """
    return ProcessPoolExecutor(
        min(most, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
    )


def _begin() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # an interrupt from the keyboard reaches all at once, and the starter says what there is to say
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    starter = multiprocessing.parent_process()

    def end_with_the_starter() -> None:
        if starter is not None:
            starter.join()
            os._exit(1)

    threading.Thread(target=end_with_the_starter, daemon=True).start()
