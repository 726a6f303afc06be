"""Mode and tempo of requests that leave them open: drawn to fit the feeling.

In real songs both follow the feeling weakly. The tempo is drawn as it is in them. The mode follows valence
more than in them, since people hear happiness as the mode: of the 13,035 tracks of a Spotify table 64 % are
in major, 63 % of those below valence 0.2 and 67 % of those above 0.8. The composed songs do the same.
"""

from __future__ import annotations

import math
from random import Random

from emo_assets.features import FeatureVector

OPEN_FEATURES = ("mode", "tempo")
"""Features that follow `FOLLOWED_FEATURES` where a request does not name them."""

FOLLOWED_FEATURES = ("valence", "energy")

TEMPO_OCTAVES = {"constant": 6.636, "valence": 0.095, "energy": 0.339}
"""Regression of log2(tempo) on valence and energy in 192 real songs that are linked to their MIDI files."""

TEMPO_SPREAD = 0.339
"""Standard deviation of its residuals, in octaves. Valence and energy explain 5 % of the variance."""

TEMPO_RANGE = (63, 207)
"""The slowest and fastest of these songs, in beats per minute."""

MAJOR_SHARE = {"constant": 0.38, "valence": 0.54}
"""Share of songs in major, as in the composed songs."""


def fill_open_features(features: FeatureVector, seed: int) -> FeatureVector:
    """Draw mode and tempo where they were left out when `features` was built; keep all other values.

    Args:
        features: the features.
        seed: the same seed draws the same values.
    """
    given = features.model_fields_set
    drawn = {name: draw(features, seed) for name, draw in _DRAWS.items() if name not in given}
    return features.model_copy(update=drawn) if drawn else features


def _draw_mode(features: FeatureVector, seed: int) -> int:
    major = MAJOR_SHARE["constant"] + MAJOR_SHARE["valence"] * features.valence
    return int(Random(f"mode {seed}").random() < major)


def _draw_tempo(features: FeatureVector, seed: int) -> float:
    rng = Random(f"tempo {seed}")
    octaves = TEMPO_OCTAVES["constant"] + sum(
        TEMPO_OCTAVES[name] * getattr(features, name) for name in FOLLOWED_FEATURES
    )
    slowest, fastest = (math.log2(tempo) for tempo in TEMPO_RANGE)
    while True:
        drawn = rng.gauss(octaves, TEMPO_SPREAD)
        if slowest <= drawn <= fastest:
            return float(round(2**drawn))


_DRAWS = {"mode": _draw_mode, "tempo": _draw_tempo}
