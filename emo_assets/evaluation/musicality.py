"""Musicality: what holds a song together, measured from its notes and compared with real songs and goals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from emo_assets.metrics import (
    articulation,
    bass_line,
    drum_patterns,
    ending,
    harmony,
    melody,
    repetition,
    rhythm,
    texture,
)
from emo_assets.metrics.ear_metrics import measure_ear_metrics
from emo_assets.metrics.parsed_song import ParsedSong, parse_song

EXCERPT_BARS = 16
FIRST_EXCERPT_BAR = 8
"""Of longer songs `EXCERPT_BARS` bars are measured: repetition grows with length. They begin at bar
`FIRST_EXCERPT_BAR`, counted from 0, after an intro, or earlier where the song is too short for that."""

MIN_SONGS = 5
"""Songs below which a group has no figure."""


@dataclass(frozen=True)
class Measure:
    """A measure of musicality with its goal.

    Attributes:
        meaning: what it is, in words; a share from 0 to 1 where no unit is named.
        function: measures a song; NaN where the song cannot tell.
        goal: the smallest and the largest mean of songs that meets the goal.
        real: mean of 96 real songs: half from the Lakh MIDI Dataset's files with a Million Song id.
        whole_song: whether the whole song is measured, not an excerpt.
    """

    meaning: str
    function: Callable[[ParsedSong], float]
    goal: tuple[float, float]
    real: float
    whole_song: bool = False

    def is_met(self, mean: float) -> bool:
        """Return whether a mean of songs, rounded to three decimals, meets the goal."""
        low, high = self.goal
        return low <= round(mean, 3) <= high


def _velocity_spread(song: ParsedSong) -> float:
    return articulation.spread_or_nan(song.notes.velocity)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "restarted_notes": Measure(
            "notes that start while their pitch sounds in the same part",
            articulation.restarted_note_share,
            goal=(0, 0),
            real=0.012,
        ),
        "copied_bars": Measure(
            "bars that nearly copy an earlier bar", repetition.copied_bar_share, goal=(0.2, 0.4), real=0.30
        ),
        "copied_drum_bars": Measure(
            "drum bars that nearly copy an earlier one",
            drum_patterns.copied_drum_bar_share,
            goal=(0.65, 1),
            real=0.72,
        ),
        "distinct_drum_bars": Measure(
            "different bars among the drum bars",
            drum_patterns.distinct_drum_bar_share,
            goal=(0, 0.5),
            real=0.44,
        ),
        "backbeat_bars": Measure(
            "drum bars with a snare on 2 and 4, in 4/4",
            drum_patterns.backbeat_bar_share,
            goal=(0.6, 1),
            real=0.58,
        ),
        "returning_motifs": Measure(
            "motifs of the melody that occurred before",
            melody.returning_motif_share,
            goal=(0.3, 1),
            real=0.36,
        ),
        "phrase_contrast": Measure(
            "contrast of phrases: spread of their similarities",
            repetition.phrase_contrast,
            goal=(0.12, 1),
            real=0.18,
        ),
        "melodic_steps": Measure(
            "steps among the melody's intervals", melody.step_share, goal=(0.55, 1), real=0.64
        ),
        "melodic_leaps": Measure(
            "leaps above a fifth among them", melody.leap_share, goal=(0, 0.08), real=0.04
        ),
        "melodic_range": Measure(
            "range of the melody in semitones", melody.melodic_range, goal=(10, 15), real=12.3
        ),
        "bars_without_bass": Measure(
            "bars without a bass", bass_line.bassless_bar_share, goal=(0, 0.06), real=0.05
        ),
        "bass_on_root": Measure(
            "beats on which the bass plays the chord's root",
            bass_line.bass_root_share,
            goal=(0.8, 1),
            real=0.73,
        ),
        "velocity_spread": Measure("spread of velocity, 0 to 63", _velocity_spread, goal=(12, 63), real=16.0),
        "off_grid_notes": Measure(
            "notes off the grid of sixteenths and triplets", rhythm.off_grid_share, goal=(0, 0.08), real=0.07
        ),
        "final_bar_notes": Measure(
            "notes of the last bar / of the mean bar",
            ending.final_bar_density,
            goal=(0, 0.5),
            real=0.50,
            whole_song=True,
        ),
        "tonic_chord_endings": Measure(
            "songs that end on the tonic chord",
            ending.ends_on_tonic_chord,
            goal=(0.95, 1),
            real=0.39,
            whole_song=True,
        ),
        "tonic_bass_endings": Measure(
            "songs that end with the tonic in the bass",
            ending.ends_on_tonic_bass,
            goal=(0.95, 1),
            real=0.43,
            whole_song=True,
        ),
        "notes_in_scale": Measure(
            "sounding time in one major scale", harmony.scale_share, goal=(0.95, 1), real=0.96
        ),
        "empty_beats": Measure(
            "beats in which nothing sounds", texture.empty_beat_share, goal=(0, 0.02), real=0.002
        ),
        "minor_seconds": Measure(
            "time in which two pitches a semitone apart sound",
            harmony.minor_second_share,
            goal=(0, 0.08),
            real=0.05,
        ),
    }
)
"""The measures by name. Goals are near what real songs have, but for endings: real files often fade out."""


def measure_midi(midi: bytes) -> dict[str, float]:
    """Measure a MIDI file by all of `MEASURES`.

    Raises:
        InputError: it cannot be read.
    """
    return measure(parse_song(midi))


def measure(song: ParsedSong) -> dict[str, float]:
    """Measure a song by all of `MEASURES`; NaN where the song cannot tell."""
    bars = rhythm.bars(song)
    part = song
    if bars > EXCERPT_BARS:
        part = song.excerpt(min(FIRST_EXCERPT_BAR, bars - EXCERPT_BARS), EXCERPT_BARS)
    return {name: each.function(song if each.whole_song else part) for name, each in MEASURES.items()}


def musicality_table(groups: Mapping[str, Sequence[ParsedSong]]) -> pd.DataFrame:
    """Return the mean of every measure of several groups of songs, next to real songs and the goals.

    Args:
        groups: songs by the name of their group, such as "songs" and "corpus".

    Returns:
        One row per measure: `measure` (its name), `meaning`, then for each group its mean over the songs
        that can tell (NaN of fewer than `MIN_SONGS`), `<group>_songs` (how many can tell) and `<group>_met`
        (whether the mean meets the goal; None without a mean); `real`, `goal_low` and `goal_high`.
    """
    measured = {group: pd.DataFrame([measure(song) for song in songs]) for group, songs in groups.items()}
    rows: list[dict[str, object]] = []
    for name, each in MEASURES.items():
        row: dict[str, object] = {"measure": name, "meaning": each.meaning}
        for group, table in measured.items():
            values = table[name].dropna() if len(table) else pd.Series(dtype=float)
            mean = float(values.mean()) if len(values) >= MIN_SONGS else math.nan
            row[group] = mean
            row[f"{group}_songs"] = len(values)
            row[f"{group}_met"] = None if math.isnan(mean) else each.is_met(mean)
        rows.append({**row, "real": each.real, "goal_low": each.goal[0], "goal_high": each.goal[1]})
    return pd.DataFrame(rows).astype({f"{group}_met": "boolean" for group in groups})


def same_preset_share(songs: Mapping[str, Sequence[ParsedSong]]) -> float:
    """Return the share of songs whose nearest other song was made for the same preset.

    Songs are points of `EAR_METRICS`, standardized over all songs; a metric that a song lacks is at its mean.
    The distance is Euclidean. Of ten presets with three seeds each, guessing gives 0.07.

    Args:
        songs: by preset, at least two of each.

    Returns:
        0 to 1; NaN with fewer than two songs of a preset.
    """
    if len(songs) < 2 or min(map(len, songs.values())) < 2:
        return math.nan
    presets = np.repeat(np.arange(len(songs)), [len(each) for each in songs.values()])
    metrics = np.array([measure_ear_metrics(song) for each in songs.values() for song in each])
    metrics = metrics[:, ~np.isnan(metrics).all(axis=0)]
    spread = np.nanstd(metrics, axis=0)
    points = np.nan_to_num((metrics - np.nanmean(metrics, axis=0)) / np.where(spread > 0, spread, 1))
    distances = np.linalg.norm(points[:, None] - points[None, :], axis=-1)  # (songs, songs)
    np.fill_diagonal(distances, np.inf)
    return float((presets[distances.argmin(axis=1)] == presets).mean())
