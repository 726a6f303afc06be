"""The curve of guidance: what following a request more strictly gains and costs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from emo_assets.reports import style

PANELS = (
    ("control", "Control", "mean rank correlation, asked against expected"),
    ("bits_a_bar", "Likelihood", "bits a bar of held-out songs, fewer is better"),
    ("variety", "Variety", "distance between descriptions of one request"),
)
"""Columns of the curve, with the title and the unit of each."""


def guidance_png(curve: pd.DataFrame, used: Mapping[str, float]) -> bytes:
    """Draw what guidance gains beside what it costs.

    Args:
        curve: one row a strength: `guidance` and the columns of `PANELS`.
        used: the strengths that requests ask for, by the name of their strictness.

    Returns:
        A PNG of 1200 dots width.
    """
    with style.new_figure(12, 3.6) as figure:
        for axes, (column, title, unit), colour in zip(
            figure.subplots(1, len(PANELS)), PANELS, style.PALETTE, strict=False
        ):
            axes.plot(curve["guidance"], curve[column], color=colour, marker="o", markersize=4)
            axes.set_title(title)
            axes.set_xlabel(
                "guidance: 0 ignores the features, 1 as learned", fontsize=8, color=style.FAINT_INK
            )
            axes.set_ylabel(unit, fontsize=8, color=style.FAINT_INK)
            for name, strength in used.items():
                axes.axvline(strength, color=style.GREY, linewidth=1, linestyle=":")
                axes.annotate(
                    name,
                    (strength, 1),
                    xycoords=("data", "axes fraction"),
                    xytext=(3, -3),
                    textcoords="offset points",
                    rotation=90,
                    va="top",
                    fontsize=7.5,
                    color=style.GREY,
                )
        return style.to_png(figure)
