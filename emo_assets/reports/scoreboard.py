"""The scoreboard to look at: models and baselines side by side, over all tokens and by class of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROLE_COLOURS = {"describer": style.BLUE, "ensemble": style.ORANGE, "baseline": style.GREY}
PANELS_IN_A_ROW = 3
BITS_PREFIX, ACCURACY_PREFIX = "bits ", "accuracy "
"""What the columns of a class of tokens begin with; the class follows."""

OVERALL = {
    "accuracy": "accuracy",
    "bits_a_token": "bits a token",
    "bits_a_bar": "bits a bar",
    "validity": "valid",
}
HIGHER_IS_BETTER = ("accuracy", "valid")


def token_classes(scores: pd.DataFrame) -> list[str]:
    """Return the classes of tokens that a scoreboard has figures for, in its order."""
    return [
        str(column).removeprefix(BITS_PREFIX)
        for column in scores.columns
        if str(column).startswith(BITS_PREFIX)
    ]


def writes_all(scores: pd.DataFrame) -> pd.Series[bool]:
    """Say of each row whether its model writes every class of tokens, so that its overall figures compare."""
    return scores[[BITS_PREFIX + name for name in token_classes(scores)]].notna().all(axis=1)


def scoreboard_png(scores: pd.DataFrame) -> bytes:
    """Draw bits a token of every model and baseline, over all tokens and for each class, fewest first.

    Over all tokens only those are laid side by side that write all classes. Accuracies stand at the ends of
    the bars; the dotted line is the best baseline.

    Args:
        scores: one row a model with `model`, `role` (describer, ensemble, baseline), `songs`, `accuracy`,
            `bits_a_token` with `bits_low` and `bits_high`, and for each class of tokens `accuracy <class>`
            and `bits <class>`; missing where a model does not write the class.

    Returns:
        A PNG of 1300 dots width.
    """
    from matplotlib.patches import Patch

    tables = {"all tokens": scores[writes_all(scores)].rename(columns={"bits_a_token": "bits"})}
    for name in token_classes(scores):
        columns = {ACCURACY_PREFIX + name: "accuracy", BITS_PREFIX + name: "bits"}
        tables[name] = scores[["model", "role", *columns]].rename(columns=columns).dropna(subset=["bits"])
    rows = -(-len(tables) // PANELS_IN_A_ROW)
    longest = max([3, *(len(table) for table in tables.values())])
    with style.new_figure(13, 0.7 + rows * (0.7 + 0.25 * longest)) as figure:
        panels = figure.subplots(rows, PANELS_IN_A_ROW, squeeze=False).ravel()
        for axes, (name, table) in zip(panels, tables.items(), strict=False):
            _draw_panel(axes, table, name)
        for axes in panels[len(tables) :]:
            axes.axis("off")
        figure.legend(
            handles=[Patch(color=colour, label=role) for role, colour in ROLE_COLOURS.items()],
            loc="outside upper right",
            ncols=len(ROLE_COLOURS),
        )
        headline = f"Bits a token on {scores['songs'].max():,} test songs: fewer is better"
        figure.suptitle(headline, x=0.01, ha="left", fontsize=13, fontweight="bold")
        return style.to_png(figure)


def scoreboard_markdown(scores: pd.DataFrame) -> str:
    """Write the scoreboard as markdown tables: over all tokens, then by class; the best figures in bold.

    Over all tokens the best is sought among those that write all classes.

    Args:
        scores: as `scoreboard_png` takes them, with `bits_a_bar` and `validity`.
    """
    overall = scores[list(OVERALL)].rename(columns=OVERALL)
    parts = [_markdown(scores, overall, writes_all(scores), HIGHER_IS_BETTER)]
    classes = token_classes(scores)
    everywhere = pd.Series(data=True, index=scores.index)
    for words, prefix, higher in (("Bits a token", BITS_PREFIX, []), ("Accuracy", ACCURACY_PREFIX, classes)):
        figures = scores[[prefix + name for name in classes]].set_axis(classes, axis=1)
        parts += [f"{words} by class:", _markdown(scores, figures, everywhere, higher)]
    return "\n\n".join(parts)


def _draw_panel(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """Draw one class of tokens: a bar a model, the best one on top."""
    table = table.sort_values("bits", ascending=False)
    places = list(range(len(table)))
    colours = [ROLE_COLOURS.get(role, style.GREEN) for role in table["role"]]
    axes.barh(places, table["bits"], color=colours, height=0.7, alpha=0.9)
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
    axes.set_title(name)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _markdown(
    scores: pd.DataFrame, figures: pd.DataFrame, compared: pd.Series[bool], higher: Sequence[str]
) -> str:
    """Write `figures` as a table with a row a model.

    In the columns `higher` the highest figure is best, else the lowest, among the rows `compared`.
    """
    ranked = figures[compared]
    best = {name: ranked[name].max() if name in higher else ranked[name].min() for name in ranked}
    names = [str(name) for name in figures]
    lines = [f"| model | role | {' | '.join(names)} |", "|---|---|" + "---:|" * len(names)]
    rows = figures.to_numpy(dtype=np.float64)
    for row, fair, model, role in zip(rows, compared, scores["model"], scores["role"], strict=True):
        cells = [
            _cell(float(value), is_best=bool(fair and value == best[name]))
            for name, value in zip(figures, row, strict=True)
        ]
        lines.append(f"| {model} | {role} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float, *, is_best: bool) -> str:
    if np.isnan(value):
        return ""
    return f"**{value:.3f}**" if is_best else f"{value:.3f}"
