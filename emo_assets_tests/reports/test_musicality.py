from __future__ import annotations

import math

import pandas as pd
import pytest

from emo_assets.reports.musicality import goal_text, musicality_markdown, musicality_png
from emo_assets_tests.reports.pictures import checked_picture


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": ["copied_bars", "velocity_spread", "final_bar_notes"],
            "meaning": ["bars that copy", "spread of velocity", "notes of the last bar"],
            "tracks": [0.025, 13.0, math.nan],
            "tracks_songs": [10, 10, 2],
            "tracks_met": pd.array([False, True, None], dtype="boolean"),
            "real": [0.3, 16.0, math.nan],
            "goal_low": [0.2, 12.0, 0.0],
            "goal_high": [0.4, math.inf, 0.5],
        }
    )


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        ((0, 0), "0"),
        ((0, 0.5), "≤ 0.5"),
        ((0.65, 1), "≥ 0.65"),
        ((12, math.inf), "≥ 12"),
        ((10, 15), "10 to 15"),
    ],
)
def test_goals_in_words(goal: tuple[float, float], text: str) -> None:
    assert goal_text(*goal) == text


def test_the_picture_shows_groups_and_whether_they_meet_the_goal(table: pd.DataFrame) -> None:
    drawn = musicality_png(table)
    assert checked_picture(drawn).shape[1] == 1300
    met = table.assign(tracks_met=pd.array([True, True, None], dtype="boolean"))
    assert musicality_png(met) != drawn
    corpus = table.assign(corpus=0.3, corpus_songs=96, corpus_met=True)
    checked_picture(musicality_png(corpus))


def test_a_table_without_songs_can_be_drawn(table: pd.DataFrame) -> None:
    checked_picture(musicality_png(table.drop(columns=["tracks", "tracks_songs", "tracks_met"])))


def test_the_markdown_names_who_misses_a_goal(table: pd.DataFrame) -> None:
    lines = musicality_markdown(table).splitlines()
    assert lines[0] == "| measure | tracks | real songs | goal | missed by |"
    assert lines[2] == "| bars that copy | 0.025 | 0.30 | 0.2 to 0.4 | tracks |"
    assert lines[4] == "| notes of the last bar |  |  | ≤ 0.5 |  |"
