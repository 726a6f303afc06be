from __future__ import annotations

import pytest

from emo_assets.pipeline.assets.evaluation import check_sanity, check_scores
from emo_assets_tests.pipeline.good_store import lists, scoreboard


def test_a_model_of_parts_is_not_held_against_a_baseline_of_whole_descriptions() -> None:
    board = scoreboard()
    assert check_sanity(board).metadata["bits_a_bar"] == 28.0
    worse = board.assign(bits_a_bar=[50.0, 5.0, 60.0, 40.0])
    assert "transformer, needs 50.00" in check_sanity(worse).summary
    assert not check_sanity(board[board["role"] == "baseline"]).passed


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("bits_a_token", [1.0, 1.0, float("nan"), 1.0]),
        ("bits_a_bar", [1.0, -1.0, 1.0, 1.0]),
        ("validity", [1.0, 1.2, None, None]),
        ("songs", [1, 1, 0, 1]),
        ("model", ["a", "a", "b", "c"]),
        ("role", ["describer"] * 4),
    ],
)
def test_figures_that_cannot_be_are_found(column: str, values: list[object]) -> None:
    assert check_scores(scoreboard()).passed
    assert not check_scores(scoreboard().assign(**{column: lists(values).infer_objects()})).passed
