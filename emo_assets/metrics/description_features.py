"""A description as a fixed-size vector, and the key that it implies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_assets.key_profiles import Key, match_key_profiles
from emo_assets.metrics.rhythm import USUAL_TEMPO
from emo_assets.metrics.texture import ACOUSTIC_PROGRAMS
from emo_assets.midi.general_midi import BASS_PROGRAMS, DRUMS, INSTRUMENT_NAMES
from emo_assets.music_theory import CHORD_TONES, MAJOR_QUALITIES
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.vocabulary import CHORD_QUALITIES

_NUM_INSTRUMENTS = len(INSTRUMENT_NAMES)
_NUM_QUALITIES = len(CHORD_QUALITIES) + 1  # silence comes last
_NO_CHORD = 12 * len(CHORD_QUALITIES)
_FAMILIES: dict[str, Collection[int]] = {
    "acoustic": ACOUSTIC_PROGRAMS,
    "electric guitar": range(26, 29),
    "distorted guitar": range(29, 32),
    "bass": BASS_PROGRAMS,
    "synth bass": range(38, 40),
    **{f"family {first // 8}": range(first, first + 8) for first in range(0, 112, 8)},
}
_FAMILY_MASKS = np.array(
    [[program in programs for program in range(_NUM_INSTRUMENTS)] for programs in _FAMILIES.values()]
)
_MAJOR = [quality in MAJOR_QUALITIES for quality in CHORD_QUALITIES]

NUM_DESCRIPTION_FEATURES = 16 + len(_FAMILIES) + _NUM_INSTRUMENTS + _NUM_QUALITIES


def description_features(bars: Sequence[DescribedBar], tempo: float) -> NDArray[np.float64]:
    """Summarize a description and its tempo.

    Args:
        bars: the description, at least one bar.
        tempo: quarter notes per minute.

    Returns:
        Shape (NUM_DESCRIPTION_FEATURES,): log of the tempo and its distance from 120; means over the bars of
        the bins of density, velocity, pitch and duration; standard deviations of the first three; mean
        absolute change of density and velocity from bar to bar; log of the notes per second, in all bars and
        in those with drums; mean number of instruments; chord changes per second; share of major chords;
        share of instrument families among all instruments that play; for each instrument, the share of bars
        in which it plays; the share of each chord quality, all bars having equal weight.
    """
    numbers = np.array(
        [(bar.note_density, bar.mean_velocity, bar.mean_pitch, bar.mean_duration) for bar in bars],
        dtype=float,
    )
    playing = np.zeros(_NUM_INSTRUMENTS)
    qualities = np.zeros(_NUM_QUALITIES)
    for bar in bars:
        playing[list(bar.instruments)] += 1
        for chord in bar.chords:
            quality = _NUM_QUALITIES - 1 if chord == _NO_CHORD else chord % len(CHORD_QUALITIES)
            qualities[quality] += 1 / len(bar.chords)
    changes = np.abs(np.diff(numbers[:, :2], axis=0)).mean(axis=0) if len(bars) > 1 else np.zeros(2)
    has_drums = np.array([DRUMS in bar.instruments for bar in bars])
    per_second = numbers[:, 0] * tempo / 60
    chords = [chord for bar in bars for chord in bar.chords]
    turns = sum(one != other for one, other in pairwise(chords)) / max(len(chords), 1)
    named = qualities[:-1]
    summary = [
        np.log(tempo),
        abs(np.log(tempo / USUAL_TEMPO)),
        *numbers.mean(axis=0),
        *numbers[:, :3].std(axis=0),
        *changes,
        np.log1p(per_second.mean()),
        np.log1p((per_second * has_drums).mean()),
        playing.sum() / len(bars),
        turns * len(chords) / len(bars) * tempo / 60,
        named[_MAJOR].sum() / named.sum() if named.any() else 0.5,
    ]
    families = _FAMILY_MASKS @ playing / max(playing.sum() - playing[DRUMS], 1)
    return np.concatenate([summary, families, playing / len(bars), qualities / len(bars)])


def estimate_key(bars: Sequence[DescribedBar]) -> Key | None:
    """Estimate the key of the song that a description leads to, as `harmony.key` does from notes.

    Returns:
        The key, or None if no chord is named.
    """
    return match_key_profiles(chord_tone_weights(bars))


def chord_tone_weights(bars: Sequence[DescribedBar]) -> NDArray[np.float64]:
    """Return the weight of each pitch class in a description's chords, shape (12,), 0 without chords.

    A bar's chords share its weight equally. The root, which the bass plays, counts twice, and so does the
    last bar, where songs return to the tonic.
    """
    chords_by_bar = [bar.chords for bar in bars if bar.chords]
    weights = np.zeros(12)
    for number, chords in enumerate(chords_by_bar, 1):
        for chord in chords:
            root, quality = divmod(chord, len(CHORD_QUALITIES))
            tones = CHORD_TONES[CHORD_QUALITIES[quality]] if root < len(weights) else ()
            share = (2 if number == len(chords_by_bar) else 1) / len(chords)
            np.add.at(weights, [(root + tone) % len(weights) for tone in (*tones, *tones[:1])], share)
    return weights
