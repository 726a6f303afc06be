"""Pictures of control: for each knob what was asked against what is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.evaluation.control_table import (
    REQUEST_METRICS,
    asked_and_measured,
    controllability_table,
    within_tolerance,
)
from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RIGHT, WRONG, BAND = style.GREEN, style.RED, style.BLUE
PANELS_IN_A_ROW = 4
WIDEST_GROUPS, FEWEST_IN_A_GROUP = 10, 6
"""The band is drawn through at most so many groups of songs, of at least so many songs each."""

BAND_ENDS = (0.1, 0.9)
_NAMED = {"key": PITCH_CLASSES, "mode": ("minor", "major")}


def controllability_png(songs: pd.DataFrame, table: pd.DataFrame | None = None) -> bytes:
    """Draw all knobs beside one another.

    Args:
        songs: as `controllability_table` takes them.
        table: what `controllability_table` found; none: it is asked.

    Returns:
        A PNG of 1300 dots width. Knobs that can be right or wrong show how often each pair of values came
        up; the others a dot a song with the median and the band that holds 80 % of the songs.
    """
    found = controllability_table(songs) if table is None else table
    rows = -(-len(REQUEST_METRICS) // PANELS_IN_A_ROW)
    with style.new_figure(13, 3.1 * rows + 0.4) as figure:
        panels = figure.subplots(rows, PANELS_IN_A_ROW, squeeze=False).ravel()
        for axes, knob in zip(panels, REQUEST_METRICS, strict=False):
            _draw_knob(axes, songs, knob, _in_words(found, knob))
        for axes in panels[len(REQUEST_METRICS) :]:
            axes.axis("off")
        figures = "rank correlation ρ or share right, with 95 % interval"
        headline = f"Asked against measured in {len(songs):,} songs: {figures}"
        figure.suptitle(headline, x=0.01, ha="left", fontsize=13, fontweight="bold")
        return style.to_png(figure)


def knob_png(songs: pd.DataFrame, table: pd.DataFrame, knob: str) -> bytes:
    """Draw one knob by itself, 600 dots wide; the arguments are those of `controllability_png`."""
    with style.new_figure(6, 4) as figure:
        _draw_knob(figure.subplots(), songs, knob, _in_words(table, knob))
        return style.to_png(figure)


def _in_words(found: pd.DataFrame, knob: str) -> str:
    """Write a knob's figure with its interval."""
    row = found[found["knob"] == knob]
    value, low, high = row[["value", "low", "high"]].to_numpy(dtype=np.float64)[0]
    if np.isnan(value):
        return "not measured"
    if (row["statistic"] == "share right").all():
        return f"{value:.1%} right ({low:.0%} to {high:.0%})"
    return f"ρ = {value:+.2f} ({low:+.2f} to {high:+.2f})"


def _draw_knob(axes: Axes, songs: pd.DataFrame, knob: str, words: str) -> None:
    measure, pairs = REQUEST_METRICS[knob], asked_and_measured(songs, knob)
    axes.set_title(knob.replace("_", " ").capitalize(), pad=17)
    axes.text(0, 1.02, words, transform=axes.transAxes, va="bottom", fontsize=8, color=style.FAINT_INK)
    axes.set_xlabel("asked", fontsize=8, color=style.FAINT_INK)
    axes.set_ylabel(measure.unit, fontsize=8, color=style.FAINT_INK)
    if measure.tolerance is None:
        _draw_band(axes, pairs)
    else:
        _draw_counts(axes, pairs, within_tolerance(pairs, measure.tolerance), _NAMED.get(knob, ()))


def _draw_counts(axes: Axes, pairs: pd.DataFrame, right: NDArray[np.bool_], names: tuple[str, ...]) -> None:
    """Draw a dot for each pair of values, as large as it is frequent, on top of the diagonal."""
    from matplotlib.ticker import MaxNLocator

    counted = (
        pairs.assign(right=right).groupby(["asked", "measured", "right"]).size().reset_index(name="songs")
    )
    if len(counted):
        values = pairs[["asked", "measured"]].to_numpy(dtype=np.float64)
        ends = [values.min(), values.max()]
        axes.plot(ends, ends, color=style.LINES, linewidth=1.5, zorder=1)
    sizes = 14 + 300 * counted["songs"] / max(len(pairs), 1)
    colours = [RIGHT if each else WRONG for each in counted["right"]]
    axes.scatter(counted["asked"], counted["measured"], s=sizes, c=colours, alpha=0.7, linewidths=0, zorder=3)
    axes.margins(0.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if names:
        axes.set_xticks(range(len(names)), names, fontsize=7.5)
        axes.set_yticks(range(len(names)), names, fontsize=7.5)


def _draw_band(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw a dot a song, the median of groups of songs, and the band around it."""
    axes.scatter(pairs["asked"], pairs["measured"], s=13, color=style.GREY, alpha=0.5, linewidths=0, zorder=2)
    groups = min(WIDEST_GROUPS, len(pairs) // FEWEST_IN_A_GROUP)
    if groups < 2:
        return
    ordered = pairs.sort_values("asked", kind="stable").reset_index(drop=True)
    number = np.arange(len(ordered)) * groups // len(ordered)
    grouped = ordered.groupby(number)
    middle = grouped["asked"].median()
    low, high = (grouped["measured"].quantile(end) for end in BAND_ENDS)
    axes.fill_between(middle, low, high, color=BAND, alpha=0.18, linewidth=0, zorder=1)
    axes.plot(middle, grouped["measured"].median(), color=BAND, zorder=3)
