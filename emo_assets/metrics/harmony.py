"""Key, mode and chords, estimated from the pitch classes that sound."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.key_profiles import KEY_PROFILES, Key, match_key_profiles
from emo_assets.metrics.parsed_song import ParsedSong
from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES, MAJOR_SCALE

STEPS_PER_BEAT = 4
"""Steps per quarter note at which the sounding pitch classes are sampled."""

BASS_WEIGHT = 2
"""Steps by which the lowest pitch class of a beat counts more for the key."""

FINAL_BASS_SHARE = 0.03
"""Share of all weights that is added to the lowest pitch class of the last beat."""

BASS_ROOT_BONUS = 0.1
"""What a chord's match gains if its root is the lowest sounding pitch class."""

MIN_CHORD_MATCH = 0.7

MODE_WINDOW_SECONDS = 8
MIN_WINDOW_NOTES = 6


def pitch_class_weights(song: ParsedSong) -> NDArray[np.float64]:
    """Return the weight of each pitch class for the key, shape (12,), without drums and percussion.

    One half of the weight is the length of all notes. In the other half a pitch class counts once for every
    sixteenth note in which it sounds, regardless of octaves and instruments. The lowest of a beat counts
    `BASS_WEIGHT` more and the lowest of the last beat `FINAL_BASS_SHARE` of the half more: basses define the
    chords, and songs end on the tonic.

    Returns:
        Weights with sum 1; 0 without notes.
    """
    chroma, lowest = beat_chroma(song)
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


@lru_cache(maxsize=4)
def beat_chords(song: ParsedSong) -> list[tuple[int, str]]:
    """Name the chord of every quarter note.

    The score of a chord is the cosine similarity between its tones and the time that each pitch class sounds
    in the beat, plus `BASS_ROOT_BONUS` if its root is the lowest sounding pitch class.

    Returns:
        (root 0 to 11, quality) per beat; quality "" if fewer than three pitch classes sound or no chord
        reaches `MIN_CHORD_MATCH`.
    """
    chroma, lowest = beat_chroma(song)
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


