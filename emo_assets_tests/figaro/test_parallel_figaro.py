"""Two processes generate what one generates, even if the worker dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from emo_assets.errors import WorkerError
from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.logit_bias import StyleTargets
from emo_assets.figaro.parallel_figaro import ParallelFigaro
from emo_assets.figaro.weights import to_bytes
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets_tests.figaro.conftest import LITTLE, random_network

STYLE_TARGETS = [StyleTargets(), StyleTargets(steadiness=1.0), StyleTargets(key=(0, 1), playable=True)]


@pytest.fixture(scope="module")
def parallel() -> Iterator[ParallelFigaro]:
    with closing(ParallelFigaro(to_bytes(random_network(LITTLE)))) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(descriptions: list[list[int]]) -> list[list[int]]:
    grammar = DescriptionGrammar()
    return [grammar.format(grammar.parse(description)[:3]) for description in descriptions[:3]]


@pytest.fixture(scope="module")
def wanted(asked: list[list[int]]) -> list[list[int]]:
    alone = Figaro(random_network(LITTLE))
    return alone.generate(asked, tempos=[90, 100, 110], seeds=[1, 2, 3], style_targets=STYLE_TARGETS)


def generated(parallel: ParallelFigaro, asked: list[list[int]]) -> list[list[int]]:
    return parallel.generate(asked, tempos=[90, 100, 110], seeds=[1, 2, 3], style_targets=STYLE_TARGETS)


def child_processes() -> set[int | None]:
    return {process.pid for process in multiprocessing.active_children()}


def test_two_processes_generate_what_one_does(
    parallel: ParallelFigaro, asked: list[list[int]], wanted: list[list[int]]
) -> None:
    assert generated(parallel, asked) == wanted
    assert parallel.generate(asked[:1], tempos=[90], seeds=[1], style_targets=STYLE_TARGETS[:1]) == wanted[:1]


def test_progress_counts_all_bars(parallel: ParallelFigaro, asked: list[list[int]]) -> None:
    told: list[tuple[int, int]] = []
    parallel.generate(
        asked,
        tempos=[100.0] * 3,
        seeds=range(3),
        progress=lambda stage, done, total: told.append((done, total)),
    )
    assert {total for _, total in told} == {9}
    assert told == sorted(told)
    assert told[-1][0] >= 6


def test_when_the_worker_dies_nothing_is_lost(asked: list[list[int]], wanted: list[list[int]]) -> None:
    before = child_processes()
    parallel = ParallelFigaro(to_bytes(random_network(LITTLE)))
    assert generated(parallel, asked) == wanted
    [worker] = child_processes() - before
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    assert generated(parallel, asked) == wanted
    assert generated(parallel, asked) == wanted
    [another] = child_processes() - before
    assert another != worker
    parallel.close()
    deadline = time.monotonic() + 60
    while child_processes() - before:
        assert time.monotonic() < deadline, "the worker is still there"
        time.sleep(0.05)
    assert generated(parallel, asked) == wanted


def test_a_worker_that_cannot_be_replaced_costs_no_song(
    asked: list[list[int]], wanted: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = child_processes()
    with closing(ParallelFigaro(to_bytes(random_network(LITTLE)))) as parallel:
        assert generated(parallel, asked) == wanted
        [worker] = child_processes() - before
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        with monkeypatch.context() as patched:
            patched.setattr("emo_assets.figaro.parallel_figaro.worker_pool", no_workers)
            assert generated(parallel, asked) == wanted
        assert generated(parallel, asked) == wanted
        assert generated(parallel, asked) == wanted


def no_workers(*_: object) -> None:
    raise WorkerError


def test_cancelled_songs_do_not_delay_the_next(
    parallel: ParallelFigaro, asked: list[list[int]], wanted: list[list[int]]
) -> None:
    class CancelledError(Exception):
        pass

    def cancel(stage: str, done: int, total: int) -> None:
        raise CancelledError

    many = asked * 8
    with pytest.raises(CancelledError):
        parallel.generate(many, tempos=[100.0] * len(many), seeds=range(len(many)), progress=cancel)
    assert generated(parallel, asked) == wanted


def test_an_invalid_description_is_refused_in_either_process(
    parallel: ParallelFigaro, asked: list[list[int]], wanted: list[list[int]]
) -> None:
    for broken in ([asked[0], [1, 2]], [[1, 2], asked[0]]):
        with pytest.raises(GrammarError):
            parallel.generate(broken, tempos=[90, 90], seeds=[1, 2])
    assert generated(parallel, asked) == wanted


def test_with_one_core_there_is_no_worker(
    asked: list[list[int]], wanted: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    before = child_processes()
    assert generated(ParallelFigaro(to_bytes(random_network(LITTLE))), asked) == wanted
    assert child_processes() == before
