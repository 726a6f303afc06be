"""The feature report in pictures: distributions, genres and popularity, correlations, the bias of linking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emo_assets.features import FEATURE_NAMES, feature_range
from emo_assets.music_theory import PITCH_CLASSES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from emo_assets.evaluation.exploration import Exploration

LINKED_COLOR, ALL_COLOR = style.BLUE, style.GREY
KIND_COLORS = {"balanced": style.GREEN, "skewed": style.ORANGE, "discrete": style.VIOLET}
GENRES_SHOWN = 20
STRONG_PAIRS_SHOWN = 10
POPULARITY = (0.0, 100.0)
MIN_DENSITY_VALUES, MAX_DENSITY_VALUES = 10, 20_000
"""Values that a density is estimated from; of more, every n-th of the sorted ones is taken."""

TALL_BAR = 0.25
"""Minimum share of the linked songs for labeling a bar of a histogram that dwarfs the others."""

MIN_LABELED_SHARE = 0.02
"""Minimum share for labeling a bar of a discrete feature; lower bars have no room for a number."""

_TICKS = {
    "key": dict(enumerate(PITCH_CLASSES)),
    "mode": {0: "minor", 1: "major"},
    "time_signature": {beats: str(beats) for beats in range(1, 8)},
}


def feature_pngs(found: Exploration) -> dict[str, bytes]:
    """Return the pictures of the feature report: `distributions`, `genres`, `correlations`, `bias`."""
    return {
        "distributions": distributions_png(found),
        "genres": genres_png(found),
        "correlations": correlations_png(found),
        "bias": bias_png(found),
    }


def distributions_png(found: Exploration) -> bytes:
    """Draw each feature's histogram and density, linked songs over all songs."""
    with style.new_figure(13, 5.6) as figure:
        panels = style.panels(figure, len(found.table), 5)
        for axes, row in zip(panels, found.table.to_dict("records"), strict=True):
            name, kind, skewness = str(row["feature"]), str(row["kind"]), float(row["skewness"])
            linked, everything = found.linked[name].dropna(), found.all_songs[name].dropna()
            if name in _TICKS:
                _draw_shares(axes, _TICKS[name], linked, everything)
            else:
                _draw_density(axes, linked, everything, feature_range(name))
            axes.set_title(style.label(name))
            note = kind if name in _TICKS or np.isnan(skewness) else f"{kind} {skewness:+.2f}"
            place: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
            axes.text(1, 1.02, note, fontsize=8, color=KIND_COLORS[kind], **place)
            axes.set_yticks([])
            axes.grid(visible=False)
            axes.spines["left"].set_visible(False)
            unit = "% of linked songs" if name in ("key", "mode") else str(row["unit"])
            axes.set_xlabel(unit, fontsize=8, color=style.FAINT_INK)
        _legend(panels[0], f"{len(found.linked):,} linked songs", f"all {len(found.all_songs):,} songs")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2)
        style.title(figure, "How the ten features are distributed")
        return style.to_png(figure)


def genres_png(found: Exploration) -> bytes:
    """Draw the genres with the most linked songs and their share of all songs, and popularity."""
    top = found.genres.head(GENRES_SHOWN)
    with style.new_figure(12, 5.6) as figure:
        genres, popularity = figure.subplots(1, 2, width_ratios=[3, 2])
        places = np.arange(len(top))
        genres.barh(places, 100 * top["linked_share"], color=LINKED_COLOR, height=0.72)
        genres.plot(100 * top["all_share"], places, "|", color=style.INK, markersize=11, markeredgewidth=2)
        genres.set_yticks(places, top["genre"])
        genres.invert_yaxis()
        genres.grid(visible=False, axis="y")
        genres.spines["left"].set_visible(False)
        genres.set_xlabel("% of linked songs (stroke: % of all songs)")
        present = int((found.genres["linked"] > 0).sum())
        genres.set_title(f"Genres: {present} of {len(found.genres)} have a linked song")
        linked, everything = (songs["popularity"].dropna() for songs in (found.linked, found.all_songs))
        _draw_density(popularity, linked, everything, POPULARITY)
        popularity.set_xlabel("popularity, 0 to 100")
        popularity.set_yticks([])
        popularity.set_title("Popularity")
        _legend(popularity, "linked songs", "all songs")
        popularity.legend(loc="upper center")
        return style.to_png(figure)


