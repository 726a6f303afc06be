"""A Spotify table with linked songs, and composed songs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets_tests.figaro.conftest import midi

__all__ = ["linked", "midi", "spotify"]

ROWS = 400


@pytest.fixture(scope="session")
def spotify() -> pd.DataFrame:
    """A table with correlated energy and loudness, whose first 80 songs are happier."""
    rng = np.random.default_rng(0)
    energy = rng.beta(4, 3, ROWS)
    return pd.DataFrame(
        {
            "track_id": [f"track{number:03}" for number in range(ROWS)],
            "artists": [f"Artist {number % 90}" for number in range(ROWS)],
            "track_name": [f"Title {number}" for number in range(ROWS)],
            "track_genre": [f"genre{number % 7}" for number in range(ROWS)],
            "popularity": rng.integers(0, 100, ROWS),
            "danceability": rng.beta(5, 5, ROWS),
            "energy": energy,
            "key": rng.integers(0, 12, ROWS),
            "loudness": -20 + 15 * energy + rng.normal(0, 1, ROWS),
            "mode": rng.integers(0, 2, ROWS),
            "acousticness": rng.beta(0.5, 3, ROWS),
            "instrumentalness": rng.beta(0.2, 3, ROWS),
            "valence": np.where(np.arange(ROWS) < 80, 0.8, 0.4) + rng.normal(0, 0.05, ROWS),
            "tempo": np.where(np.arange(ROWS) == 5, 0, rng.normal(120, 20, ROWS)),
            "time_signature": np.where(np.arange(ROWS) % 20 == 0, 3, 4),
        }
    )


@pytest.fixture(scope="session")
def linked(spotify: pd.DataFrame) -> pd.DataFrame:
    """The first 80 songs, some of them with two MIDI files."""
    return pd.concat([spotify.head(80), spotify.head(10)])
