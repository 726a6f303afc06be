"""The musicality report as a picture and a table: songs, corpus and real songs against the goals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from emo_assets.reports import style
from emo_assets.reports.markdown import markdown_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUPS = {
    "tracks": ("finished tracks", style.BLUE),
    "requests": ("songs of requests", style.VIOLET),
    "drawn": ("songs of random features", style.TEAL),
    "corpus": ("corpus", style.ORANGE),
}
"""Groups of songs with their meaning and color, in the order of columns."""

MET, MISSED = style.GREEN, style.RED
BAND = "#d8e9df"
"""Color of the band of a goal."""

_AXIS_MARGIN = 1.08
"""Length of a measure's axis in parts of its largest value."""


def groups_of(table: pd.DataFrame) -> list[str]:
    """Return the groups of songs that a table has a column of, in the order of `GROUPS`."""
    return [group for group in GROUPS if group in table]


def goal_text(low: float, high: float) -> str:
    """Return a goal in words; measures are not negative, and shares are at most 1."""
    if low == high:
        return f"{low:g}"
    if high == 1 or math.isinf(high):
        return f"≥ {low:g}"
    return f"{low:g} to {high:g}" if low else f"≤ {high:g}"


def musicality_png(table: pd.DataFrame) -> bytes:
    """Draw a line per measure, with its goal as a band, and a dot for each group of songs.

    Args:
        table: what `evaluation.musicality.musicality_table` returns for some of `GROUPS`.

    Returns:
        A PNG, 1300 pixels wide. Each measure has its own scale, from 0; dots outside of the band are hollow.
    """
    groups, rows = groups_of(table), table.to_dict("records")
    with style.new_figure(13, 1.5 + 0.33 * len(table)) as figure:
        plot, numbers = figure.subplots(1, 2, width_ratios=(3, 1 + 0.5 * len(groups)))
        for place, row in enumerate(reversed(rows)):
            _draw_measure(plot, place, row, groups)
        plot.set_yticks(range(len(rows)), [str(row["meaning"]) for row in reversed(rows)])
        plot.set_xlim(-0.02, 1)
        plot.set_xticks([])
        plot.grid(visible=False)
        plot.spines["bottom"].set_visible(False)
        style.hide_y_axis(plot)
        for group in groups:
            meaning, color = GROUPS[group]
            plot.plot([], [], "o", color=color, label=f"{meaning}: {table[f'{group}_songs'].max()}")
        plot.plot([], [], "|", color=style.INK, markersize=10, markeredgewidth=2, label="real songs")
        plot.plot([], [], color=BAND, linewidth=9, label="goal")
        _write_numbers(numbers, rows, groups)
        for axes in (plot, numbers):
            axes.set_ylim(-0.6, len(rows) + 0.1)
        figure.legend(loc="outside lower center", ncols=len(groups) + 2)
        style.title(
            figure, "Does it hold together as music? Means of songs against goals; hollow dots miss them"
        )
        return style.to_png(figure)


def musicality_markdown(table: pd.DataFrame) -> str:
    """Format a musicality table, as `musicality_png` takes it, as a markdown table."""
    groups = groups_of(table)
    rows = [
        {
            "measure": row["meaning"],
            **{group: _number(row, group) for group in groups},
            "real songs": _number(row, "real"),
            "goal": goal_text(row["goal_low"], row["goal_high"]),
            "missed by": ", ".join(group for group in groups if _is_met(row, group) is False),
        }
        for row in table.to_dict("records")
    ]
    return markdown_table(rows)


def _draw_measure(axes: Axes, place: int, row: Mapping[Hashable, object], groups: list[str]) -> None:
    """Draw the goal of a measure as a band, real songs as a tick and groups as dots."""
    low, high = _value(row, "goal_low"), _value(row, "goal_high")
    values = {group: _value(row, group) for group in groups}
    known = [value for value in (*values.values(), _value(row, "real"), low, high) if math.isfinite(value)]
    scale = _AXIS_MARGIN * max(*known, 1e-9)
    axes.plot([0, 1], [place, place], color=style.LINES, linewidth=1, zorder=1)
    end = min(high / scale, 1)
    axes.barh(place, max(end - low / scale, 0.006), left=low / scale, height=0.62, color=BAND, zorder=0)
    axes.plot(_value(row, "real") / scale, place, "|", color=style.INK, markersize=11, markeredgewidth=2)
    for group, value in values.items():
        color = GROUPS[group][1]
        face = style.PAPER if _is_met(row, group) is False else color
        axes.plot(
            value / scale,
            place,
            "o",
            markersize=8,
            markeredgecolor=color,
            markerfacecolor=face,
            markeredgewidth=2,
            clip_on=False,
            zorder=4,
        )


def _write_numbers(axes: Axes, rows: list[dict[Hashable, object]], groups: list[str]) -> None:
    """Write the figures of every measure in columns: the groups, green or red by their goal, real, goal."""
    columns = [*groups, "real", "goal"]
    axes.axis("off")
    axes.set_xlim(0, len(columns) + 0.3)
    for column, name in enumerate(columns):
        right = column + (1.3 if name == "goal" else 0.9)
        axes.text(right, len(rows) - 0.2, name, ha="right", fontweight="bold", fontsize=8.5)
        for place, row in enumerate(reversed(rows)):
            if name == "goal":
                text = goal_text(_value(row, "goal_low"), _value(row, "goal_high"))
            else:
                text = _number(row, name)
            met = _is_met(row, name)
            color = style.INK if met is None else MET if met else MISSED
            axes.text(right, place, text, ha="right", va="center", fontsize=8.5, color=color)


def _value(row: Mapping[Hashable, object], name: str) -> float:
    return float(str(row[name]))


def _number(row: Mapping[Hashable, object], name: str) -> str:
    """Return a figure with three digits, "" where there is none."""
    value = _value(row, name)
    if math.isnan(value):
        return ""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 or value == 0 else f"{value:.3f}"


def _is_met(row: Mapping[Hashable, object], group: str) -> bool | None:
    """Return whether a group meets the goal; None where it has no figure."""
    return {"True": True, "False": False}.get(str(row.get(f"{group}_met")))
