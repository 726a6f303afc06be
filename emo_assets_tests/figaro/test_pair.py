"""What a pair writes is what one FIGARO writes, whatever becomes of the process beside."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from emo_assets.figaro.generate import Figaro
from emo_assets.figaro.logit_bias import StyleTargets
from emo_assets.figaro.pair import FigaroPair
from emo_assets.figaro.weights import to_bytes
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets.tokens.grammar.errors import GrammarError
from emo_assets_tests.figaro.conftest import LITTLE, random_network

STYLE_TARGETS = [StyleTargets(), StyleTargets(steadiness=1.0), StyleTargets(key=(0, 1), playable=True)]


@pytest.fixture(scope="module")
def pair() -> Iterator[FigaroPair]:
    with closing(FigaroPair(to_bytes(random_network(LITTLE)))) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(descriptions: list[list[int]]) -> list[list[int]]:
    grammar = DescriptionGrammar()
    return [grammar.format(grammar.parse(description)[:3]) for description in descriptions[:3]]


@pytest.fixture(scope="module")
def wanted(asked: list[list[int]]) -> list[list[int]]:
    alone = Figaro(random_network(LITTLE))
    return alone.compose(asked, tempos=[90, 100, 110], seeds=[1, 2, 3], style_targets=STYLE_TARGETS)


def composed(pair: FigaroPair, asked: list[list[int]]) -> list[list[int]]:
    return pair.compose(asked, tempos=[90, 100, 110], seeds=[1, 2, 3], style_targets=STYLE_TARGETS)


def processes_of_this_one() -> set[int | None]:
    return {process.pid for process in multiprocessing.active_children()}


def test_two_write_what_one_writes(pair: FigaroPair, asked: list[list[int]], wanted: list[list[int]]) -> None:
    assert composed(pair, asked) == wanted
    assert pair.compose(asked[:1], tempos=[90], seeds=[1], style_targets=STYLE_TARGETS[:1]) == wanted[:1]


def test_all_bars_are_told(pair: FigaroPair, asked: list[list[int]]) -> None:
    told: list[tuple[int, int]] = []
    pair.compose(
        asked,
        tempos=[100.0] * 3,
        seeds=range(3),
        progress=lambda stage, done, total: told.append((done, total)),
    )
    assert {total for _, total in told} == {9}
    assert told == sorted(told)
    assert told[-1][0] >= 6


def test_when_the_other_process_dies_nothing_is_lost(asked: list[list[int]], wanted: list[list[int]]) -> None:
    before = processes_of_this_one()
    pair = FigaroPair(to_bytes(random_network(LITTLE)))
    assert composed(pair, asked) == wanted
    [beside] = processes_of_this_one() - before
    assert beside is not None
    os.kill(beside, signal.SIGKILL)
    assert composed(pair, asked) == wanted
    assert composed(pair, asked) == wanted
    [another] = processes_of_this_one() - before
    assert another != beside
    pair.close()
    deadline = time.monotonic() + 60
    while processes_of_this_one() - before:
        assert time.monotonic() < deadline, "the process beside goes on"
        time.sleep(0.05)
    assert composed(pair, asked) == wanted


def test_songs_that_are_given_up_hold_up_nothing(
    pair: FigaroPair, asked: list[list[int]], wanted: list[list[int]]
) -> None:
    class GivenUpError(Exception):
        pass

    def give_up(stage: str, done: int, total: int) -> None:
        raise GivenUpError

    many = asked * 8
    with pytest.raises(GivenUpError):
        pair.compose(many, tempos=[100.0] * len(many), seeds=range(len(many)), progress=give_up)
    assert composed(pair, asked) == wanted


def test_what_is_no_description_is_refused_whoever_gets_it(
    pair: FigaroPair, asked: list[list[int]], wanted: list[list[int]]
) -> None:
    for broken in ([asked[0], [1, 2]], [[1, 2], asked[0]]):
        with pytest.raises(GrammarError):
            pair.compose(broken, tempos=[90, 90], seeds=[1, 2])
    assert composed(pair, asked) == wanted


def test_where_there_is_one_core_all_is_written_here(
    asked: list[list[int]], wanted: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    before = processes_of_this_one()
    assert composed(FigaroPair(to_bytes(random_network(LITTLE))), asked) == wanted
    assert processes_of_this_one() == before
