"""Key, mode and chords, from the pitch classes that sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a major and a minor key on C (Krumhansl & Kessler 1982)."""

BRIGHT_QUALITIES = frozenset({"maj", "maj7"})

CHORD_STEPS = 4
"""Steps a quarter note at which the sounding pitch classes are sampled."""

BASS_WEIGHT = 2
FINAL_BASS_SHARE = 0.03

BASS_ROOT_BONUS = 0.1
MIN_CHORD_MATCH = 0.7


@dataclass(frozen=True)
class Key:
    """A key and how clear it is.

    Attributes:
        pitch_class: the tonic, C = 0 to B = 11.
        mode: 1 major, 0 minor.
        confidence: how much better its correlation is than that of the next best key, 0 to 2.
    """

    pitch_class: int
    mode: int
    confidence: float


def pitch_class_weights(song: ParsedSong) -> NDArray[np.float64]:
    """Return how much each pitch class counts for the key, shape (12,), drums and percussion left out.

    A pitch class counts for every sixteenth note in which it sounds, once however many octaves and
    instruments play it. The lowest of a beat counts `BASS_WEIGHT` more, and the lowest of the last beat
    `FINAL_BASS_SHARE` of the whole besides: basses name the chords, and songs end at home.
    """
    chroma, lowest = _beat_chroma(song)
    weights: NDArray[np.float64] = np.minimum(chroma, CHORD_STEPS).sum(axis=0)
    basses = lowest[lowest >= 0]
    np.add.at(weights, basses, BASS_WEIGHT)
    weights[basses[-1:]] += FINAL_BASS_SHARE * weights.sum()
    return weights


def key(song: ParsedSong) -> Key | None:
    """Estimate the key by Krumhansl and Schmuckler's way.

    `pitch_class_weights` are correlated (Pearson) with the 24 profiles of major and minor keys; the best one
    wins, the lowest pitch class of equals, major before minor. Right in 236 of 240 composed songs. In 214
    real songs it agrees with the key that Spotify heard in 46 %, with the mode in 70 %; about one in six of
    them is linked to another recording.

    Returns:
        The key, or None where no pitched note sounds or all pitch classes count the same.
    """
    return match_key_profiles(pitch_class_weights(song))


def match_key_profiles(weights: NDArray[np.float64]) -> Key | None:
    """Return the key that some weights of the pitch classes, shape (12,), fit best; None if all are equal."""
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
    """Return the share of beats with a chord whose chord has a major third and a fifth.

    NaN where no beat has a chord. Within 0.05 (mean) of the share in 240 composed songs; rank correlation
    there with valence 0.87. In 214 real songs it goes with the mode (0.34) and not with valence.
    """
    return _share_of_chords(song, MAJOR_QUALITIES)


def bright_share(song: ParsedSong) -> float:
    """Return the share of beats with a chord whose chord is a major triad or a major seventh chord.

    Dominant sevenths, which strain forward, are left out. NaN where no beat has a chord.
    """
    return _share_of_chords(song, BRIGHT_QUALITIES)


def _share_of_chords(song: ParsedSong, qualities: frozenset[str]) -> float:
    named = [quality for _, quality in beat_chords(song) if quality]
    return sum(quality in qualities for quality in named) / len(named) if named else float("nan")


def beat_chords(song: ParsedSong) -> list[tuple[int, str]]:
    """Name the chord of every quarter note.

    The time that each pitch class sounds in the beat is compared (cosine) with the tones of each chord; a
    chord whose root is the lowest sounding pitch gets `BASS_ROOT_BONUS` more. Below `MIN_CHORD_MATCH`, and
    with
    fewer than three pitch classes, a beat has no chord.

    Returns:
        (root 0..11, quality) a beat; quality "" where there is no chord.
    """
    chroma, lowest = _beat_chroma(song)
    loud = np.linalg.norm(chroma, axis=1)
    enough = (chroma > 0.1 * chroma.max(axis=1, initial=0.0)[:, None]).sum(axis=1) >= 3
    names = [(root, quality) for quality in CHORD_TONES if quality != "None" for root in range(12)]
    templates = np.zeros((len(names), 12))
    for row, (root, quality) in enumerate(names):
        templates[row, [(root + tone) % 12 for tone in CHORD_TONES[quality]]] = 1
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    match = chroma @ templates.T / np.maximum(loud, 1e-12)[:, None]  # (beats, chords)
    match += BASS_ROOT_BONUS * (lowest[:, None] == np.array([root for root, _ in names])[None, :])
    best = match.argmax(axis=1)
    return [
        names[chord] if match[beat, chord] >= MIN_CHORD_MATCH and enough[beat] else (0, "")
        for beat, chord in enumerate(best)
    ]


def _beat_chroma(song: ParsedSong) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how long each pitch class sounds in each beat and which is the lowest.

    Shapes (beats, 12) and (beats,); the lowest pitch class is -1 where nothing sounds.
    """
    notes = song.pitched
    first = np.round(notes.onset * CHORD_STEPS).astype(np.int64)
    last = np.maximum(np.round(notes.release * CHORD_STEPS).astype(np.int64), first + 1)
    beats = int(-(-last.max(initial=0) // CHORD_STEPS))
    change = np.zeros((beats * CHORD_STEPS + 1, 128))
    np.add.at(change, (first, notes.pitch), 1)
    np.add.at(change, (last, notes.pitch), -1)
    sounding = (change.cumsum(axis=0)[:-1] > 0).reshape(beats, CHORD_STEPS, 128).sum(axis=1)
    chroma = np.zeros((beats, 12))
    for octave in range(0, 128, 12):
        width = min(12, 128 - octave)
        chroma[:, :width] += sounding[:, octave : octave + width]
    lowest = np.where(sounding.any(axis=1), (sounding > 0).argmax(axis=1) % 12, -1)
    return chroma, lowest
