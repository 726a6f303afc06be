"""What guidance gains and costs, as a picture."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from emo_assets.reports import style

PANELS = (
    ("control", "Control", "mean rank correlation, asked against expected"),
    ("bits_a_bar", "Likelihood", "bits per bar of held-out songs, fewer is better"),
    ("variety", "Variety", "distance between descriptions of one request"),
)
"""Columns of the curve, with their titles and units."""


def guidance_png(curve: pd.DataFrame, used: Mapping[str, float]) -> bytes:
    """Draw controllability, likelihood and variety over the strength of guidance.

    Args:
        curve: what `evaluation.guidance.guidance_curve` returns.
        used: strengths that requests use, by the name of their strictness.

    Returns:
        A PNG, 1200 pixels wide.
    """
    with style.new_figure(12, 3.6) as figure:
        panels = figure.subplots(1, len(PANELS))
        for axes, (column, title, unit), color in zip(panels, PANELS, style.PALETTE, strict=False):
            axes.plot(curve["guidance"], curve[column], color=color, marker="o", markersize=4)
            axes.set_title(title)
            label = "guidance: 0 ignores the features, 1 as learned"
            axes.set_xlabel(label, fontsize=8, color=style.FAINT_INK)
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
