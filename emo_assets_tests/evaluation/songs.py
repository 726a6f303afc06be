"""Measured songs for the tests of controllability."""

from __future__ import annotations

import numpy as np
import pandas as pd

from emo_assets.evaluation.controllability import ALL
from emo_assets.features import FeatureVector
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.midi.writer import Note, Part, encode_midi

SONGS = 40


def measured_songs() -> pd.DataFrame:
    """Return songs whose velocity follows loudness and whose density ignores energy, all at 120 bpm."""
    rng = np.random.default_rng(0)
    metrics = measure_midi(
        encode_midi([Part(0, False, [Note(beat * 480, beat * 480 + 400, 60, 80) for beat in range(16)])])
    )
    rows = []
    for number in range(SONGS):
        asked = FeatureVector(
            loudness=-30 + 25 * rng.uniform(), energy=rng.uniform(), tempo=120 if number % 4 else 130
        )
        row = {f"asked_{name}": value for name, value in asked.model_dump().items()}
        measured = metrics.as_dict() | {
            "mean_velocity": 60 + asked.loudness + rng.normal(0, 1),
            "note_density": 5 + rng.normal(),
        }
        likeness = {"distance": 0.75 if number < 8 else None, "copied": 0.0}
        rows.append(
            row
            | {"asked_bars": 4, "group": number % 4, "moved": ALL if number % 2 else "loudness"}
            | measured
            | likeness
        )
    return pd.DataFrame(rows)
