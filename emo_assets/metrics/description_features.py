"""A description in numbers: what it says of a song as a whole, before a note of it is written.

Reads tokens of the description vocabulary alone. What the numbers let one expect to hear is learned by
`calibration`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from emo_assets.metrics.harmony import Key, match_key_profiles
from emo_assets.midi.general_midi import INSTRUMENT_NAMES
from emo_assets.music_theory import CHORD_TONES
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import CHORD_QUALITIES

_INSTRUMENTS = len(INSTRUMENT_NAMES)
_QUALITIES = len(CHORD_QUALITIES) + 1  # silence comes last
_SINGLE = 6

NUM_DESCRIPTION_FEATURES = _SINGLE + 2 * _INSTRUMENTS + _QUALITIES
"""Numbers in an outline."""


def outline(description: Sequence[int]) -> NDArray[np.float64]:
    """Sum up a description.

    Args:
        description: ids of a description without `<bos>` and `<eos>`.

    Returns:
        Shape (NUM_DESCRIPTION_FEATURES,): means over the bars of the bins of density, velocity and pitch,
        how much
        density and velocity change from bar to bar, and the number of instruments; the share of bars in
        which each instrument plays; each instrument's share among those that play; the share of each chord
        quality, every bar counting the same.

    Raises:
        GrammarError: it is no description.
    """
    return _outline_of_bars(DescriptionGrammar().parse(description))


def outline_of_segments(segments: Iterable[Sequence[int]]) -> NDArray[np.float64]:
    """Sum up a song whose description was cut into segments: as `outline` of all its bars."""
    grammar = DescriptionGrammar()
    return _outline_of_bars([bar for segment in segments for bar in grammar.parse(segment)])


def estimate_key(description: Sequence[int]) -> Key | None:
    """Estimate the key of the song that a description will lead to, as `harmony.key` does of its notes.

    The tones of each chord count for as long as it sounds, every bar's chords being equally long; its root,
    which the bass will play, counts twice, and so does the last bar, where songs come home.

    Args:
        description: ids of a description without `<bos>` and `<eos>`.

    Returns:
        The key, or None where no chord is named.
    """
    bars = [bar.chords for bar in DescriptionGrammar().parse(description) if bar.chords]
    weights = np.zeros(12)
    for place, chords in enumerate(bars):
        for chord in chords:
            root, quality = divmod(chord, len(CHORD_QUALITIES))
            tones = CHORD_TONES[CHORD_QUALITIES[quality]] if root < len(weights) else ()
            share = (2 if place == len(bars) - 1 else 1) / len(chords)
            np.add.at(weights, [(root + tone) % len(weights) for tone in (*tones, *tones[:1])], share)
    return match_key_profiles(weights)


def _outline_of_bars(bars: Sequence[DescribedBar]) -> NDArray[np.float64]:
    numbers = np.array([(bar.note_density, bar.mean_velocity, bar.mean_pitch) for bar in bars], dtype=float)
    playing = np.zeros(_INSTRUMENTS)
    qualities = np.zeros(_QUALITIES)
    for bar in bars:
        playing[list(bar.instruments)] += 1
        for chord in bar.chords:
            qualities[_quality(chord)] += 1 / len(bar.chords)
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


def _quality(chord: int) -> int:
    """Return the number of a chord's quality, the last one for silence."""
    silence = 12 * len(CHORD_QUALITIES)
    return _QUALITIES - 1 if chord == silence else chord % len(CHORD_QUALITIES)
