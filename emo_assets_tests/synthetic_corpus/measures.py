"""Metrics of a composed song that use its lead sheet; `emo_assets.metrics` estimates them from notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.key_profiles import KEY_PROFILES
from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.midi.writer import Note, Part
from emo_assets.music_theory import MAJOR_QUALITIES
from emo_assets.synthetic_corpus.composition import ComposedSong
from emo_assets.synthetic_corpus.meter import Meter
from emo_assets.synthetic_corpus.performance import TICKS_PER_POSITION
from emo_assets.synthetic_corpus.progression import ChordSpan


def notes_of(song: ComposedSong, name: str) -> list[Note]:
    return [note for part in song.parts if part.name == name for note in part.notes]


def felt_meter(song: ComposedSong) -> Meter:
    return Meter.of(song.sheet.features.time_signature)


def notes_per_beat(song: ComposedSong) -> float:
    notes = sum(len(part.notes) for part in song.parts)
    return notes / (song.bars * song.sheet.features.time_signature)


def notes_per_second(song: ComposedSong) -> float:
    return notes_per_beat(song) * song.sheet.features.tempo / 60


def mean_velocity(song: ComposedSong) -> float:
    return float(np.mean([note.velocity for part in song.parts for note in part.notes]))


def acoustic_share(song: ComposedSong) -> float:
    return float(np.mean([part.program in ACOUSTIC_PROGRAMS for part in song.parts if not part.is_drum]))


def major_share(song: ComposedSong) -> float:
    return major_share_of(song.sheet.chords)


def major_share_of(chords: Sequence[ChordSpan]) -> float:
    """Return the share of the time of chords with a major third."""
    major = sum(span.end - span.start for span in chords if span.chord.quality in MAJOR_QUALITIES)
    return major / chords[-1].end


def mean_pitch(song: ComposedSong) -> float:
    upper = [part for part in song.parts if not part.is_drum and part.name != "bass"]
    return float(np.mean([note.pitch for part in upper for note in part.notes]))


def instrumental_bars_share(song: ComposedSong) -> float:
    width = felt_meter(song).positions * TICKS_PER_POSITION
    sung = {note.start // width for part in song.parts if part.name == "lead" for note in part.notes}
    return 1 - len(sung) / (song.sheet.chords[-1].end * TICKS_PER_POSITION // width)


def groove_regularity(song: ComposedSong) -> float:
    """Mean cosine similarity of the onsets of neighbouring bars, the lead left out."""
    parts = [part for part in song.parts if part.name != "lead"]
    onsets = _onsets(parts, felt_meter(song).positions, song)
    lengths = np.linalg.norm(onsets, axis=1)
    products = lengths[1:] * lengths[:-1]
    cosines = (onsets[1:] * onsets[:-1]).sum(axis=1)[products > 0] / products[products > 0]
    return float(cosines.mean())


def _onsets(parts: list[Part], positions: int, song: ComposedSong) -> NDArray[np.float64]:
    bars = song.sheet.chords[-1].end // positions
    onsets = np.zeros((bars, positions))
    for part in parts:
        for note in part.notes:
            bar, position = divmod(note.start // TICKS_PER_POSITION, positions)
            onsets[bar, position] += 1
    return onsets


def sounding_key(song: ComposedSong) -> tuple[int, int]:
    """Krumhansl and Schmuckler's key: tonic (0 to 11) and mode of the best of 24 correlations."""
    weights = np.zeros(12)
    for part in song.parts:
        if not part.is_drum:
            for note in part.notes:
                weights[note.pitch % 12] += note.end - note.start
    correlations = {
        (tonic, mode): np.corrcoef(np.roll(profile, tonic), weights)[0, 1]
        for mode, profile in zip((1, 0), KEY_PROFILES[0], strict=True)
        for tonic in range(12)
    }
    return max(correlations, key=lambda key: correlations[key])
