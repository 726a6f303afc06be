"""Key, mode and chords, estimated from the pitch classes that sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a major and a minor key on C (Krumhansl & Kessler 1982)."""

STEPS_PER_BEAT = 4
"""Steps per quarter note at which the sounding pitch classes are sampled."""

BASS_WEIGHT = 2
"""Steps by which the lowest pitch class of a beat counts more for the key."""

FINAL_BASS_SHARE = 0.03
"""Share of all weights that is added to the lowest pitch class of the last beat."""

BASS_ROOT_BONUS = 0.1
"""What a chord's match gains if its root is the lowest sounding pitch class."""

MIN_CHORD_MATCH = 0.7


@dataclass(frozen=True)
class Key:
    """A key and how clear it is.

    Attributes:
        pitch_class: the tonic, C = 0 to B = 11.
        mode: 1 major, 0 minor.
        confidence: by how much its correlation exceeds that of the next best key, 0 to 2.
    """

    pitch_class: int
    mode: int
    confidence: float


def pitch_class_weights(song: ParsedSong) -> NDArray[np.float64]:
    """Return the weight of each pitch class for the key, shape (12,), without drums and percussion.

    A pitch class counts once for every sixteenth note in which it sounds, regardless of octaves and
    instruments. The lowest of a beat counts `BASS_WEIGHT` more and the lowest of the last beat
    `FINAL_BASS_SHARE` of the total more: basses define the chords, and songs end on the tonic.
    """
    chroma, lowest = _beat_chroma(song)
    weights: NDArray[np.float64] = np.minimum(chroma, STEPS_PER_BEAT).sum(axis=0)
    basses = lowest[lowest >= 0]
    np.add.at(weights, basses, BASS_WEIGHT)
    weights[basses[-1:]] += FINAL_BASS_SHARE * weights.sum()
    return weights


def key(song: ParsedSong) -> Key | None:
    """Estimate the key with the Krumhansl-Schmuckler algorithm.

    Correct in 236 of 240 composed songs. In 214 real songs the key agrees with Spotify's in 46 %, the mode in
    70 %; about one in six of them is linked to another recording.

    Returns:
        The key; None if no pitched note sounds or all pitch classes have equal weight.
    """
    return match_key_profiles(pitch_class_weights(song))


def match_key_profiles(weights: NDArray[np.float64]) -> Key | None:
    """Return the key whose profile has the highest Pearson correlation with pitch-class weights.

    Of equals the lowest pitch class wins, and major before minor.

    Args:
        weights: shape (12,).

    Returns:
        The key; None if all weights are equal.
    """
    if np.ptp(weights) == 0:
        return None
    profiles = np.array(
        [np.roll(profile, tonic) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for tonic in range(12)]
    )  # (24, 12)
    correlations = np.corrcoef(np.vstack([weights, profiles]))[0, 1:]
    best = int(correlations.argmax())
    second = np.delete(correlations, best).max()
    return Key(best % 12, int(best < 12), float(correlations[best] - second))


def major_share(song: ParsedSong) -> float:
    """Return the share of chords with a major third and a fifth among beats with a chord.

    Within 0.05 (mean) of the true share in 240 composed songs; rank correlation with valence 0.87 there. In
    214 real songs it follows the mode (0.34), not valence.

    Returns:
        0 to 1; NaN if no beat has a chord.
    """
    qualities = [quality for _, quality in beat_chords(song) if quality]
    if not qualities:
        return float("nan")
    return sum(quality in MAJOR_QUALITIES for quality in qualities) / len(qualities)


def beat_chords(song: ParsedSong) -> list[tuple[int, str]]:
    """Name the chord of every quarter note.

    The score of a chord is the cosine similarity between its tones and the time that each pitch class sounds
    in the beat, plus `BASS_ROOT_BONUS` if its root is the lowest sounding pitch class.

    Returns:
        (root 0 to 11, quality) per beat; quality "" if fewer than three pitch classes sound or no chord
        reaches `MIN_CHORD_MATCH`.
    """
    chroma, lowest = _beat_chroma(song)
    norms = np.linalg.norm(chroma, axis=1)
    enough = (chroma > 0.1 * chroma.max(axis=1, initial=0.0)[:, None]).sum(axis=1) >= 3
    names = [(root, quality) for quality in CHORD_TONES if quality != "None" for root in range(12)]
    templates = np.zeros((len(names), 12))
    for row, (root, quality) in enumerate(names):
        templates[row, [(root + tone) % 12 for tone in CHORD_TONES[quality]]] = 1
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    match = chroma @ templates.T / np.maximum(norms, 1e-12)[:, None]  # (beats, chords)
    match += BASS_ROOT_BONUS * (lowest[:, None] == np.array([root for root, _ in names])[None, :])
    best = match.argmax(axis=1)
    return [
        names[chord] if match[beat, chord] >= MIN_CHORD_MATCH and enough[beat] else (0, "")
        for beat, chord in enumerate(best)
    ]


def _beat_chroma(song: ParsedSong) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the steps that each pitch class sounds per beat, and the lowest pitch class of each beat.

    Shapes (beats, 12) and (beats,). Octaves add up; the lowest pitch class is -1 where nothing sounds.
    """
    notes = song.pitched
    first = np.round(notes.onset * STEPS_PER_BEAT).astype(np.int64)
    last = np.maximum(np.round(notes.release * STEPS_PER_BEAT).astype(np.int64), first + 1)
    beats = int(-(-last.max(initial=0) // STEPS_PER_BEAT))
    change = np.zeros((beats * STEPS_PER_BEAT + 1, 128))
    np.add.at(change, (first, notes.pitch), 1)
    np.add.at(change, (last, notes.pitch), -1)
    sounding = (change.cumsum(axis=0)[:-1] > 0).reshape(beats, STEPS_PER_BEAT, 128).sum(axis=1)
    chroma = np.zeros((beats, 12))
    for octave in range(0, 128, 12):
        width = min(12, 128 - octave)
        chroma[:, :width] += sounding[:, octave : octave + width]
    lowest = np.where(sounding.any(axis=1), (sounding > 0).argmax(axis=1) % 12, -1)
    return chroma, lowest
