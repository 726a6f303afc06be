"""A small training set that is easy to learn: each feature has one plain effect on the music."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.specs import ModelConfig
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.midi.general_midi import DRUMS
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar
from emo_assets.tokens.vocabulary import CHORD_QUALITIES, TIME_SIGNATURES

FOUR_FOUR = TIME_SIGNATURES.index((4, 4))


def song_bars(features: FeatureVector, rng: np.random.Generator, bars: int) -> list[DescribedBar]:
    """Write bars that follow the features: energy is density and loudness, the mode is the chord's."""
    quality = CHORD_QUALITIES.index("maj" if features.mode else "min")
    programs = (0, 32, DRUMS) if features.acousticness > 0.5 else (33, 81, DRUMS)
    roots = [(features.key + step) % 12 for step in (0, 5, 7, 0)]
    return [
        DescribedBar(
            time_signature=FOUR_FOUR,
            note_density=int(2 + 8 * features.energy + rng.integers(2)),
            mean_velocity=int(14 + 10 * features.energy),
            mean_pitch=14 + int(rng.integers(2)),
            mean_duration=28,
            instruments=programs[: 2 + number % 2],
            chords=(roots[number % 4] * len(CHORD_QUALITIES) + quality,),
        )
        for number in range(bars)
    ]


def training_rows(songs: int, *, seed: int = 0, artists: int | None = None) -> pd.DataFrame:
    """Return a `training_set` table of songs of 20 bars, by an artist each or by so many artists in turn."""
    rng = np.random.default_rng(seed)
    rows = []
    for song in range(songs):
        features = FeatureVector(
            energy=float(rng.random()),
            acousticness=float(rng.random()),
            mode=int(rng.integers(2)),
            key=int(rng.integers(12)),
            tempo=float(rng.uniform(60, 180)),
        )
        bars = song_bars(features, rng, 20)
        values = dict(zip(FEATURE_NAMES, features.as_array().tolist(), strict=True))
        for segment, first in enumerate(range(0, len(bars), 12)):
            part = bars[first : first + 12]
            rows.append(
                {
                    "track_id": f"track{song:03}",
                    "msd_track_id": f"TR{song:03}",
                    "md5": f"{song:032x}",
                    "artist_keys": [f"artist {song if artists is None else song % artists}"],
                    "split": ("train", "train", "train", "validation", "test")[song % 5],
                    **values,
                    "segment": segment,
                    "first_bar": first + 1,
                    "bars": len(part),
                    "tokens": np.array(DescriptionGrammar().format(part), dtype=np.int16),
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def training_set() -> pd.DataFrame:
    """Thirty songs by thirty artists."""
    return training_rows(30)


@pytest.fixture(scope="session")
def tiny() -> ModelConfig:
    """Settings with which every model trains in a second."""
    return ModelConfig(embedding=16, hidden=24, layers=1, heads=2, batch=8, epochs=2, dropout=0.1)
