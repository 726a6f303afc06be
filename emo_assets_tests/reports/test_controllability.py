from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.evaluation.controllability import asked_and_heard, controllability_table, leak_table
from emo_assets.metrics.ear import FEELINGS, default_ear
from emo_assets.reports.controllability import controllability_png, leak_rows
from emo_assets_tests.evaluation.songs import heard_songs
from emo_assets_tests.reports.pictures import checked_picture, colors


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    return heard_songs()


def table(songs: pd.DataFrame) -> pd.DataFrame:
    return controllability_table(songs, default_ear())


def test_all_features_are_drawn(songs: pd.DataFrame) -> None:
    picture = controllability_png(asked_and_heard(songs), table(songs))
    assert checked_picture(picture).shape[1] == 1300


def test_songs_that_are_not_as_asked_are_red(songs: pd.DataFrame) -> None:
    pairs, figures = asked_and_heard(songs), table(songs)

    def has_red(feature: str) -> bool:
        own = figures[figures["knob"] == feature]
        picture = controllability_png(pairs[pairs["feature"] == feature], own)
        return any(red - max(green, blue) > 70 for red, green, blue in colors(picture))

    assert has_red("tempo")
    assert not has_red("bars")


def test_without_songs_the_panels_are_empty(songs: pd.DataFrame) -> None:
    none = songs.head(0)
    checked_picture(controllability_png(asked_and_heard(none), table(none)))


def test_leaks_are_shown_next_to_those_of_real_songs(songs: pd.DataFrame) -> None:
    known = pd.DataFrame({name: [0.1, 0.2, 0.3, 0.4] for name in FEELINGS}).assign(valence=[4, 3, 2, 1])
    rows = {row["moved"]: row for row in leak_rows(leak_table(songs, known))}
    assert tuple(rows) == FEELINGS
    assert rows["energy"]["valence"] == "+1.00 (-1.00)"
    assert rows["valence"]["energy"] == "too few (-1.00)"
