from __future__ import annotations

import pytest

from emo_assets.synthetic_corpus.seeded_random import SeededRandom


def test_the_generator_is_reproducible_and_its_children_do_not_depend_on_its_state() -> None:
    one, other = SeededRandom(3, "song"), SeededRandom(3, "song")
    other.uniform()
    assert one.child("bass").uniform() == other.child("bass").uniform()
    assert one.child("bass").uniform() != one.child("drums").uniform()
    assert SeededRandom(3, "song").uniform() != SeededRandom(4, "song").uniform()


def test_the_generator_draws_the_same_numbers_on_every_machine() -> None:
    chance = SeededRandom(0, "fixed")
    drawn = [chance.below(1000) for _ in range(6)]
    assert drawn == [83, 693, 206, 615, 497, 269]


def test_weights_decide_how_often_an_option_is_drawn() -> None:
    chance = SeededRandom(1)
    drawn = [chance.weighted("abc", (1, 0, 3)) for _ in range(2000)]
    assert drawn.count("b") == 0
    assert drawn.count("c") / drawn.count("a") == pytest.approx(3, rel=0.25)
    assert sorted(chance.shuffled(range(20))) == list(range(20))
