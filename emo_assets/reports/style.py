"""How all figures look, and how they become PNG files.

Colours, fonts and sizes are stated here once. Figures are made without pyplot and one at a time, so that any
thread may draw; matplotlib is imported when the first figure is made.
"""

from __future__ import annotations

import io
import threading
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
"""Colours of things that stand side by side, in the order in which they are used."""

DOTS_AN_INCH = 100
LARGEST_PREVIEW = 100_000
"""Bytes. A picture that is embedded in metadata or a page stays below that."""

_PARAMETERS: dict[str, Any] = {
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

_one_at_a_time = threading.RLock()  # matplotlib's parameters are one set for the whole process


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure in the style of the house.

    Args:
        width: inches.
        height: inches.
    """
    import matplotlib
    from matplotlib.figure import Figure

    parameters: Any = _PARAMETERS
    with _one_at_a_time, matplotlib.rc_context(parameters):
        yield Figure(figsize=(width, height), dpi=DOTS_AN_INCH, layout="constrained")


def title(figure: Figure, headline: str, subtitle: str = "") -> None:
    """Write a headline, and below it a quieter line, at the top left of a figure."""
    figure.suptitle(headline, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    if subtitle:
        figure.axes[0].set_title(subtitle, loc="left", fontsize=9, fontweight="normal", color=FAINT_INK)


def hide_frame(axes: Axes) -> None:
    """Take away an axes' spines and ticks, keeping labels."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG of at most 256 colours: the same bytes for the same figure."""
    from PIL import Image

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", pil_kwargs={"compress_level": 1})
    picture = Image.open(drawn).convert("RGB")
    buffer = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()
