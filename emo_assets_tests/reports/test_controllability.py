from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.evaluation.controllability import asked_and_measured, controllability_table
from emo_assets.reports.controllability import controllability_png
from emo_assets_tests.evaluation.songs import measured_songs
from emo_assets_tests.reports.pictures import checked_picture, colors


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    return measured_songs()


def test_all_features_are_drawn(songs: pd.DataFrame) -> None:
    picture = controllability_png(asked_and_measured(songs), controllability_table(songs))
    assert checked_picture(picture).shape[1] == 1300


def test_songs_that_are_not_as_asked_are_red(songs: pd.DataFrame) -> None:
    pairs, table = asked_and_measured(songs), controllability_table(songs)

    def has_red(feature: str) -> bool:
        picture = controllability_png(pairs[pairs["feature"] == feature], table)
        return any(red - max(green, blue) > 70 for red, green, blue in colors(picture))

    assert has_red("tempo")
    assert not has_red("bars")


def test_without_songs_the_panels_are_empty(songs: pd.DataFrame) -> None:
    none = songs.head(0)
    checked_picture(controllability_png(asked_and_measured(none), controllability_table(none)))
