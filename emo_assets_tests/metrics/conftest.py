"""Composed songs with their descriptions, and a table of metrics of graded songs."""

from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.features import FeatureVector
from emo_assets.metrics.metrics_table import measure_training_songs
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets_tests.figaro.conftest import descriptions, midi, songs
from emo_assets_tests.metrics.songs import graded_bars, graded_midi

__all__ = ["descriptions", "midi", "songs"]

GRADED_SONGS = 24


@pytest.fixture(scope="session")
def graded_songs() -> pd.DataFrame:
    """The table of metrics of songs whose energy and loudness rise with their number; the first 20 train."""
    rows = [
        {
            "md5": f"{number:032x}",
            "split": "train" if number < 20 else "test",
            **FeatureVector(energy=number / GRADED_SONGS, loudness=-30 + number).model_dump(),
            "artist_keys": [f"artist {number}"],
            "segment": 0,
            "tokens": DescriptionGrammar().format(graded_bars(number)),
        }
        for number in range(GRADED_SONGS)
    ]
    files = {f"{number:032x}": graded_midi(number) for number in range(GRADED_SONGS)}
    return measure_training_songs(pd.DataFrame(rows), files)