def correlations_png(found: Exploration) -> bytes:
    """Draw the rank correlations of the features as a triangle, with the strong pairs in words."""
    from matplotlib.colors import LinearSegmentedColormap

    values = found.correlations.loc[list(FEATURE_NAMES), list(FEATURE_NAMES)].to_numpy()
    triangle = np.ma.masked_where(np.triu(np.ones(values.shape, dtype=bool)), values)[1:, :-1]
    labels, middles = [style.label(name) for name in FEATURE_NAMES], np.arange(len(triangle)) + 0.5
    with style.new_figure(9, 6.6) as figure:
        axes = figure.subplots()
        colors = LinearSegmentedColormap.from_list("correlation", [style.RED, style.PAPER, style.BLUE])
        axes.pcolormesh(triangle, vmin=-1, vmax=1, cmap=colors, edgecolors=style.PAPER, linewidth=2)
        for row, column in zip(*np.tril_indices(len(triangle)), strict=True):
            text = f"{triangle[row, column]:+.2f}"
            axes.text(middles[column], middles[row], text, ha="center", va="center", fontsize=8.5)
        axes.set_xticks(middles, labels[:-1], rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(middles, labels[1:])
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        place: dict[str, Any] = {"transform": axes.transAxes, "va": "top"}
        axes.text(0.42, 1, "Strong pairs", fontweight="bold", **place)
        axes.text(1, 1, "all songs", color=style.FAINT_INK, ha="right", **place)
        for rank, (first, second, correlation) in enumerate(found.strong_pairs[:STRONG_PAIRS_SHOWN]):
            height, of_all = 0.94 - 0.05 * rank, float(np.asarray(found.all_correlations.loc[first, second]))
            words = f"{correlation:+.2f}  {style.label(first)} and {style.label(second).lower()}"
            color = style.BLUE if correlation > 0 else style.RED
            axes.text(0.42, height, words, color=color, **place)
            axes.text(1, height, f"{of_all:+.2f}", color=style.FAINT_INK, ha="right", **place)
        note = f"{len(found.linked):,} linked songs · key is a circle: its correlations say little"
        style.title(figure, "Rank correlation of the features", note)
        return style.to_png(figure)


def bias_png(found: Exploration) -> bytes:
    """Draw how far the linked songs' means are from those of all songs, with 95 % intervals."""
    table = found.table[found.table["feature"] != "key"].sort_values("shift", key=np.abs)
    half, places = table["shift_error"], np.arange(len(table))
    colors = np.where(table["shift"].abs() > half, LINKED_COLOR, ALL_COLOR).tolist()
    with style.new_figure(9, 4.4) as figure:
        axes = figure.subplots()
        axes.axvline(0, color=style.INK, linewidth=1)
        axes.hlines(
            places, table["shift"] - half, table["shift"] + half, colors=colors, linewidth=3, alpha=0.4
        )
        axes.scatter(table["shift"], places, c=colors, s=55, zorder=3)
        axes.set_yticks(places, [style.label(name) for name in table["feature"]])
        axes.spines["left"].set_visible(False)
        axes.tick_params(length=0)
        axes.set_xlabel(
            "mean of the linked songs minus mean of all, in standard deviations of all songs (95 % interval)"
        )
        note = "blue: differs from all songs beyond chance · key is a circle and has no mean"
        style.title(figure, "How far the linked songs are from all songs", note)
        return style.to_png(figure)


def _draw_density(
    axes: Axes, linked: pd.Series[float], everything: pd.Series[float], bounds: tuple[float, float]
) -> None:
    """Draw a histogram of the linked songs and the densities of both; `bounds` are those of the feature."""
    low, high = float(everything.min()), float(everything.max())
    if low == high:
        high = low + 1
    edges = np.linspace(low, high, 31)
    if len(linked):
        heights, _, _ = axes.hist(linked, bins=list(edges), density=True, color=LINKED_COLOR, alpha=0.35)
        _label_tall_bar(axes, np.asarray(heights, dtype=np.float64), edges)
    for values, color, stroke in ((everything, ALL_COLOR, "--"), (linked, LINKED_COLOR, "-")):
        places = np.linspace(low, high, 200)
        density = _density(values, places, bounds)
        if density is not None:
            axes.plot(places, density, stroke, color=color)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)


def _label_tall_bar(axes: Axes, heights: NDArray[np.float64], edges: NDArray[np.float64]) -> None:
    """Write the share of songs next to a bar that dwarfs the others."""
    shares = heights * np.diff(edges)
    tallest = int(shares.argmax())
    if shares[tallest] >= TALL_BAR:
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
) -> NDArray[np.float64] | None:
    """Estimate a density with Gaussian kernels, mirrored at the bounds; None with too few values."""
    from scipy.stats import gaussian_kde

    if len(values) < MIN_DENSITY_VALUES or values.nunique() < 3:
        return None
    ordered = np.sort(values.to_numpy(dtype=np.float64))
    estimate = gaussian_kde(ordered[:: -(-len(ordered) // MAX_DENSITY_VALUES)])
    low, high = bounds
    return np.asarray(estimate(places) + estimate(2 * low - places) + estimate(2 * high - places))


def _draw_shares(
    axes: Axes, ticks: dict[int, str], linked: pd.Series[float], everything: pd.Series[float]
) -> None:
    """Draw the share of each value of a discrete feature, linked songs as bars, all songs as strokes."""
    values = list(ticks)
    shares, all_shares = (
        songs.value_counts(normalize=True).reindex(values, fill_value=0.0).to_numpy()
        for songs in (linked, everything)
    )
    bars = axes.bar(values, shares, color=LINKED_COLOR, alpha=0.45, width=0.75)
    words = [f"{100 * share:.0f}" if share >= MIN_LABELED_SHARE else "" for share in shares]
    axes.bar_label(bars, words, padding=-10, fontsize=7.5, color=style.INK)
    places = np.array(values)
    axes.hlines(all_shares, places - 0.42, places + 0.42, color=ALL_COLOR, linewidth=2)
    axes.set_xticks(values, list(ticks.values()), fontsize=7.5)


def _legend(axes: Axes, linked: str, everything: str) -> None:
    axes.plot([], [], color=LINKED_COLOR, label=linked)
    axes.plot([], [], "--", color=ALL_COLOR, label=everything)
