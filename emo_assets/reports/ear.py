"""What the ear hears, and by which metrics: tables and a figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from emo_assets.metrics.ear import Ear, Interval
from emo_assets.reports import style

STRONGEST = 10
"""Metrics that are shown of each feature."""


def agreement_rows(ear: Ear) -> list[dict[str, Any]]:
    """Return how well each feature is heard: rank correlations with the feature, with their intervals.

    Returns:
        One row per feeling: `feature`, `learned`, `people`, `both` (the mean place that is used),
        `second opinion`, and `heard by`.
    """
    rows = [
        {
            "feature": name,
            "learned": _text(each.learned.agreement),
            "people": _text(each.people.agreement) if each.people else "",
            "both": _text(each.agreement),
            "second opinion": _text(each.second_opinion.agreement),
            "heard by": "the ear" if each.is_audible else "the ear, hardly",
        }
        for name, each in ear.features.items()
    ]
    return rows + [
        {
            "feature": name,
            "learned": _text(rule.learned_agreement),
            "people": "",
            "both": _text(rule.agreement),
            "second opinion": "",
            "heard by": f"a rule: {rule.metric.replace('_', ' ')}",
        }
        for name, rule in ear.rules.items()
    ]


def strongest_metrics(ear: Ear, feature: str, count: int = STRONGEST) -> list[str]:
    """Return the metrics with the largest weights in a feature's learned listener, and their weights."""
    weights = np.array(ear.features[feature].learned.weights)
    order = np.argsort(-np.abs(weights))[:count]
    return [f"{ear.metrics[index]} {weights[index]:+.3f}" for index in order]


def ear_png(ear: Ear) -> bytes:
    """Draw the strongest metrics of each learned feature, with its cross-validated rank correlation."""
    with style.new_figure(11, 6.4) as figure:
        for axes, (name, each) in zip(
            style.panels(figure, len(ear.features), 2), ear.features.items(), strict=True
        ):
            weights = np.array(each.learned.weights)
            order = np.argsort(-np.abs(weights))[:STRONGEST][::-1]
            colors = [style.BLUE if weights[index] > 0 else style.ORANGE for index in order]
            labels = [ear.metrics[index].replace("_", " ") for index in order]
            axes.barh(labels, weights[order], color=colors)
            axes.locator_params(axis="x", nbins=5)
            axes.axvline(0, color=style.LINES, linewidth=1)
            axes.set_title(f"{style.label(name)}: {_text(each.learned.agreement)}")
            style.hide_y_axis(axes)
        figure.suptitle(
            f"Weights of metrics, and rank correlation on unknown artists ({ear.card.songs} songs)",
            x=0.01,
            ha="left",
            fontsize=13,
            fontweight="bold",
        )
        return style.to_png(figure)


def _text(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"
