"""Heard songs for the tests of controllability."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.evaluation.controllability import ALL, ASKED_PLACE, PLACE_PREFIX, SECOND_OPINION
from emo_assets.features import FeatureVector
from emo_assets.metrics.ear import FEELINGS, LEARNED_FEATURES
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.midi.writer import Note, Part, encode_midi

SWEEPS, LEVELS, DRAWN = 4, 5, 20
SONGS = 2 * SWEEPS * LEVELS + DRAWN


def heard_songs() -> pd.DataFrame:
    """Return sweeps of loudness and of energy, and songs with everything drawn, all at 120 bpm.

    What is heard of loudness follows it, energy moves what is heard of valence and nothing else, and nothing
    can be heard of instrumentalness. The second opinion hears half of the change in energy that is asked for.
    """
    rng = np.random.default_rng(0)
    metrics = measure_midi(
        encode_midi([Part(0, False, [Note(beat * 480, beat * 480 + 400, 60, 80) for beat in range(16)])])
    ).as_dict()
    moved = [(name, group) for group in range(2 * SWEEPS) for name in [("loudness", "energy")[group % 2]]]
    plans = [(name, group, level / (LEVELS - 1)) for name, group in moved for level in range(LEVELS)]
    plans += [(ALL, 2 * SWEEPS, float(rng.uniform())) for _ in range(DRAWN)]
    rows = []
    for number, (name, group, level) in enumerate(plans):
        places = {feeling: level if feeling == name or name == ALL else 0.5 for feeling in FEELINGS}
        if name == ALL:
            places["energy"] = float(rng.uniform())
        asked = FeatureVector(tempo=120 if number % 4 else 130)
        heard: dict[str, float | None] = {feeling: 0.5 + 0.01 * rng.normal() for feeling in FEELINGS}
        heard |= {"loudness": 0.2 + 0.6 * places["loudness"], "instrumentalness": None}
        heard["valence"] = places["energy"]
        second = dict.fromkeys(LEARNED_FEATURES, 0.5) | {"energy": 0.5 * places["energy"]}
        rows.append(
            {
                "moved": name,
                "group": group,
                "asked_bars": 4,
                **{f"asked_{key}": value for key, value in asked.model_dump().items()},
                **metrics,
                **{ASKED_PLACE + feeling: place for feeling, place in places.items()},
                **{PLACE_PREFIX + feeling: place for feeling, place in heard.items()},
                **{f"{SECOND_OPINION}_{feeling}": place for feeling, place in second.items()},
                "distance": 0.75 if number < 8 else None,
                "copied": 0.0,
            }
        )
    return pd.DataFrame(rows)
