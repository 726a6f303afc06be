"""How many notes, onsets and hits a second has, and with how much force."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import NoteArrays, ParsedSong
from emo_assets.tokens.quantization import POSITIONS_PER_QUARTER

KICKS = frozenset({35, 36})
SNARES = frozenset({37, 38, 39, 40})
"""Snares, side stick and hand clap."""

SIDE_STICK, HAND_CLAP = 37, 39
BACKBEATS = SNARES - {SIDE_STICK}
HI_HATS = frozenset({42, 44, 46})
CYMBALS = frozenset({49, 51, 52, 53, 55, 57, 59})
RIDES = frozenset({51, 53, 59})
TOMS = frozenset({41, 43, 45, 47, 48, 50})
PERCUSSION = frozenset({54, 56, 58, *range(60, 82)})
"""Drums beside the kit, from tambourine to triangle."""

HAND_DRUMS = frozenset(range(60, 67))
"""Bongos, congas and timbales."""

MIN_STEADY_HITS = 9
MIN_BASS_ONSETS = 5


def notes_per_second(song: ParsedSong, notes: NoteArrays) -> float:
    """Return len(`notes`) / `playing_seconds`: notes per second, 0 or more; 0 without notes."""
    return len(notes) / song.playing_seconds


def hits(song: ParsedSong, keys: Collection[int]) -> NoteArrays:
    """Return the drum notes on `keys`."""
    return song.drums.where(np.isin(song.drums.pitch, list(keys)))


def hits_per_second(song: ParsedSong, keys: Collection[int]) -> float:
    """Return the drum notes on `keys` / `playing_seconds`: hits per second, 0 or more; 0 without hits."""
    return len(hits(song, keys)) / song.playing_seconds


def onsets_per_second(song: ParsedSong, notes: NoteArrays) -> float:
    """Return distinct onsets / `playing_seconds`: onsets per second, 0 or more; 0 without notes.

    Onsets that round to the same twelfth of a quarter note are one.
    """
    return len(np.unique(_positions(notes))) / song.playing_seconds


def struck_chords_per_second(song: ParsedSong) -> float:
    """Return how often a part strikes several pitched notes together, per second, 0 or more.

    Notes of one part whose onsets round to the same twelfth of a quarter note are struck together, octaves
    and unisons included. 0 without such notes.
    """
    _, sizes = np.unique(_strokes(song), return_counts=True)
    return int((sizes >= 2).sum()) / song.playing_seconds


def power_chords_per_second(song: ParsedSong) -> float:
    """Return how often a part strikes two pitch classes a fifth apart and no other, per second, 0 or more.

    0 without such chords.
    """
    chord_of = np.unique(_strokes(song), return_inverse=True)[1]
    struck = np.zeros((int(chord_of.max(initial=-1)) + 1, 12), dtype=bool)
    struck[chord_of, song.pitched.pitch % 12] = True
    pairs = struck[struck.sum(axis=1) == 2]
    interval = 11 - pairs[:, ::-1].argmax(axis=1) - pairs.argmax(axis=1)
    return int(np.isin(interval, (5, 7)).sum()) / song.playing_seconds


def log_intensity(song: ParsedSong, notes: NoteArrays) -> float:
    """Return log(1 + sum of squared velocities / `playing_seconds`), 0 or more; 0 without notes."""
    return float(np.log1p((notes.velocity.astype(np.float64) ** 2).sum() / song.playing_seconds))


def side_stick_share(song: ParsedSong) -> float:
    """Return side sticks / hits on `SNARES`, 0 to 1; 0 without snares, NaN without drums."""
    snares = np.isin(song.drums.pitch, list(SNARES)).sum()
    if not len(song.drums):
        return float("nan")
    return float((song.drums.pitch == SIDE_STICK).sum() / max(snares, 1))


def ride_share(song: ParsedSong) -> float:
    """Return hits on `RIDES` / hits on `RIDES` and `HI_HATS`, 0 to 1; NaN without either."""
    rides, hats = (np.isin(song.drums.pitch, list(keys)).sum() for keys in (RIDES, HI_HATS))
    return float(rides / (rides + hats)) if rides + hats else float("nan")


def hi_hat_regularity(song: ParsedSong) -> float:
    """Return the share of the most frequent interval among those between hits on hi-hats and rides, 0 to 1.

    Intervals count in twelfths of a quarter note. 0 with fewer than `MIN_STEADY_HITS` hits or no interval.
    """
    intervals = _hi_hat_intervals(song)
    return (
        float(np.unique(intervals, return_counts=True)[1].max() / len(intervals)) if len(intervals) else 0.0
    )


def log_hi_hat_interval(song: ParsedSong) -> float:
    """Return log(0.01 + median interval between hits on hi-hats and rides in seconds), -4.6 or more.

    The interval is measured in quarter notes and takes the song's mean seconds per quarter note. NaN with
    fewer than `MIN_STEADY_HITS` hits or no interval.
    """
    return _log_median_seconds(song, _hi_hat_intervals(song))


def log_bass_interval(song: ParsedSong) -> float:
    """Return log(0.01 + median interval between onsets of basses in seconds), -4.6 or more.

    The interval is measured in quarter notes and takes the song's mean seconds per quarter note. NaN with
    fewer than `MIN_BASS_ONSETS` onsets.
    """
    onsets = np.unique(_positions(song.basses))
    return _log_median_seconds(song, np.diff(onsets) if len(onsets) >= MIN_BASS_ONSETS else onsets[:0])


def _positions(notes: NoteArrays) -> NDArray[np.int64]:
    """Return onsets in twelfths of a quarter note, shape (notes,)."""
    positions: NDArray[np.int64] = np.round(notes.onset * POSITIONS_PER_QUARTER).astype(np.int64)
    return positions


def _strokes(song: ParsedSong) -> NDArray[np.int64]:
    """Return a number per pitched note that notes of one part and one onset share, shape (notes,)."""
    parts = int(song.pitched.part.max(initial=0)) + 1
    return _positions(song.pitched) * parts + song.pitched.part


def _hi_hat_intervals(song: ParsedSong) -> NDArray[np.int64]:
    """Return the intervals of hits on hi-hats and rides in twelfths of a quarter note, none for a few."""
    positions = _positions(hits(song, HI_HATS | RIDES))
    if len(positions) < MIN_STEADY_HITS:
        return positions[:0]
    return np.diff(np.unique(positions)).astype(np.int64)


def _log_median_seconds(song: ParsedSong, twelfths: NDArray[np.int64]) -> float:
    if not len(twelfths):
        return float("nan")
    quarter_seconds = song.playing_seconds / max(float(song.bar_edges[-1]), 1.0)
    return float(np.log(np.median(twelfths) / POSITIONS_PER_QUARTER * quarter_seconds + 0.01))
