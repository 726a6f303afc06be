"""What the features are worth: bits that a describer saves because it was told the right ones.

The same describer is asked about the same songs once with their own features and once with those of other
songs; what it finds less likely then is what the features told it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emo_assets.description_model.data.songs import DescribedSong

NUM_PERMUTATIONS = 2
"""Times that the features go round; each song is told that many wrong ones."""


def permute_features(songs: Sequence[DescribedSong], *, seed: int) -> list[DescribedSong]:
    """Return the songs with their features dealt out anew: no song keeps its own, if there are two or more.

    Key and mode go with the rest, so that a describer that writes chords relative to the key is told a wrong
    key.

    Args:
        songs: with their own features.
        seed: of the dealing.
    """
    order = np.random.default_rng(seed).permutation(len(songs))
    given = {int(taker): int(giver) for taker, giver in zip(order, np.roll(order, 1), strict=True)}
    return [replace(song, features=songs[given[number]].features) for number, song in enumerate(songs)]
