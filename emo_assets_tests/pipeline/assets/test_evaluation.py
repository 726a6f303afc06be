from __future__ import annotations

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.pipeline.assets.evaluation import (
    ControlReportConfig,
    GuidanceReportConfig,
    check_sanity,
    check_scores,
    control_report,
    guidance_report,
)
from emo_assets.pipeline.checks import Check, CheckOutcome
from emo_assets.pipeline.resources import StoreResource
from emo_assets_tests.pipeline.good_store import lists, outcome, scoreboard


def checked(check: Check, base: Path, board: pd.DataFrame) -> CheckOutcome:
    return outcome(check, base, "scoreboard", scoreboard=board)


def test_check_sanity_leaves_out_specialized_models(tmp_path: Path) -> None:
    board = scoreboard()
    assert checked(check_sanity, tmp_path, board).metadata["bits_a_bar"] == 28.0
    worse = board.assign(bits_a_bar=[50.0, 5.0, 60.0, 40.0])
    assert "transformer, needs 50.00" in checked(check_sanity, tmp_path, worse).summary
    assert not checked(check_sanity, tmp_path, board[board["role"] == "baseline"]).passed


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
def test_check_scores(tmp_path: Path, column: str, values: list[object]) -> None:
    assert checked(check_scores, tmp_path, scoreboard()).passed
    assert not checked(
        check_scores, tmp_path, scoreboard().assign(**{column: lists(values).infer_objects()})
    ).passed


def test_reports_refuse_what_they_cannot_vary(tmp_path: Path) -> None:
    context, store, nothing = dg.build_asset_context(), StoreResource(base_path=str(tmp_path)), pd.DataFrame()
    with pytest.raises(InputError, match=r"^features: unknown value tempo; choose from valence, energy, "):
        control_report(context, ControlReportConfig(features=["valence", "tempo"]), store, nothing, nothing)
    with pytest.raises(InputError, match=r"^strictnesses: unknown value mildly; choose from loosely, "):
        guidance_report(context, GuidanceReportConfig(strictnesses=["mildly"]), store, nothing)
