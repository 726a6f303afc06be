"""Musicality: what holds a song together, measured from its notes and compared with real songs and goals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from emo_assets.errors import InputError
from emo_assets.evaluation.controllability import draw_features, generate_songs
from emo_assets.features import FeatureVector
from emo_assets.generation import Models
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
from emo_assets.progress import Progress, no_progress
from emo_assets.song_request import TrackRequest

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
        real: mean of real songs: 663 files of the Lakh MIDI Dataset.
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
            real=0.01,
        ),
        "copied_bars": Measure(
            "bars that nearly copy an earlier bar", repetition.copied_bar_share, goal=(0.2, 0.4), real=0.29
        ),
        "copied_drum_bars": Measure(
            "drum bars that nearly copy an earlier one",
            drum_patterns.copied_drum_bar_share,
            goal=(0.65, 1),
            real=0.7,
        ),
        "distinct_drum_bars": Measure(
            "different bars among the drum bars",
            drum_patterns.distinct_drum_bar_share,
            goal=(0, 0.5),
            real=0.46,
        ),
        "backbeat_bars": Measure(
            "drum bars with a snare on 2 and 4, in 4/4",
            drum_patterns.backbeat_bar_share,
            goal=(0.6, 1),
            real=0.61,
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
            real=0.17,
        ),
        "melodic_steps": Measure(
            "steps among the melody's intervals", melody.step_share, goal=(0.55, 1), real=0.63
        ),
        "melodic_leaps": Measure(
            "leaps above a fifth among them", melody.leap_share, goal=(0, 0.08), real=0.06
        ),
        "melodic_range": Measure(
            "range of the melody in semitones", melody.melodic_range, goal=(10, 15), real=13.2
        ),
        "bars_without_bass": Measure(
            "bars without a bass", bass_line.bassless_bar_share, goal=(0, 0.06), real=0.06
        ),
        "bass_on_root": Measure(
            "beats on which the bass plays the chord's root",
            bass_line.bass_root_share,
            goal=(0.8, 1),
            real=0.72,
        ),
        "velocity_spread": Measure(
            "spread of velocity, 0 to 63", _velocity_spread, goal=(12, math.inf), real=15.5
        ),
        "off_grid_notes": Measure(
            "notes off the grid of sixteenths and triplets", rhythm.off_grid_share, goal=(0, 0.08), real=0.06
        ),
        "final_bar_notes": Measure(
            "notes of the last bar / of the mean bar",
            ending.final_bar_density,
            goal=(0, 0.5),
            real=0.49,
            whole_song=True,
        ),
        "tonic_chord_endings": Measure(
            "songs that end on the tonic chord",
            ending.ends_on_tonic_chord,
            goal=(0.95, 1),
            real=0.49,
            whole_song=True,
        ),
        "tonic_bass_endings": Measure(
            "songs that end with the tonic in the bass",
            ending.ends_on_tonic_bass,
            goal=(0.95, 1),
            real=0.53,
            whole_song=True,
        ),
        "notes_in_scale": Measure(
            "sounding time in one major scale", harmony.scale_share, goal=(0.95, 1), real=0.966
        ),
        "empty_beats": Measure(
            "beats in which nothing sounds", texture.empty_beat_share, goal=(0, 0.02), real=0.002
        ),
        "minor_seconds": Measure(
            "time in which two pitches a semitone apart sound",
            harmony.minor_second_share,
            goal=(0, 0.08),
            real=0.057,
        ),
    }
)
"""The measures by name. Goals are near what real songs have, but for endings: real files often fade out."""


SAME_REQUEST = Measure(
    "songs whose nearest other song has the same request", lambda _: math.nan, goal=(0.6, 1), real=math.nan
)
"""Goal of `same_request_share`, which compares songs with each other."""


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


def musicality_table(groups: Mapping[str, Sequence[ParsedSong]], *, seeds: int = 1) -> pd.DataFrame:
    """Return the mean of every measure of several groups of songs, next to real songs and the goals.

    Args:
        groups: songs by the name of their group, such as "tracks" and "corpus"; empty groups are left out.
        seeds: songs per request in the group "requests", which follow each other. With more than one, the
            last row is `same_request_share`.

    Returns:
        One row per measure: `measure` (its name), `meaning`, then for each group its mean over the songs
        that can tell (NaN of fewer than `MIN_SONGS`), `<group>_songs` (how many can tell) and `<group>_met`
        (whether the mean meets the goal; missing without a mean); `real`, `goal_low` and `goal_high`.
    """
    filled = {group: songs for group, songs in groups.items() if songs}
    measured = {
        group: pd.DataFrame([measure(song) for song in songs], dtype=float) for group, songs in filled.items()
    }
    rows = [
        _row(name, each, {group: table[name] for group, table in measured.items()})
        for name, each in MEASURES.items()
    ]
    if seeds > 1 and "requests" in filled:
        songs = filled["requests"]
        share = same_request_share([songs[first : first + seeds] for first in range(0, len(songs), seeds)])
        values = {group: pd.Series(dtype=float) for group in filled}
        rows.append(
            _row("same_request", SAME_REQUEST, values | {"requests": pd.Series(share, range(len(songs)))})
        )
    return pd.DataFrame(rows).astype({f"{group}_met": "boolean" for group in filled})


def _row(name: str, each: Measure, values: Mapping[str, pd.Series[float]]) -> dict[str, object]:
    """Return a row of `musicality_table` from the values of each group's songs."""
    row: dict[str, object] = {"measure": name, "meaning": each.meaning}
    for group, column in values.items():
        known = column.dropna()
        mean = float(known.mean()) if len(known) >= MIN_SONGS else math.nan
        row[group] = mean
        row[f"{group}_songs"] = len(known)
        row[f"{group}_met"] = None if math.isnan(mean) else each.is_met(mean)
    low, high = each.goal
    return {**row, "real": each.real, "goal_low": low, "goal_high": high}


