from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.reports.fidelity import fidelity_markdown, fidelity_png
from emo_assets_tests.reports.pictures import checked_picture


@pytest.fixture
def report() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": ["instrument_f1", "density_error"],
            "written": [0.9, 0.2],
            "best": [0.95, 0.15],
            "ceiling": [1.0, 0.0],
            "floor": [0.3, 0.6],
            "songs": 12,
        }
    )


def test_the_best_of_several_is_drawn_where_there_is_one(report: pd.DataFrame) -> None:
    plain = fidelity_png(report.drop(columns="best"))
    checked_picture(plain)
    assert checked_picture(fidelity_png(report)).shape[1] == 900
    assert fidelity_png(report) != plain


def test_the_table_says_where_nothing_is_best(report: pd.DataFrame) -> None:
    lines = fidelity_markdown(report).splitlines()
    assert lines[0] == "| measure | written | best | ceiling | floor |"
    assert lines[2] == "| instrument f1 | 0.900 | 0.950 | 1.000 | 0.300 |"
    assert lines[3] == "| density error (0 is best) | 0.200 | 0.150 | 0.000 | 0.600 |"
    assert "best" not in fidelity_markdown(report.drop(columns="best")).splitlines()[0]
