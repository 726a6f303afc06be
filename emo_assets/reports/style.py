"""The style of all figures, and their export as PNG.

Figures are drawn without pyplot and one at a time, so that any thread may draw; matplotlib is imported with
the first figure.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER = "#fbfaf6"
INK = "#22242e"
FAINT_INK = "#7a7d8a"
LINES = "#dcd9d0"
SHADE = "#f2efe7"

BLUE, ORANGE, GREEN, RED, VIOLET, BROWN, PINK, TEAL, GOLD, GREY = PALETTE = (
    "#2f6db3",
    "#e07b39",
    "#3f9a6b",
    "#c8414b",
    "#7d5fb2",
    "#8a5a3c",
    "#d8669b",
    "#3ba3ad",
    "#cf9f1f",
    "#6f7480",
)
"""Colors of series, in order of use."""

DOTS_AN_INCH = 100

_PARAMETERS: dict[str, Any] = {
    "text.parse_math": False,  # moods and genres may have dollar signs
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINES,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINES,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT_INK,
    "ytick.color": FAINT_INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "figure.constrained_layout.w_pad": 0.09,
    "figure.constrained_layout.h_pad": 0.07,
}

_lock = threading.RLock()  # matplotlib's parameters are global


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure in this style.

    Args:
        width: inches.
        height: inches.
    """
    import matplotlib
    from matplotlib.figure import Figure

    parameters: Any = _PARAMETERS
    with _lock, matplotlib.rc_context(parameters):
        yield Figure(figsize=(width, height), dpi=DOTS_AN_INCH, layout="constrained")


def title(figure: Figure, headline: str, subtitle: str = "") -> None:
    """Write a headline, and below it a quieter line, at the top left of a figure."""
    figure.suptitle(headline, x=0.01, ha="left", fontsize=13, fontweight="bold")
    if subtitle:
        figure.axes[0].set_title(subtitle, loc="left", fontsize=9, fontweight="normal", color=FAINT_INK)


def panels(figure: Figure, count: int, columns: int) -> list[Axes]:
    """Return `count` axes in rows of so many `columns`."""
    axes: list[Axes] = list(figure.subplots(-(-count // columns), columns, squeeze=False).ravel())
    for unused in axes[count:]:
        unused.axis("off")
    return axes[:count]


def hide_y_axis(axes: Axes) -> None:
    """Hide the spine, grid and ticks of the y axis, keeping its labels."""
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def label(name: str) -> str:
    """Return the name of a feature as a title: "time_signature" as "Time signature"."""
    return name.replace("_", " ").capitalize()


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG of at most 256 colors: the same bytes for the same figure."""
    from PIL import Image

    drawn = io.BytesIO()
    with _lock, warnings.catch_warnings():
        # a mood may have letters that the font lacks; they are drawn as boxes
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(drawn, format="png", pil_kwargs={"compress_level": 1})
    picture = Image.open(drawn).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()
