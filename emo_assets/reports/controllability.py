"""Controllability in pictures: requested features against what is heard."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_COLUMNS = 4
MAX_GROUPS, MIN_GROUP_SIZE = 10, 6
"""The band is drawn through at most so many groups of songs, each of at least so many songs."""

BAND_QUANTILES = (0.1, 0.9)
_TICK_LABELS = {"key": PITCH_CLASSES, "mode": ("minor", "major")}


def controllability_png(pairs: pd.DataFrame, table: pd.DataFrame) -> bytes:
    """Draw a panel per feature.

    Args:
        pairs: `feature`, `asked`, `heard` and `correct`, one row per feature and song, as returned by
            `asked_and_heard`.
        table: what `controllability_table` returns.

    Returns:
        A PNG, 1300 pixels wide. Metrics that can be correct show how often each pair of values occurs; the
        others a dot per song, with the median and the band that holds 80 % of the songs.
    """
    features = table[table["statistic"] != "mean"]
    with style.new_figure(13, 3.1 * -(-len(features) // PANEL_COLUMNS) + 0.4) as figure:
        panels = style.panels(figure, len(features), PANEL_COLUMNS)
        for axes, row in zip(panels, features.to_dict("records"), strict=True):
            own = pairs[pairs["feature"] == row["knob"]]
            axes.set_title(style.label(str(row["knob"])), pad=17)
            axes.text(
                0,
                1.02,
                _caption(row),
                transform=axes.transAxes,
                va="bottom",
                fontsize=8,
                color=style.FAINT_INK,
            )
            axes.set_xlabel("asked", fontsize=8, color=style.FAINT_INK)
            axes.set_ylabel("heard", fontsize=8, color=style.FAINT_INK)
            if row["statistic"] == "share right":
                _draw_counts(axes, own, _TICK_LABELS.get(str(row["knob"]), ()))
            else:
                _draw_band(axes, own)
        statistics = "rank correlation ρ or share right, with 95 % interval"
        style.title(figure, f"Asked against heard in {table['songs'].max():,} songs: {statistics}")
        return style.to_png(figure)


def _caption(row: Mapping[Hashable, object]) -> str:
    value, low, high = (float(str(row[name])) for name in ("value", "low", "high"))
    if np.isnan(value):
        return "too few songs for a figure"
    if row["statistic"] == "share right":
        return f"{value:.1%} right ({low:.0%} to {high:.0%})"
    return f"ρ = {value:+.2f} ({low:+.2f} to {high:+.2f}), reach {float(str(row['reach'])):+.2f}"


def leak_rows(leaks: pd.DataFrame) -> list[dict[str, str]]:
    """Return what each moved feeling does to what is heard of the others, one row per moved feeling.

    Args:
        leaks: what `leak_table` returns.

    Returns:
        `moved`, and for each feeling the rank correlation, with that of real songs in parentheses; "too few"
        where too few songs were made.
    """
    rows = []
    for moved, pairs in leaks.groupby("moved", sort=False):
        row = {"moved": str(moved)}
        for pair in pairs.to_dict("records"):
            value = "too few" if np.isnan(pair["value"]) else f"{pair['value']:+.2f}"
            row[str(pair["heard"])] = f"{value} ({pair['in_songs']:+.2f})"
        rows.append(row)
    return rows


def _draw_counts(axes: Axes, pairs: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Draw a dot for each pair of values, scaled by its frequency, on top of the diagonal."""
    from matplotlib.ticker import MaxNLocator

    if len(pairs):
        values = pairs[["asked", "heard"]].to_numpy(dtype=np.float64)
        ends = [values.min(), values.max()]
        axes.plot(ends, ends, color=style.LINES, linewidth=1.5, zorder=1)
    counted = pairs.groupby(["asked", "heard", "correct"]).size().reset_index(name="songs")
    sizes = 14 + 300 * counted["songs"] / max(len(pairs), 1)
    colors = [style.GREEN if correct else style.RED for correct in counted["correct"]]
    axes.scatter(counted["asked"], counted["heard"], s=sizes, c=colors, alpha=0.7, linewidths=0, zorder=3)
    axes.margins(0.12)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if names:
            axis.set_ticks(range(len(names)), names, fontsize=7.5)


def _draw_band(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw a dot per song, the median of groups of songs, and the band around it."""
    axes.scatter(pairs["asked"], pairs["heard"], s=13, color=style.GREY, alpha=0.5, linewidths=0, zorder=2)
    groups = min(MAX_GROUPS, len(pairs) // MIN_GROUP_SIZE)
    if groups < 2:
        return
    ordered = pairs.sort_values("asked", kind="stable").reset_index(drop=True)
    grouped = ordered.groupby(np.arange(len(ordered)) * groups // len(ordered))
    middle = grouped["asked"].median()
    low, high = (grouped["heard"].quantile(quantile) for quantile in BAND_QUANTILES)
    axes.fill_between(middle, low, high, color=style.BLUE, alpha=0.18, linewidth=0, zorder=1)
    axes.plot(middle, grouped["heard"].median(), color=style.BLUE, zorder=3)
