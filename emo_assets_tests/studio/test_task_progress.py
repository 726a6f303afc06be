from __future__ import annotations

import itertools

import pytest

from emo_assets.studio.task_progress import Stage, TaskProgress


@pytest.mark.parametrize("stage", list(Stage))
def test_progress_only_grows(stage: Stage) -> None:
    shares = [TaskProgress(stage, done, 10).share for done in range(11)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_a_stage_ends_where_the_next_begins() -> None:
    stages = list(Stage)
    for stage, following in itertools.pairwise(stages):
        assert TaskProgress(stage, 1, 1).share == pytest.approx(TaskProgress(following, 0, 1).share)
    assert TaskProgress(stages[-1], 1, 1).share == 1
