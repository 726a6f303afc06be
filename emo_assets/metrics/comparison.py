"""A song compared with its request, both on the features' own scales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.ear import LEARNED_FEATURES, Ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets.music_theory import PITCH_CLASSES


@dataclass(frozen=True)
class ExactMetric:
    """The metric by which a feature is judged that a song meets or not.

    Attributes:
        name: attribute of `SongMetrics`, in the feature's unit.
        tolerance: largest accepted difference.
    """

    name: str
    tolerance: float = 0


EXACT_METRICS = {
    "key": ExactMetric("key"),
    "mode": ExactMetric("mode"),
    "tempo": ExactMetric("tempo", tolerance=1),
    "time_signature": ExactMetric("beats_in_bar"),
}
"""The metrics of all features that are no feelings."""

BY_NOTES = "the notes"
BY_SOUND = "the loudness of the sound"
BY_EAR = "an ear learned from songs"
BY_TWO_EARS = "an ear learned from songs and one from people's ratings"
BY_RULES = {
    "loudness": "a rule: mean velocity of the notes",
    "instrumentalness": "a rule: share of bars without a lead",
}


def compare(
    asked: FeatureVector, song: MeasuredSong, ear: Ear, *, loudness: float | None = None
) -> list[dict[str, Any]]:
    """Compare a song with its request.

    Args:
        asked: the requested features.
        song: the song.
        ear: hears its feelings.
        loudness: of its sound, on the scale of the feature in dB; heard in the notes by default.

    Returns:
        One row per feature, in the features' order: `name`; `asked`; `aimed_at`, the request within the range
        of real songs; `heard` (None if it cannot be); `low` and `high`, the range in which the feature lies
        in two of three real songs that sound like this, None for what is exact; `heard_by`. Keys and modes
        are named.
    """
    places = ear.song_places(song)
    rows = []
    for feature in FEATURE_NAMES:
        value = getattr(asked, feature)
        columns = {"asked": value, "aimed_at": value, "heard": None, "low": None, "high": None}
        if feature in EXACT_METRICS:
            columns["heard"], by = getattr(song.metrics, EXACT_METRICS[feature].name), BY_NOTES
        elif feature == "loudness" and loudness is not None:
            columns["heard"], by = loudness, BY_SOUND
        else:
            columns |= _feeling_columns(ear, feature, value, places[feature])
            by = _heard_by(ear, feature)
        rows.append(
            {
                "name": feature,
                **{name: _shown(feature, each) for name, each in columns.items()},
                "heard_by": by,
            }
        )
    return rows


def _feeling_columns(ear: Ear, feature: str, asked: float, place: float) -> dict[str, float]:
    """Return what is aimed at and heard of a feeling at a place; nothing if it cannot be heard."""
    if math.isnan(place):
        return {}
    value, low, high = ear.heard(feature, place)
    columns = {"aimed_at": float(ear.value_at(feature, ear.place_of(feature, asked))), "heard": value}
    return columns | ({"low": low, "high": high} if feature in LEARNED_FEATURES else {})


def _heard_by(ear: Ear, feature: str) -> str:
    if feature in BY_RULES:
        return BY_RULES[feature]
    return BY_TWO_EARS if ear.features[feature].people else BY_EAR


def _shown(feature: str, value: float | None) -> Any:
    """Name keys and modes, round other numbers to two decimals; NaN becomes None."""
    if value is None or math.isnan(value):
        return None
    if feature == "key":
        return PITCH_CLASSES[round(value)]
    if feature == "mode":
        return ("minor", "major")[round(value)]
    return value if isinstance(value, int) else round(value, 2)
