"""Pictures of the data: distributions, genres and popularity, correlations, the bias of linking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.evaluation.exploration import Exploration, detected_values, feature_unit
from emo_assets.features import FEATURE_NAMES, feature_range
from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINKED_COLOUR, ALL_COLOUR = style.BLUE, style.GREY
KIND_COLOURS = {"balanced": style.GREEN, "skewed": style.ORANGE, "discrete": style.VIOLET}
GENRES_SHOWN = 20
STRONG_PAIRS_SHOWN = 10
POPULARITY = (0.0, 100.0)
FEWEST_FOR_CURVE = 10
MOST_FOR_CURVE = 20_000
"""Values behind a density curve; of more, every n-th of the sorted ones is taken."""

TALL_BAR = 0.25
"""Share of the linked songs from which a bar of a histogram is named: beside it others are hardly seen."""

SMALLEST_NAMED = 0.02
"""Share from which a bar of a discrete feature is named; below it the bar has no room for a number."""

_TICKS = {
    "key": [(number, name) for number, name in enumerate(PITCH_CLASSES)],
    "mode": [(0, "minor"), (1, "major")],
    "time_signature": [(number, f"{number}") for number in range(1, 8)],
}


def distributions_png(found: Exploration) -> bytes:
    """Draw each feature's histogram and density curve, linked songs over all songs."""
    kinds = dict(zip(found.table["feature"], found.table["kind"], strict=True))
    skewness = dict(zip(found.table["feature"], found.table["skewness"], strict=True))
    with style.new_figure(13, 5.6) as figure:
        panels = figure.subplots(2, 5).ravel()
        for axes, name in zip(panels, FEATURE_NAMES, strict=True):
            linked, everything = detected_values(found.linked, name), detected_values(found.all_songs, name)
            if name in _TICKS:
                _draw_shares(axes, name, linked, everything)
            else:
                _draw_density(axes, linked, everything, feature_range(name))
            axes.set_title(label(name))
            has_skewness = not np.isnan(skewness[name]) and name not in _TICKS
            note = f"{kinds[name]} {skewness[name]:+.2f}" if has_skewness else kinds[name]
            axes.text(
                1,
                1.02,
                note,
                transform=axes.transAxes,
                ha="right",
                va="bottom",
                fontsize=8,
                color=KIND_COLOURS[kinds[name]],
            )
            axes.set_yticks([])
            axes.grid(visible=False)
            axes.spines["left"].set_visible(False)
            axes.set_xlabel(
                "% of linked songs" if name in ("key", "mode") else feature_unit(name),
                fontsize=8,
                color=style.FAINT_INK,
            )
        _legend(panels[0], f"{len(found.linked):,} linked songs", f"all {len(found.all_songs):,} songs")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2)
        figure.suptitle(
            "How the ten features are distributed", x=0.01, ha="left", fontsize=13, fontweight="bold"
        )
        return style.to_png(figure)


def genres_png(found: Exploration) -> bytes:
    """Draw the most linked genres beside their share of all rows, and popularity."""
    top = found.genres.head(GENRES_SHOWN)
    with style.new_figure(12, 5.6) as figure:
        genres, popularity = figure.subplots(1, 2, width_ratios=[3, 2])
        places = np.arange(len(top))
        genres.barh(places, 100 * top["linked_share"], color=LINKED_COLOUR, height=0.72)
        genres.plot(100 * top["all_share"], places, "|", color=style.INK, markersize=11, markeredgewidth=2)
        genres.set_yticks(places, top["genre"])
        genres.invert_yaxis()
        genres.grid(visible=False, axis="y")
        genres.spines["left"].set_visible(False)
        genres.set_xlabel("% of linked songs (stroke: % of all songs)")
        present, known = int((found.genres["linked"] > 0).sum()), len(found.genres)
        genres.set_title(f"Genres: {present} of {known} have a linked song")
        _draw_density(
            popularity,
            found.linked["popularity"].dropna(),
            found.all_songs["popularity"].dropna(),
            POPULARITY,
        )
        popularity.set_xlabel("popularity, 0 to 100")
        popularity.set_yticks([])
        popularity.set_title("Popularity")
        _legend(popularity, "linked songs", "all songs")
        popularity.legend(loc="upper center")
        return style.to_png(figure)


def correlations_png(found: Exploration) -> bytes:
    """Draw the rank correlations of the features as a triangle, with the strong pairs in words."""
    import seaborn

    values = found.correlations.loc[list(FEATURE_NAMES), list(FEATURE_NAMES)]
    values.index = values.columns = pd.Index([label(name) for name in FEATURE_NAMES])
    with style.new_figure(9, 6.6) as figure:
        axes = figure.subplots()
        seaborn.heatmap(
            values.iloc[1:, :-1],
            mask=np.triu(np.ones(values.shape, dtype=bool))[1:, :-1],
            vmin=-1,
            vmax=1,
            cmap=seaborn.diverging_palette(18, 245, s=75, l=50, as_cmap=True),
            annot=True,
            fmt="+.2f",
            annot_kws={"fontsize": 8.5, "color": style.INK},
            linewidths=2,
            linecolor=style.PAPER,
            cbar=False,
            ax=axes,
        )
        axes.tick_params(length=0, axis="both")
        axes.set_xticks(
            axes.get_xticks(), values.columns[:-1], rotation=35, ha="right", rotation_mode="anchor"
        )
        axes.grid(visible=False)
        axes.text(0.42, 1, "Strong pairs", fontweight="bold", transform=axes.transAxes, va="top")
        axes.text(1, 1, "all songs", color=style.FAINT_INK, transform=axes.transAxes, va="top", ha="right")
        pairs = found.strong_pairs[:STRONG_PAIRS_SHOWN]
        for row, (first, second, correlation) in enumerate(pairs):
            of_all = float(np.asarray(found.all_correlations.loc[first, second]))
            axes.text(
                0.42,
                0.94 - 0.05 * row,
                f"{correlation:+.2f}  {label(first)} and {label(second).lower()}",
                color=style.BLUE if correlation > 0 else style.RED,
                transform=axes.transAxes,
                va="top",
            )
            axes.text(
                1,
                0.94 - 0.05 * row,
                f"{of_all:+.2f}",
                color=style.FAINT_INK,
                transform=axes.transAxes,
                va="top",
                ha="right",
            )
        note = f"{len(found.linked):,} linked songs · key is a circle: its correlations say little"
        style.title(figure, "Rank correlation of the features", note)
        return style.to_png(figure)


