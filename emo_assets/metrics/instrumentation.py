"""Which instruments play, and for how much of the song."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from emo_assets.metrics.articulation import mean_or_nan
from emo_assets.metrics.parsed_song import ParsedSong

FAMILIES: Mapping[str, range] = MappingProxyType(
    {
        "piano": range(8),
        "mallet": range(8, 16),
        "organ": range(16, 24),
        "acoustic_guitar": range(24, 26),
        "electric_guitar": range(26, 29),
        "distorted_guitar": range(29, 32),
        "acoustic_bass": range(32, 33),
        "electric_bass": range(33, 38),
        "synth_bass": range(38, 40),
        "strings": range(40, 52),
        "voice": range(52, 55),
        "brass": range(56, 64),
        "reed": range(64, 72),
        "pipe": range(72, 80),
        "synth_lead": range(80, 88),
        "pad": range(88, 96),
        "effects": range(96, 128),
    }
)
"""General MIDI programs of each instrument family. The orchestra hit (55) counts as none."""


def sounding_share(song: ParsedSong, family: str) -> float:
    """Return the sounding seconds of a family / those of all pitched notes, 0 to 1; 0 without pitched notes.

    Notes that sound together count each. "effects" has the synth effects and the ethnic instruments.
    """
    notes = song.pitched
    seconds = notes.end - notes.start
    programs = FAMILIES[family]
    own = (notes.program >= programs.start) & (notes.program < programs.stop)
    return float(seconds[own].sum() / max(seconds.sum(), 1e-9))


def instruments_per_bar(song: ParsedSong) -> float:
    """Return the mean number of pitched programs that start a note in a bar, over bars with notes or drums.

    0 or more, 0 without notes.
    """
    playing = np.unique(song.bar_of(song.pitched) * 128 + song.pitched.program)
    return len(playing) / max(len(np.unique(song.bar_of(song.notes))), 1)


def drum_bar_share(song: ParsedSong) -> float:
    """Return the share of bars with drums among bars in which a note starts, 0 to 1; 0 without notes."""
    bars = len(np.unique(song.bar_of(song.notes)))
    return len(np.unique(song.bar_of(song.drums))) / max(bars, 1)


def synth_share_of_bass_notes(song: ParsedSong) -> float:
    """Return the share of synth basses among the notes of basses, 0 to 1; NaN without basses."""
    return mean_or_nan(np.isin(song.basses.program, FAMILIES["synth_bass"]))
