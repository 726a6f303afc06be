"""A song as a picture: every note over bars, instruments in colours, drums in a lane of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.midi.general_midi import PROGRAM_NAMES
from emo_assets.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAMILY_COLOURS = (
    ("piano", "#2f6db3"),
    ("chromatic percussion", "#46b3c4"),
    ("organ", "#8062b8"),
    ("guitar", "#e07b39"),
    ("bass", "#7b4a2e"),
    ("strings", "#c8414b"),
    ("ensemble", "#d8669b"),
    ("brass", "#d3a41c"),
    ("reed", "#a5812f"),
    ("pipe", "#3f9a6b"),
    ("synth lead", "#e0409a"),
    ("synth pad", "#8f9be0"),
    ("synth effects", "#5fb8a5"),
    ("ethnic", "#b0633a"),
    ("percussive", "#6f7480"),
    ("sound effects", "#9a9ca5"),
)
"""The sixteen families of General MIDI, eight programs each, and the colours of their notes."""

DRUM_LANES = (
    ("cymbals", (49, 51, 52, 53, 55, 57, 59)),
    ("hi-hat", (42, 44, 46)),
    ("toms", (41, 43, 45, 47, 48, 50)),
    ("snare, clap", (37, 38, 39, 40)),
    ("kick", (35, 36)),
)
"""The kit from top to bottom with its General MIDI pitches; all else is hand percussion."""

OTHER_DRUMS = "percussion"
MOST_BAR_LABELS = 32


def piano_roll_png(song: MeasuredSong, title: str) -> bytes:
    """Draw a song as a piano roll.

    Args:
        song: the song.
        title: shown above the picture.

    Returns:
        A PNG of 1200 × 620 pixels.
    """
    parsed, metrics = song.parsed, song.metrics
    subtitle = (
        f"{metrics.key_name} · {round(metrics.tempo, 1):g} beats a minute · {metrics.time_signature} · "
        f"{metrics.bars} bars · {metrics.seconds:.0f} s · {metrics.notes:,} notes"
    )
    drums = parsed.notes.where(parsed.notes.is_drum)
    lanes = _lanes(drums)
    with style.new_figure(12, 6.2) as figure:
        roll, kit = figure.subplots(
            2, 1, sharex=True, height_ratios=[5, max(0.26 * len(lanes), 0.05)], gridspec_kw={"hspace": 0.02}
        )
        _draw_bars(roll, parsed)
        _draw_bars(kit, parsed)
        _draw_notes(roll, parsed)
        _draw_drums(kit, drums, lanes, metrics.bars)
        kit.set_xlabel("bar")
        style.title(figure, title, subtitle)
        handles, labels = roll.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower left", ncols=min(len(handles), 6))
        return style.to_png(figure)


def _draw_bars(axes: Axes, song: ParsedSong) -> None:
    """Shade every other bar, draw bar lines and number the bars from 1."""
    edges = song.bar_edges
    for first, end in zip(edges[1:-1:2], edges[2::2], strict=False):
        axes.axvspan(first, end, color=style.SHADE, linewidth=0, zorder=0)
    bars = len(edges) - 1
    step = next(
        step
        for step in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 10**9)
        if bars <= step * MOST_BAR_LABELS
    )
    axes.set_xticks(edges[:-1:step], [str(number) for number in range(1, bars + 1, step)])
    axes.set_xlim(0, max(float(edges[-1]), 1.0))
    style.hide_frame(axes)


def _draw_notes(axes: Axes, song: ParsedSong) -> None:
    """Draw every pitched note as a bar, the louder the more opaque."""
    notes = song.notes.where(~song.notes.is_drum)
    if not len(notes):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no pitched notes", transform=axes.transAxes, ha="center", color=style.FAINT_INK)
        return
    for program, colour in _program_colours(notes).items():
        _draw_rectangles(axes, notes.where(notes.program == program), colour, PROGRAM_NAMES[program])
    lowest, highest = int(notes.pitch.min()), int(notes.pitch.max())
    axes.set_ylim(lowest - 2, highest + 2)
    octaves = np.arange(-(-lowest // 12) * 12, highest + 1, 12)
    axes.set_yticks(octaves, [f"C{octave // 12 - 1}" for octave in octaves])


def _draw_rectangles(axes: Axes, notes: NoteArrays, colour: str, label: str) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    left, right = notes.onset, np.maximum(notes.release, notes.onset + 0.05)
    below, above = notes.pitch - 0.42, notes.pitch + 0.42
    corners = np.stack(
        [
            np.stack([left, below], 1),
            np.stack([left, above], 1),
            np.stack([right, above], 1),
            np.stack([right, below], 1),
        ],
        axis=1,
    )  # (notes, 4, 2)
    colours = np.array([(*to_rgb(colour), 1.0)]).repeat(len(notes), axis=0)
    colours[:, 3] = _opacity(notes.velocity)
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="none", zorder=3))
    axes.plot([], [], color=colour, linewidth=6, solid_capstyle="butt", label=label)


def _draw_drums(axes: Axes, drums: NoteArrays, lanes: list[str], bars: int) -> None:
    """Draw drum hits as strokes, a row for each piece of the kit that plays."""
    rows = np.array([lanes.index(_lane(int(pitch))) for pitch in drums.pitch], dtype=np.int64)
    for row in range(len(lanes)):
        hits = drums.where(rows == row)
        strength = _opacity(hits.velocity)
        axes.vlines(
            hits.onset,
            row - 0.4 * strength,
            row + 0.4 * strength,
            color=style.INK,
            linewidth=1.1 if bars <= MOST_BAR_LABELS else 0.5,
            alpha=0.85,
            zorder=3,
        )
    axes.set_yticks(range(len(lanes)), lanes, fontsize=8)
    axes.set_ylim(max(len(lanes), 1) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")


def _program_colours(notes: NoteArrays) -> dict[int, str]:
    """Give each program its family's colour, lightened for the second and third of a family."""
    from matplotlib.colors import to_hex, to_rgb

    colours: dict[int, str] = {}
    seen: dict[int, int] = {}
    for program in sorted(int(program) for program in np.unique(notes.program)):
        family = program // 8
        white = 0.3 * (seen.get(family, 0) % 3)
        seen[family] = seen.get(family, 0) + 1
        base: Any = np.array(to_rgb(FAMILY_COLOURS[family][1]))
        colours[program] = to_hex(tuple(base + (1 - base) * white))
    return colours


def _lane(pitch: int) -> str:
    """Name the row of a drum pitch."""
    return next((name for name, pitches in DRUM_LANES if pitch in pitches), OTHER_DRUMS)


def _lanes(drums: NoteArrays) -> list[str]:
    """List the rows that are needed, from top to bottom."""
    played = {_lane(int(pitch)) for pitch in np.unique(drums.pitch)}
    return [name for name in (OTHER_DRUMS, *(name for name, _ in DRUM_LANES)) if name in played]


def _opacity(velocity: NDArray[np.int64]) -> NDArray[np.float64]:
    """Map velocities 1..127 to 0.35..1."""
    return 0.35 + 0.65 * np.asarray(velocity, dtype=np.float64) / 127