@lru_cache(maxsize=4)
def beat_chroma(song: ParsedSong) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the steps that each pitch class sounds per beat, and the lowest pitch class of each beat.

    Shapes (beats, 12) and (beats,). Octaves add up; the lowest pitch class is -1 where nothing sounds.
    """
    sounding = _sounding_pitches(song).sum(axis=1)
    chroma = np.zeros((len(sounding), 12))
    for octave in range(0, 128, 12):
        width = min(12, 128 - octave)
        chroma[:, :width] += sounding[:, octave : octave + width]
    lowest = np.where(sounding.any(axis=1), (sounding > 0).argmax(axis=1) % 12, -1)
    return chroma, lowest


def _sounding_pitches(song: ParsedSong) -> NDArray[np.bool_]:
    """Return which pitches sound in each step of each beat, shape (beats, `STEPS_PER_BEAT`, 128)."""
    notes = song.pitched
    first = np.round(notes.onset * STEPS_PER_BEAT).astype(np.int64)
    last = np.maximum(np.round(notes.release * STEPS_PER_BEAT).astype(np.int64), first + 1)
    beats = int(-(-last.max(initial=0) // STEPS_PER_BEAT))
    change = np.zeros((beats * STEPS_PER_BEAT + 1, 128))
    np.add.at(change, (first, notes.pitch), 1)
    np.add.at(change, (last, notes.pitch), -1)
    return np.asarray((change.cumsum(axis=0)[:-1] > 0).reshape(beats, STEPS_PER_BEAT, 128))


def mode(song: ParsedSong) -> float:
    """Return 1 if the estimated key is major, 0 if minor, 0.5 without a key."""
    found = key(song)
    return found.mode if found else 0.5


def mode_strength(song: ParsedSong) -> float:
    """Return by how much the best major key fits better than the best minor key, -2 (minor) to 2 (major).

    The difference of the Pearson correlations of Krumhansl's profiles with `pitch_class_weights`. NaN without
    a key.
    """
    return _major_less_minor(pitch_class_weights(song))


def mode_strength_8s(song: ParsedSong) -> float:
    """Return the mean of the mode's strength in windows of `MODE_WINDOW_SECONDS`, -2 (minor) to 2 (major).

    As `mode_strength`, with the seconds that each pitch class sounds in a window. Windows follow the first
    onset; those with fewer than `MIN_WINDOW_NOTES` notes do not count. NaN if none is left.
    """
    notes = song.pitched
    strengths = []
    for begin in np.arange(song.seconds - song.playing_seconds, song.seconds, MODE_WINDOW_SECONDS):
        end = begin + MODE_WINDOW_SECONDS
        sounds = (notes.start < end) & (notes.end > begin)
        if sounds.sum() >= MIN_WINDOW_NOTES:
            seconds = np.minimum(notes.end[sounds], end) - np.maximum(notes.start[sounds], begin)
            strengths.append(_major_less_minor(_seconds_by_class(notes.pitch[sounds], seconds)))
    known = [strength for strength in strengths if not np.isnan(strength)]
    return float(np.mean(known)) if known else float("nan")


def named_chord_share(song: ParsedSong) -> float:
    """Return the share of beats with a chord among all beats, 0 to 1; 0 without pitched notes."""
    chords = beat_chords(song)
    return sum(bool(quality) for _, quality in chords) / max(len(chords), 1)


def seventh_chord_share(song: ParsedSong) -> float:
    """Return the share of seventh chords among beats with a chord, 0 to 1; NaN if no beat has a chord."""
    qualities = [quality for _, quality in beat_chords(song) if quality]
    return sum("7" in quality for quality in qualities) / len(qualities) if qualities else float("nan")


def chord_changes_per_second(song: ParsedSong) -> float:
    """Return changes between successive beats with a chord / `playing_seconds`, per second, 0 or more.

    Beats without a chord are left out. 0 without chords.
    """
    chords = [chord for chord in beat_chords(song) if chord[1]]
    return sum(one != other for one, other in pairwise(chords)) / song.playing_seconds


def scale_share(song: ParsedSong) -> float:
    """Return the share of sounding time in the major scale that holds most of it, 7/12 to 1.

    NaN without pitched notes.
    """
    notes = song.pitched
    seconds = _seconds_by_class(notes.pitch, notes.end - notes.start)
    if not seconds.sum():
        return float("nan")
    scales = [np.roll(np.isin(np.arange(12), MAJOR_SCALE), tonic) for tonic in range(12)]
    return min(float((np.array(scales) @ seconds).max() / seconds.sum()), 1.0)


def semitone_clash_share(song: ParsedSong) -> float:
    """Return the share of beats in which two pitch classes a semitone apart sound, 0 to 1.

    NaN without pitched notes.
    """
    sounding = beat_chroma(song)[0] > 0
    clashes = (sounding & np.roll(sounding, 1, axis=1)).any(axis=1)
    return float(clashes.mean()) if len(sounding) else float("nan")


def minor_second_share(song: ParsedSong) -> float:
    """Return the share of sixteenth notes in which two pitches a semitone apart sound together, 0 to 1.

    Onsets and ends of pitched notes round to sixteenths. A major seventh or minor ninth does not count.
    Real excerpts of 16 bars: 0.06. NaN without pitched notes.
    """
    sounding = _sounding_pitches(song).reshape(-1, 128)
    clashes = (sounding[:, 1:] & sounding[:, :-1]).any(axis=1)
    return float(clashes.mean()) if len(sounding) else float("nan")


def pitch_classes_per_beat(song: ParsedSong) -> float:
    """Return the mean number of pitch classes that sound in a beat, 0 to 12; NaN without pitched notes."""
    chroma = beat_chroma(song)[0]
    return float((chroma > 0).sum() / len(chroma)) if len(chroma) else float("nan")


def harmonic_flux_per_second(song: ParsedSong) -> float:
    """Return how much the sounding pitch classes change from beat to beat, per second, 0 or more.

    The sum of the absolute differences of the beats' chroma, each divided by its sum (0 to 2 a beat), over
    `playing_seconds`. 0 without pitched notes.
    """
    chroma = beat_chroma(song)[0]
    shares = chroma / np.maximum(chroma.sum(axis=1, keepdims=True), 1e-9)
    return float(np.abs(np.diff(shares, axis=0)).sum()) / song.playing_seconds


def held_bass_share(song: ParsedSong) -> float:
    """Return the share of beats with the lowest pitch class of the beat before, 0 to 1.

    Two silent beats count as the same. NaN with fewer than two beats.
    """
    lowest = beat_chroma(song)[1]
    return float((lowest[1:] == lowest[:-1]).mean()) if len(lowest) > 1 else float("nan")


def _seconds_by_class(pitch: NDArray[np.int64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the seconds that each pitch class sounds, shape (12,); notes that sound together count each."""
    return np.bincount(pitch % 12, seconds, minlength=12).astype(np.float64)


def _major_less_minor(weights: NDArray[np.float64]) -> float:
    """Return the best correlation with a major key less the best with a minor one, NaN of equal weights."""
    if np.ptp(weights) == 0:
        return float("nan")
    correlations = _listeners_profiles() @ ((weights - weights.mean()) / (weights.std() * len(weights)))
    return float(correlations[0].max() - correlations[1].max())


@cache
def _listeners_profiles() -> NDArray[np.float64]:
    """Return Krumhansl's profiles of 12 major and 12 minor keys with mean 0 and deviation 1, (2, 12, 12)."""
    profiles = np.array([[np.roll(profile, tonic) for tonic in range(12)] for profile in KEY_PROFILES[0]])
    mean, deviation = profiles.mean(axis=-1, keepdims=True), profiles.std(axis=-1, keepdims=True)
    return np.asarray((profiles - mean) / deviation)
