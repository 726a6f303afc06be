"""What a composed song is measured by: plain counts over its notes and its true chords.

They use the truth that only a composed song has (which part sings, which chord sounds); estimators that know
the notes alone are in `emo_assets.metrics`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.harmony import MAJOR_PROFILE, MINOR_PROFILE
from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.midi.writer import Part
from emo_assets.synthetic_corpus.composed_song import TICKS_PER_POSITION, Song
from emo_assets.synthetic_corpus.meter import Meter


def felt_meter(song: Song) -> Meter:
    return Meter.of(song.features.time_signature)


def notes_a_beat(song: Song) -> float:
    notes = sum(len(part.notes) for part in song.parts)
    return notes / (song.bars * song.features.time_signature)


def mean_velocity(song: Song) -> float:
    return float(np.mean([note.velocity for part in song.parts for note in part.notes]))


def acoustic_share(song: Song) -> float:
    return float(np.mean([part.program in ACOUSTIC_PROGRAMS for part in song.parts if not part.is_drum]))


def bright_share(song: Song) -> float:
    bright = sum(span.end - span.start for span in song.chords if span.chord.is_bright)
    return bright / song.chords[-1].end


def mean_pitch(song: Song) -> float:
    upper = [part for part in song.parts if not part.is_drum and part.name != "bass"]
    return float(np.mean([note.pitch for part in upper for note in part.notes]))


def lead_absence(song: Song) -> float:
    width = felt_meter(song).positions * TICKS_PER_POSITION
    sung = {note.start // width for part in song.parts if part.name == "lead" for note in part.notes}
    return 1 - len(sung) / (song.chords[-1].end * TICKS_PER_POSITION // width)


def groove_regularity(song: Song) -> float:
    """Mean cosine similarity of the onsets of neighbouring bars, the lead left out."""
    parts = [part for part in song.parts if part.name != "lead"]
    onsets = _onsets(parts, felt_meter(song).positions, song)
    lengths = np.linalg.norm(onsets, axis=1)
    products = lengths[1:] * lengths[:-1]
    cosines = (onsets[1:] * onsets[:-1]).sum(axis=1)[products > 0] / products[products > 0]
    return float(cosines.mean())


def _onsets(parts: list[Part], positions: int, song: Song) -> NDArray[np.float64]:
    bars = song.chords[-1].end // positions
    onsets = np.zeros((bars, positions))
    for part in parts:
        for note in part.notes:
            bar, position = divmod(note.start // TICKS_PER_POSITION, positions)
            onsets[bar, position] += 1
    return onsets


def sounding_key(song: Song) -> tuple[int, int]:
    """Krumhansl and Schmuckler's key: tonic (0 to 11) and mode of the best of 24 correlations."""
    weights = np.zeros(12)
    for part in song.parts:
        if not part.is_drum:
            for note in part.notes:
                weights[note.pitch % 12] += note.end - note.start
    correlations = {
        (tonic, mode): np.corrcoef(np.roll(profile, tonic), weights)[0, 1]
        for mode, profile in ((1, MAJOR_PROFILE), (0, MINOR_PROFILE))
        for tonic in range(12)
    }
    return max(correlations, key=lambda key: correlations[key])
