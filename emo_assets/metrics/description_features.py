"""A description as a fixed-size vector, and the key that it implies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.key_profiles import Key, match_key_profiles
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import CHORD_TONES
from emo_assets.tokens.grammar.descriptions import DescribedBar
from emo_assets.tokens.vocabulary import CHORD_QUALITIES

_NUM_INSTRUMENTS = len(INSTRUMENT_NAMES)
_NUM_QUALITIES = len(CHORD_QUALITIES) + 1  # silence comes last
_NO_CHORD = 12 * len(CHORD_QUALITIES)

NUM_DESCRIPTION_FEATURES = 6 + 2 * _NUM_INSTRUMENTS + _NUM_QUALITIES


def description_features(bars: Sequence[DescribedBar]) -> NDArray[np.float64]:
    """Summarize a description.

    Returns:
        Shape (NUM_DESCRIPTION_FEATURES,): means over the bars of the bins of density, velocity and pitch;
        mean absolute change of density and velocity from bar to bar; mean number of instruments; for each
        instrument, the share of bars in which it plays and its share among all that play; the share of each
        chord quality, all bars having equal weight.
    """
    numbers = np.array([(bar.note_density, bar.mean_velocity, bar.mean_pitch) for bar in bars], dtype=float)
    playing = np.zeros(_NUM_INSTRUMENTS)
    qualities = np.zeros(_NUM_QUALITIES)
    for bar in bars:
        playing[list(bar.instruments)] += 1
        for chord in bar.chords:
            quality = _NUM_QUALITIES - 1 if chord == _NO_CHORD else chord % len(CHORD_QUALITIES)
            qualities[quality] += 1 / len(bar.chords)
    changes = np.abs(np.diff(numbers[:, :2], axis=0)).mean(axis=0) if len(bars) > 1 else np.zeros(2)
    return np.concatenate(
        [
            numbers.mean(axis=0),
            changes,
            [playing.sum() / len(bars)],
            playing / len(bars),
            playing / max(playing.sum(), 1),
            qualities / len(bars),
        ]
    )


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