def bias_png(found: Exploration) -> bytes:
    """Draw how far the linked songs' means lie from those of all songs, with 95 % intervals."""
    table = found.table[~found.table["feature"].isin(["key"])].sort_values("shift", key=np.abs)
    half = table["shift_error"]
    places = np.arange(len(table))
    clear = (table["shift"].abs() > half).to_numpy()
    with style.new_figure(9, 4.4) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=style.INK, linewidth=1)
        colours = np.where(clear, LINKED_COLOUR, ALL_COLOUR)
        axes.hlines(
            places, table["shift"] - half, table["shift"] + half, colors=list(colours), linewidth=3, alpha=0.4
        )
        axes.scatter(table["shift"], places, c=list(colours), s=55, zorder=3)
        labels = [label(name) for name in table["feature"]]
        axes.set_yticks(places, labels)
        axes.spines["left"].set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel(
            "mean of the linked songs minus mean of all, in standard deviations of all songs (95 % interval)"
        )
        note = "blue: differs from all songs beyond chance · key is a circle and has no mean"
        style.title(figure, "How far the linked songs lie from all songs", note)
        return style.to_png(figure)


def label(feature: str) -> str:
    """Name a feature for people: "time_signature" as "Time signature"."""
    return feature.replace("_", " ").capitalize()


def _draw_density(
    axes: Axes, linked: pd.Series[float], everything: pd.Series[float], bounds: tuple[float, float]
) -> None:
    """Draw a histogram of the linked songs, and the density curves of both; `bounds` are the value's own."""
    low, high = float(everything.min()), float(everything.max())
    if low == high:
        high = low + 1
    edges = np.linspace(low, high, 31)
    if len(linked):
        heights, _, _ = axes.hist(linked, bins=list(edges), density=True, color=LINKED_COLOUR, alpha=0.35)
        _name_tall_bar(axes, np.asarray(heights, dtype=np.float64), edges)
    for values, colour, stroke in ((everything, ALL_COLOUR, "--"), (linked, LINKED_COLOUR, "-")):
        curve = _density(values, np.linspace(low, high, 200), bounds)
        if curve is not None:
            axes.plot(*curve, stroke, color=colour)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)


def _name_tall_bar(axes: Axes, heights: NDArray[np.float64], edges: NDArray[np.float64]) -> None:
    """Say how many songs are in a bar that dwarfs the others."""
    shares = heights * np.diff(edges)
    tallest = int(shares.argmax())
    if shares[tallest] < TALL_BAR:
        return
    axes.annotate(
        f"{shares[tallest]:.0%} of the linked songs",
        (edges[tallest + 1], heights[tallest]),
        xytext=(4, -9),
        textcoords="offset points",
        fontsize=8,
        color=style.FAINT_INK,
    )


def _density(
    values: pd.Series[float], places: NDArray[np.float64], bounds: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Estimate a density, where there are enough values: Gaussian kernels, mirrored at the bounds."""
    from scipy.stats import gaussian_kde

    if len(values) < FEWEST_FOR_CURVE or values.nunique() < 3:
        return None
    ordered = np.sort(values.to_numpy(dtype=np.float64))
    estimate = gaussian_kde(ordered[:: -(-len(ordered) // MOST_FOR_CURVE)])
    low, high = bounds
    return places, estimate(places) + estimate(2 * low - places) + estimate(2 * high - places)


def _draw_shares(axes: Axes, name: str, linked: pd.Series[float], everything: pd.Series[float]) -> None:
    """Draw the share of each value of a discrete feature, linked songs as bars, all songs as strokes."""
    values = [value for value, _ in _TICKS[name]]
    for rows, is_linked in ((linked, True), (everything, False)):
        shares = rows.value_counts(normalize=True).reindex(values, fill_value=0.0).to_numpy()
        if is_linked:
            bars = axes.bar(values, shares, color=LINKED_COLOUR, alpha=0.45, width=0.75)
            words = [f"{100 * share:.0f}" if share >= SMALLEST_NAMED else "" for share in shares]
            axes.bar_label(bars, words, padding=-10, fontsize=7.5, color=style.INK)
        else:
            axes.hlines(
                shares, np.array(values) - 0.42, np.array(values) + 0.42, color=ALL_COLOUR, linewidth=2
            )
    axes.set_xticks(values, [label for _, label in _TICKS[name]], fontsize=7.5)


def _legend(axes: Axes, linked: str, everything: str) -> None:
    axes.plot([], [], color=LINKED_COLOUR, label=linked)
    axes.plot([], [], "--", color=ALL_COLOUR, label=everything)
