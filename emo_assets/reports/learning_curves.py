"""Learning curves: the loss by epoch, and accuracy and divergence if measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRAIN_COLOR, VALIDATION_COLOR = style.GREY, style.BLUE

METRICS = (
    ("accuracy", "accuracy on validation songs", style.GREEN),
    ("kl", "divergence from the soft labels", style.ORANGE),
)
"""Columns that are measured in some epochs only, with the titles of their panels and their colors."""


def learning_curve_png(
    history: pd.DataFrame, name: str, *, clock: str = "epoch", unit: str = "bits per token"
) -> bytes:
    """Draw the history of a training.

    Args:
        history: one row per epoch, with the column named by `clock`, `train_loss`, `validation_loss` and,
            where measured, `accuracy` (0 to 1) and `kl`; a metric without values gets no panel.
        name: of the model.
        clock: column of the x axis.
        unit: of the losses.

    Returns:
        A PNG, at most 1200 pixels wide.
    """
    from matplotlib.ticker import MaxNLocator

    epochs = history[clock].to_numpy(dtype=np.float64)
    measured = [metric for metric in METRICS if metric[0] in history and history[metric[0]].notna().any()]
    with style.new_figure(6 + 3 * len(measured), 3.8) as figure:
        ratios = [2] + [1] * len(measured)
        panels = figure.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0]
        best = _draw_losses(panels[0], history, epochs)
        panels[0].set_ylabel(f"loss, {unit}")
        for axes, (column, title, color) in zip(panels[1:], measured, strict=True):
            _draw_metric(axes, epochs, history[column].to_numpy(dtype=np.float64), color)
            axes.set_title(title)
        for axes in panels:
            axes.set_xlabel(clock)
            margin = 0.02 * np.ptp(epochs) + 0.1
            axes.set_xlim(epochs.min() - margin, epochs.max() + margin)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        style.title(figure, f"How {name} learned", f"best {clock} {best} {unit}" if best else "")
        return style.to_png(figure)


def _draw_losses(axes: Axes, history: pd.DataFrame, epochs: NDArray[np.float64]) -> str:
    """Draw both losses, mark the lowest validation loss, and return it in words."""
    validation = history["validation_loss"].to_numpy(dtype=np.float64)
    marker = "o" if len(epochs) <= 30 else None
    axes.plot(
        epochs, history["train_loss"], color=TRAIN_COLOR, marker=marker, markersize=3.5, label="training"
    )
    axes.plot(epochs, validation, color=VALIDATION_COLOR, marker=marker, markersize=3.5, label="validation")
    axes.legend(loc="upper right")
    if not np.isfinite(validation).any():
        return ""
    best = int(np.nanargmin(validation))
    axes.axvline(epochs[best], color=VALIDATION_COLOR, linewidth=1, linestyle=":")
    axes.plot(epochs[best], validation[best], "o", color=VALIDATION_COLOR, markersize=8)
    return f"{epochs[best]:.0f} of {epochs[-1]:.0f}: validation loss {validation[best]:.3f}"


def _draw_metric(axes: Axes, epochs: NDArray[np.float64], values: NDArray[np.float64], color: str) -> None:
    """Draw a metric over the epochs that have it, with its last value written out."""
    known = np.isfinite(values)
    axes.plot(epochs[known], values[known], color=color, marker="o", markersize=5)
    axes.annotate(
        f"{values[known][-1]:.3f}",
        (epochs[known][-1], values[known][-1]),
        xytext=(0, 9),
        textcoords="offset points",
        ha="right",
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1},
        color=color,
        fontweight="bold",
    )
    axes.margins(y=0.25)
