from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from emo_assets.reports import style
from emo_assets_tests.reports.pictures import checked_picture


def draw(value: int) -> bytes:
    with style.new_figure(6, 3) as figure:
        axes = figure.subplots()
        axes.plot([0, value, 1])
        style.title(figure, f"drawn {value}", "quietly")
        return style.to_png(figure)


def test_same_figure_gives_the_same_bytes() -> None:
    checked_picture(draw(2))
    assert draw(2) == draw(2)
    assert draw(2) != draw(3)


def test_threads_may_draw_at_the_same_time() -> None:
    alone = [draw(value) for value in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, range(4))) == alone


def test_parameters_of_others_stay_as_they_were() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw(1)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "module",
    [
        "piano_roll",
        "learning_curves",
        "scoreboard",
        "exploration_figures",
        "exploration_page",
        "controllability",
    ],
)
def test_importing_a_report_imports_no_plotting(module: str) -> None:
    heavy = ("matplotlib", "scipy", "torch", "PIL", "dagster")
    code = (
        f"import sys, emo_assets.reports.{module}; print([name for name in {heavy} if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
