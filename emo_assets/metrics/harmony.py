"""Key, mode and chords, estimated from the pitch classes that sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emo_assets.key_profiles import Key, match_key_profiles
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES

STEPS_PER_BEAT = 4
"""Steps per quarter note at which the sounding pitch classes are sampled."""

BASS_WEIGHT = 2
"""Steps by which the lowest pitch class of a beat counts more for the key."""

FINAL_BASS_SHARE = 0.03
"""Share of all weights that is added to the lowest pitch class of the last beat."""

BASS_ROOT_BONUS = 0.1
"""What a chord's match gains if its root is the lowest sounding pitch class."""

MIN_CHORD_MATCH = 0.7


def pitch_class_weights(song: ParsedSong) -> NDArray[np.float64]:
    """Return the weight of each pitch class for the key, shape (12,), without drums and percussion.

    One half of the weight is the length of all notes. In the other half a pitch class counts once for every
    sixteenth note in which it sounds, regardless of octaves and instruments. The lowest of a beat counts
    `BASS_WEIGHT` more and the lowest of the last beat `FINAL_BASS_SHARE` of the half more: basses define the
    chords, and songs end on the tonic.

    Returns:
        Weights with sum 1; 0 without notes.
    """
    chroma, lowest = _beat_chroma(song)
    sounding: NDArray[np.float64] = np.minimum(chroma, STEPS_PER_BEAT).sum(axis=0)
    basses = lowest[lowest >= 0]
    np.add.at(sounding, basses, BASS_WEIGHT)
    sounding[basses[-1:]] += FINAL_BASS_SHARE * sounding.sum()
    lengths, notes = np.zeros(12), song.pitched
    np.add.at(lengths, notes.pitch % 12, notes.release - notes.onset)
    return (_shares(sounding) + _shares(lengths)) / 2


def key(song: ParsedSong) -> Key | None:
    """Estimate the key by correlation with key profiles (Krumhansl & Schmuckler).

    Correct in all 255 composed songs of the sample. In 214 real songs the key agrees with Spotify's in 47 %,
    the mode in 71 %; about one in six of them is linked to another recording.

    Returns:
        The key; None if no pitched note sounds or all pitch classes have equal weight.
    """
    return match_key_profiles(pitch_class_weights(song))


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


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / max(weights.sum(), 1e-12))


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
