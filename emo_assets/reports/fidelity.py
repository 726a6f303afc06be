"""The fidelity report to look at: each measure of written songs, between its floor and its ceiling."""

from __future__ import annotations

import pandas as pd

from emo_assets.reports import style

LOWER_IS_BETTER = ("density_error",)

COLUMNS = {
    "floor": ("another song", style.GREY, "|"),
    "ceiling": ("the song itself, read again", style.INK, "|"),
    "written": ("written from its description", style.BLUE, "o"),
    "best": ("the best of several", style.ORANGE, "o"),
}
"""Columns of a report with what they mean, their colours and their marks, in the order of drawing."""


def fidelity_png(report: pd.DataFrame) -> bytes:
    """Draw a fidelity report: a line a measure, from its floor to its ceiling.

    Args:
        report: `measure`, `written`, `ceiling`, `floor` and `songs`, and `best` if it was measured.

    Returns:
        A PNG of 900 dots width.
    """
    places = list(range(len(report)))[::-1]
    with style.new_figure(9, 1.2 + 0.3 * len(report)) as figure:
        axes = figure.subplots()
        axes.hlines(places, report["floor"], report["ceiling"], color=style.LINES, linewidth=5)
        for column, (meaning, colour, mark) in COLUMNS.items():
            if column in report:
                axes.plot(
                    report[column], places, mark, color=colour, label=meaning, markersize=8, markeredgewidth=2
                )
        for place, end in zip(places, report["written"], strict=True):
            axes.annotate(
                f"{end:.2f}",
                (end, place),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=style.BLUE,
            )
        axes.set_yticks(places, [_words(str(measure)) for measure in report["measure"]])
        axes.set_ylim(-0.7, len(report) - 0.2)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside lower center", ncols=len(COLUMNS))
        style.title(
            figure, f"Does FIGARO do what it is told? {report['songs'].max():,} songs it has not heard"
        )
        return style.to_png(figure)


def fidelity_markdown(report: pd.DataFrame) -> str:
    """Write a fidelity report as a markdown table.

    Args:
        report: as `fidelity_png` takes it.
    """
    columns = [column for column in ("written", "best", "ceiling", "floor") if column in report]
    lines = [f"| measure | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [
        f"| {_words(str(row['measure']))} | {' | '.join(f'{row[column]:.3f}' for column in columns)} |"
        for _, row in report.iterrows()
    ]
    return "\n".join(lines)


def _words(measure: str) -> str:
    """Return a measure's name in words, with a note where 0 is best."""
    words = measure.replace("_", " ")
    return f"{words} (0 is best)" if measure in LOWER_IS_BETTER else words