def same_request_share(songs: Sequence[Sequence[ParsedSong]]) -> float:
    """Return the share of songs whose nearest other song was made for the same request with another seed.

    Songs are points of `EAR_METRICS`, standardized over all songs; a metric that a song lacks is at its mean.
    The distance is Euclidean. Of ten requests with three seeds each, guessing gives 0.07.

    Args:
        songs: of each request, such as a preset, at least two.

    Returns:
        0 to 1; NaN with fewer than two requests, or fewer than two songs of one.
    """
    if len(songs) < 2 or min(map(len, songs)) < 2:
        return math.nan
    request = np.repeat(np.arange(len(songs)), [len(each) for each in songs])
    metrics = np.array([measure_ear_metrics(song) for each in songs for song in each])
    metrics = metrics[:, ~np.isnan(metrics).all(axis=0)]
    spread = np.nanstd(metrics, axis=0)
    points = np.nan_to_num((metrics - np.nanmean(metrics, axis=0)) / np.where(spread > 0, spread, 1))
    distances = np.linalg.norm(points[:, None] - points[None, :], axis=-1)  # (songs, songs)
    np.fill_diagonal(distances, np.inf)
    return float((request[distances.argmin(axis=1)] == request).mean())


def read_songs(files: Iterable[bytes]) -> list[ParsedSong]:
    """Parse MIDI files, skipping those that cannot be read."""
    songs = []
    for content in files:
        with suppress(InputError):
            songs.append(parse_song(content))
    return songs


def write_songs(
    requests: Sequence[TrackRequest],
    models: Models,
    *,
    seeds: int,
    drawn: int,
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict[str, list[ParsedSong]]:
    """Generate songs of some requests, and songs with every feature drawn at random.

    Args:
        requests: what to ask for.
        models: generate the songs.
        seeds: songs per request; their seeds count up from the request's.
        drawn: songs of random features, of 16 bars.
        seed: of the random features; the seeds of their songs count up from it.
        progress: called with the number of songs.

    Returns:
        "requests": the songs of each request in turn; "drawn": the others.
    """
    asked = [
        request.model_copy(update={"seed": request.seed + number})
        for request in requests
        for number in range(seeds)
    ]
    requests = [*asked, *_drawn_requests(drawn, seed)]
    songs = [song.parsed for song in generate_songs(requests, models, progress=progress)]
    return {"requests": songs[: len(asked)], "drawn": songs[len(asked) :]}


def _drawn_requests(count: int, seed: int) -> list[TrackRequest]:
    rng = np.random.default_rng(seed)
    drawn = [FeatureVector.from_values(draw_features(rng)) for _ in range(count)]
    return [
        TrackRequest(name=f"drawn-{number}", features=features, seed=seed + number)
        for number, features in enumerate(drawn)
    ]
