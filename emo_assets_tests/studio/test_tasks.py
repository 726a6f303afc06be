from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.song_request import validate_name
from emo_assets.studio.tasks import Headway, Stage, new_task_id


@given(st.text(max_size=200))
def test_any_mood_gives_a_name_that_is_safe(mood: str) -> None:
    name = new_task_id(mood)
    assert validate_name(name) == name


def test_a_name_says_which_mood_it_came_from() -> None:
    assert new_task_id("Sunny morning — bright, warm").startswith("sunny-morning-")
    assert new_task_id("Élan vital").startswith("elan-vital-")
    assert new_task_id("../../etc/passwd").startswith("etc-passwd-")
    assert new_task_id("悲しみ").startswith("song-")


def test_names_are_never_the_same() -> None:
    assert len({new_task_id("joy") for _ in range(1000)}) == 1000


@pytest.mark.parametrize("stage", list(Stage))
def test_headway_only_grows(stage: Stage) -> None:
    shares = [Headway(stage, done, 10).share for done in range(11)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_a_stage_ends_where_the_next_begins() -> None:
    stages = list(Stage)
    for stage, following in itertools.pairwise(stages):
        assert Headway(stage, 1, 1).share == pytest.approx(Headway(following, 0, 1).share)
    assert Headway(stages[-1], 1, 1).share == 1
