"""The scoreboard as a picture and as tables: over all tokens and by kind of token."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emo_assets.reports import style
from emo_assets.reports.markdown import markdown_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROLE_COLORS = {"describer": style.BLUE, "ensemble": style.ORANGE, "baseline": style.GREY}
ROLE_LABELS = {"describer": "description model"}
PANEL_COLUMNS = 3
BITS_PREFIX, ACCURACY_PREFIX = "bits ", "accuracy "
"""Prefixes of the columns of one kind of token; the kind follows."""

OVERALL = {
    "accuracy": "accuracy",
    "bits_a_token": "bits per token",
    "bits_a_bar": "bits per bar",
    "validity": "valid",
}
HIGHER_IS_BETTER = ("accuracy", "valid")


def token_kinds(scores: pd.DataFrame) -> list[str]:
    """Return the kinds of tokens that a scoreboard has columns for, in its order."""
    return [str(name).removeprefix(BITS_PREFIX) for name in scores if str(name).startswith(BITS_PREFIX)]


def writes_all(scores: pd.DataFrame) -> pd.Series[bool]:
    """Return of each row whether its model generates every kind, so that its overall metrics compare."""
    return scores[[BITS_PREFIX + kind for kind in token_kinds(scores)]].notna().all(axis=1)


def scoreboard_png(scores: pd.DataFrame) -> bytes:
    """Draw bits per token of every model and baseline, over all tokens and by kind, the best on top.

    The panel of all tokens has the models that write all kinds. Accuracies are at the ends of the bars; the
    dotted line is the best baseline.

    Args:
        scores: what `description_model.evaluation.scoreboard.score` returns.

    Returns:
        A PNG, 1300 pixels wide.
    """
    from matplotlib.patches import Patch

    tables = {"all tokens": scores[writes_all(scores)].rename(columns={"bits_a_token": "bits"})}
    for kind in token_kinds(scores):
        columns = {ACCURACY_PREFIX + kind: "accuracy", BITS_PREFIX + kind: "bits"}
        tables[kind] = scores[["model", "role", *columns]].rename(columns=columns).dropna(subset=["bits"])
    longest = max([3, *(len(table) for table in tables.values())])
    with style.new_figure(13, 0.7 + -(-len(tables) // PANEL_COLUMNS) * (0.7 + 0.25 * longest)) as figure:
        panels = style.panels(figure, len(tables), PANEL_COLUMNS)
        for axes, (kind, table) in zip(panels, tables.items(), strict=True):
            axes.set_title(kind)
            _draw_bars(axes, table.sort_values("bits", ascending=False))
        figure.legend(
            handles=[
                Patch(color=color, label=ROLE_LABELS.get(role, role)) for role, color in ROLE_COLORS.items()
            ],
            loc="outside upper right",
            ncols=len(ROLE_COLORS),
        )
        style.title(figure, f"Bits per token on {scores['songs'].max():,} test songs: fewer is better")
        return style.to_png(figure)


def scoreboard_markdown(scores: pd.DataFrame) -> str:
    """Format the scoreboard as markdown tables: over all tokens, then by kind; the best metrics in bold.

    Over all tokens the best is among the models that write all kinds.

    Args:
        scores: what `description_model.evaluation.scoreboard.score` returns.
    """
    kinds = token_kinds(scores)
    overall = scores[list(OVERALL)].rename(columns=OVERALL)
    parts = [_table(scores, overall, writes_all(scores), HIGHER_IS_BETTER)]
    every = pd.Series(data=True, index=scores.index)
    for title, prefix, higher in (("Bits per token", BITS_PREFIX, ()), ("Accuracy", ACCURACY_PREFIX, kinds)):
        columns = scores[[prefix + kind for kind in kinds]].set_axis(kinds, axis=1)
        parts += [f"{title} by class:", _table(scores, columns, every, higher)]
    return "\n\n".join(parts)


def _draw_bars(axes: Axes, table: pd.DataFrame) -> None:
    """Draw a bar per model from bottom to top, with its interval if known."""
    places = list(range(len(table)))
    colors = [ROLE_COLORS.get(role, style.GREEN) for role in table["role"]]
    axes.barh(places, table["bits"], color=colors, height=0.7, alpha=0.9)
    ends = table["bits"]
    if "bits_high" in table:
        ends = table["bits_high"]
        axes.hlines(places, table["bits_low"], ends, color=style.INK, linewidth=1.6)
    baselines = table.loc[table["role"] == "baseline", "bits"]
    if len(baselines):
        axes.axvline(float(baselines.min()), color=style.INK, linewidth=1, linestyle=":", zorder=0.5)
    widest = float(ends.max()) if len(table) else 1.0
    for place, end, bits, accuracy in zip(places, ends, table["bits"], table["accuracy"], strict=True):
        words = f"{bits:.2f} ({accuracy:.0%})"
        axes.text(end + 0.02 * widest, place, words, va="center", fontsize=7.5, color=style.INK)
    axes.set_xlim(0, 1.3 * widest or 1.0)
    axes.set_yticks(places, table["model"], fontsize=8)
    style.hide_y_axis(axes)


def _table(
    scores: pd.DataFrame, columns: pd.DataFrame, compared: pd.Series[bool], higher: Collection[str]
) -> str:
    """Format a row per model; in bold the highest of the columns `higher`, the lowest of others.

    Rows that are not `compared` cannot be the best.
    """
    cells = scores[["model", "role"]].copy()
    for name, values in columns.astype(float).items():
        best = values[compared].max() if name in higher else values[compared].min()
        cells[name] = [
            "" if np.isnan(value) else f"**{value:.3f}**" if fair and value == best else f"{value:.3f}"
            for value, fair in zip(values, compared, strict=True)
        ]
    return markdown_table(cells.to_dict("records"))
