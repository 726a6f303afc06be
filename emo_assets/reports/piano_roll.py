"""A song as a piano roll: pitched notes over bars, colored by instrument, and the drums below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import NoteArrays
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.general_midi import PROGRAM_NAMES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAMILY_COLORS = (
    *("#2f6db3", "#46b3c4", "#8062b8", "#e07b39"),  # piano, chromatic percussion, organ, guitar
    *("#7b4a2e", "#c8414b", "#d8669b", "#d3a41c"),  # bass, strings, ensemble, brass
    *("#a5812f", "#3f9a6b", "#e0409a", "#8f9be0"),  # reed, pipe, synth lead, synth pad
    *("#5fb8a5", "#b0633a", "#6f7480", "#9a9ca5"),  # synth effects, ethnic, percussive, sound effects
)
"""The colors of the sixteen families of General MIDI, eight programs each."""

DRUM_LANES = (
    ("cymbals", (49, 51, 52, 53, 55, 57, 59)),
    ("hi-hat", (42, 44, 46)),
    ("toms", (41, 43, 45, 47, 48, 50)),
    ("snare, clap", (37, 38, 39, 40)),
    ("kick", (35, 36)),
)
"""The drum kit from top to bottom with its General MIDI pitches; other pitches are hand percussion."""

OTHER_DRUMS = "percussion"
MAX_BAR_LABELS = 32


def piano_roll_png(song: MeasuredSong, title: str) -> bytes:
    """Draw a song as a piano roll.

    Args:
        song: the song.
        title: headline of the picture.

    Returns:
        A PNG of 1200 × 620 pixels.
    """
    metrics, notes = song.metrics, song.parsed.notes
    subtitle = (
        f"{metrics.key_name} · {round(metrics.tempo, 1):g} beats per minute · {metrics.time_signature} · "
        f"{metrics.bars} bars · {metrics.seconds:.0f} s · {metrics.notes:,} notes"
    )
    drums = notes.where(notes.is_drum)
    played = {_lane(int(pitch)) for pitch in np.unique(drums.pitch)}
    lanes = [name for name in (OTHER_DRUMS, *(name for name, _ in DRUM_LANES)) if name in played]
    with style.new_figure(12, 6.2) as figure:
        ratios = [5, max(0.26 * len(lanes), 0.05)]
        roll, kit = figure.subplots(2, 1, sharex=True, height_ratios=ratios, gridspec_kw={"hspace": 0.02})
        for axes in (roll, kit):
            _draw_bars(axes, song.parsed.bar_edges)
        _draw_notes(roll, notes.where(~notes.is_drum))
        _draw_drums(kit, drums, lanes, 1.1 if metrics.bars <= MAX_BAR_LABELS else 0.5)
        kit.set_xlabel("bar")
        style.title(figure, title, subtitle)
        handles, labels = roll.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower left", ncols=min(len(handles), 6))
        return style.to_png(figure)


def _draw_bars(axes: Axes, edges: NDArray[np.float64]) -> None:
    """Shade every other bar, draw bar lines and number the bars from 1."""
    for start, end in zip(edges[1:-1:2], edges[2::2], strict=False):
        axes.axvspan(start, end, color=style.SHADE, linewidth=0, zorder=0)
    bars, step = len(edges) - 1, 1
    while bars > step * MAX_BAR_LABELS:
        step *= 2
    axes.set_xticks(edges[:-1:step], [str(number) for number in range(1, bars + 1, step)])
    axes.set_xlim(0, max(float(edges[-1]), 1.0))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_notes(axes: Axes, notes: NoteArrays) -> None:
    """Draw every pitched note as a rectangle, the louder the more opaque."""
    if not len(notes):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no pitched notes", transform=axes.transAxes, ha="center", color=style.FAINT_INK)
        return
    for program, color in _program_colors(notes).items():
        _draw_rectangles(axes, notes.where(notes.program == program), color, PROGRAM_NAMES[program])
    lowest, highest = int(notes.pitch.min()), int(notes.pitch.max())
    axes.set_ylim(lowest - 2, highest + 2)
    octaves = np.arange(-(-lowest // 12) * 12, highest + 1, 12)
    axes.set_yticks(octaves, [f"C{octave // 12 - 1}" for octave in octaves])


def _draw_rectangles(axes: Axes, notes: NoteArrays, color: str, label: str) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    left, right = notes.onset, np.maximum(notes.release, notes.onset + 0.05)
    below, above = notes.pitch - 0.42, notes.pitch + 0.42
    corners = np.stack([left, below, left, above, right, above, right, below], axis=1).reshape(-1, 4, 2)
    colors = np.array([(*to_rgb(color), 1.0)]).repeat(len(notes), axis=0)
    colors[:, 3] = _opacity(notes.velocity)
    axes.add_collection(PolyCollection(list(corners), facecolors=colors, edgecolors="none", zorder=3))
    axes.plot([], [], color=color, linewidth=6, solid_capstyle="butt", label=label)


def _draw_drums(axes: Axes, drums: NoteArrays, lanes: list[str], width: float) -> None:
    """Draw drum hits as strokes, a row for each piece of the kit that plays."""
    rows = np.array([lanes.index(_lane(int(pitch))) for pitch in drums.pitch], dtype=np.int64)
    half = 0.4 * _opacity(drums.velocity)
    axes.vlines(drums.onset, rows - half, rows + half, color=style.INK, linewidth=width, alpha=0.85, zorder=3)
    axes.set_yticks(range(len(lanes)), lanes, fontsize=8)
    axes.set_ylim(max(len(lanes), 1) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _program_colors(notes: NoteArrays) -> dict[int, str]:
    """Return the color of each program: its family's, lightened for the second and third of a family."""
    from matplotlib.colors import to_hex, to_rgb

    colors: dict[int, str] = {}
    seen: dict[int, int] = {}
    for program in map(int, np.unique(notes.program)):
        family = program // 8
        white = 0.3 * (seen.get(family, 0) % 3)
        seen[family] = seen.get(family, 0) + 1
        base: Any = np.array(to_rgb(FAMILY_COLORS[family]))
        colors[program] = to_hex(tuple(base + (1 - base) * white))
    return colors


def _lane(pitch: int) -> str:
    """Return the row of a drum pitch."""
    return next((name for name, pitches in DRUM_LANES if pitch in pitches), OTHER_DRUMS)


def _opacity(velocity: NDArray[np.int64]) -> NDArray[np.float64]:
    """Map velocities 1..127 to 0.35..1."""
    return 0.35 + 0.65 * np.asarray(velocity, dtype=np.float64) / 127
