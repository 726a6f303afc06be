"""The fidelity report as a picture and a table: each metric of generated songs, between floor and ceiling."""

from __future__ import annotations

import pandas as pd

from emo_assets.reports import style
from emo_assets.reports.markdown import markdown_table

LOWER_IS_BETTER = ("density_error",)

MARKERS = {
    "floor": ("another song", style.GREY, "|"),
    "ceiling": ("the song itself, read again", style.INK, "|"),
    "written": ("written from its description", style.BLUE, "o"),
    "best": ("the best of several", style.ORANGE, "o"),
}
"""Columns of a report with their meaning, color and marker, in the order of drawing."""


def fidelity_png(report: pd.DataFrame) -> bytes:
    """Draw a line per metric from floor to ceiling, with the generated songs on it.

    Args:
        report: what `evaluation.fidelity.fidelity_report` returns, `measure` as a column.

    Returns:
        A PNG, 900 pixels wide.
    """
    places = list(range(len(report)))[::-1]
    with style.new_figure(9, 1.2 + 0.3 * len(report)) as figure:
        axes = figure.subplots()
        axes.hlines(places, report["floor"], report["ceiling"], color=style.LINES, linewidth=5)
        for column, (meaning, color, mark) in MARKERS.items():
            if column in report:
                axes.plot(
                    report[column], places, mark, color=color, label=meaning, markersize=8, markeredgewidth=2
                )
        for place, value in zip(places, report["written"], strict=True):
            axes.annotate(
                f"{value:.2f}",
                (value, place),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=style.BLUE,
            )
        axes.set_yticks(places, [_label(str(metric)) for metric in report["measure"]])
        axes.set_ylim(-0.7, len(report) - 0.2)
        style.hide_y_axis(axes)
        figure.legend(loc="outside lower center", ncols=len(MARKERS))
        style.title(figure, f"Does FIGARO follow descriptions? {report['songs'].max():,} held-out songs")
        return style.to_png(figure)


def fidelity_markdown(report: pd.DataFrame) -> str:
    """Format a fidelity report, as `fidelity_png` takes it, as a markdown table."""
    columns = [column for column in ("written", "best", "ceiling", "floor") if column in report]
    named = report[columns].astype(float)
    named.insert(0, "measure", [_label(str(metric)) for metric in report["measure"]])
    return markdown_table(named.to_dict("records"), float_format=".3f")


def _label(metric: str) -> str:
    words = metric.replace("_", " ")
    return f"{words} (0 is best)" if metric in LOWER_IS_BETTER else words
