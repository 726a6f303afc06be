from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.reports.scoreboard import scoreboard_markdown, scoreboard_png, token_kinds, writes_all
from emo_assets_tests.reports.pictures import checked_picture

KINDS = ("chord", "note density", "mean pitch")


@pytest.fixture
def scores() -> pd.DataFrame:
    rows = []
    for number, (model, role, written) in enumerate(
        [
            ("transformer", "describer", KINDS),
            ("lstm_density", "describer", KINDS[1:2]),
            ("combined", "ensemble", KINDS),
            ("previous bar", "baseline", KINDS),
        ]
    ):
        bits = 2.0 - 0.2 * number
        row: dict[str, object] = {
            "model": model,
            "role": role,
            "songs": 24,
            "accuracy": 0.4 + 0.1 * number,
            "bits_a_token": bits,
            "bits_low": bits - 0.1,
            "bits_high": bits + 0.1,
            "bits_a_bar": 14 * bits,
            "validity": np.nan if role == "baseline" else 1.0,
        }
        for kind in written:
            row |= {f"accuracy {kind}": 0.5, f"bits {kind}": bits}
        rows.append(row)
    return pd.DataFrame(rows)


def test_kinds_are_found_in_the_columns(scores: pd.DataFrame) -> None:
    assert token_kinds(scores) == list(KINDS)


def test_models_of_one_kind_do_not_write_all(scores: pd.DataFrame) -> None:
    assert writes_all(scores).tolist() == [True, False, True, True]


def test_scoreboard_is_drawn(scores: pd.DataFrame) -> None:
    assert checked_picture(scoreboard_png(scores)).shape[1] == 1300


def test_scoreboard_without_kinds_is_drawn(scores: pd.DataFrame) -> None:
    overall = scores[[column for column in scores if not str(column).startswith(("bits ", "accuracy "))]]
    checked_picture(scoreboard_png(overall))
    assert scoreboard_markdown(overall).count("**1.400**") == 1


def test_markdown_has_a_row_a_model_and_the_best_in_bold(scores: pd.DataFrame) -> None:
    lines = scoreboard_markdown(scores).splitlines()
    assert lines[0] == "| model | role | accuracy | bits per token | bits per bar | valid |"
    assert lines[5] == "| previous bar | baseline | **0.700** | **1.400** | **19.600** |  |"
    assert "| lstm_density | describer | 0.500 | 1.800 | 25.200 | 1.000 |" in lines
    assert "| lstm_density | describer |  | 1.800 |  |" in lines
    assert sum(line.startswith("| combined") for line in lines) == 3


def test_overall_the_best_is_sought_among_those_that_write_all(scores: pd.DataFrame) -> None:
    scores.loc[1, "bits_a_token"] = 0.1
    overall = scoreboard_markdown(scores).split("\n\n")[0]
    assert "**0.100**" not in overall
    assert "**1.400**" in overall
