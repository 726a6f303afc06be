from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.evaluation.control_table import (
    ALL,
    ORIGINALITY_METRICS,
    REQUEST_METRICS,
    asked_and_measured,
    controllability_table,
)
from emo_assets.features import FeatureVector
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.reports.controllability import controllability_png, knob_png
from emo_assets_tests.reports.pictures import checked_picture, colours

SONGS = 40


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    """Songs whose velocity follows loudness, whose density takes no notice of energy, all at 120."""
    chance = np.random.default_rng(0)
    heard = measure_midi(
        encode_midi([Part(0, False, [Note(beat * 480, beat * 480 + 400, 60, 80) for beat in range(16)])])
    )
    rows = []
    for number in range(SONGS):
        asked = FeatureVector(
            loudness=-30 + 25 * chance.uniform(), energy=chance.uniform(), tempo=120 if number % 4 else 130
        )
        row = {f"asked_{name}": value for name, value in asked.model_dump().items()}
        measured = heard.as_dict() | {
            "mean_velocity": 60 + asked.loudness + chance.normal(0, 1),
            "note_density": 5 + chance.normal(),
        }
        likeness = {"distance": 0.75 if number < 8 else None, "copied": 0.0}
        rows.append(
            row
            | {"asked_bars": 4, "group": number % 4, "moved": ALL if number % 2 else "loudness"}
            | measured
            | likeness
        )
    return pd.DataFrame(rows)


def test_every_knob_is_judged(songs: pd.DataFrame) -> None:
    table = controllability_table(songs)
    assert table["knob"].tolist() == [*REQUEST_METRICS, *ORIGINALITY_METRICS]
    assert set(table["statistic"]) == {"rank correlation", "share right", "mean"}


def test_songs_of_their_own_are_told_by_the_songs_that_can_be_compared(songs: pd.DataFrame) -> None:
    table = controllability_table(songs).set_index("knob")
    assert (table["value"]["other seeds"], table["songs"]["other seeds"]) == (0.75, 8)
    assert (table["value"]["copied bars"], table["songs"]["copied bars"]) == (0, SONGS)


def test_the_figures_of_the_songs_learned_from_stand_beside(songs: pd.DataFrame) -> None:
    agreement = pd.DataFrame({"feature": ["energy", "loudness"], "value": [0.3, 0.1]})
    in_songs = controllability_table(songs, agreement).set_index("knob")["in_songs"]
    assert (in_songs["energy"], in_songs["loudness"]) == (0.3, 0.1)
    assert np.isnan(in_songs["bars"])


def test_a_knob_that_works_correlates(songs: pd.DataFrame) -> None:
    row = controllability_table(songs).set_index("knob").loc["loudness"]
    assert row["songs"] == SONGS / 2
    assert row["value"] > 0.95
    assert 0.7 < row["low"] <= row["value"] <= row["high"] <= 1
    assert row["all_moved"] > 0.95


def test_a_knob_that_does_nothing_does_not(songs: pd.DataFrame) -> None:
    row = controllability_table(songs).set_index("knob").loc["energy"]
    assert abs(row["all_moved"]) < 0.5
    assert np.isnan(row["value"]), "no song moved energy alone"


def test_what_differs_between_sweeps_is_no_fault_of_the_knob(songs: pd.DataFrame) -> None:
    """Each sweep holds other features, and lies at another height."""
    higher = songs["mean_velocity"] + 40 * (songs["group"] == 2)
    row = controllability_table(songs.assign(mean_velocity=higher)).set_index("knob").loc["loudness"]
    assert row["value"] > 0.9


def test_only_songs_that_moved_a_knob_tell_about_it(songs: pd.DataFrame) -> None:
    assert len(asked_and_measured(songs, "energy")) == SONGS / 2
    assert len(asked_and_measured(songs, "tempo")) == SONGS


def test_shares_are_of_songs_that_are_right(songs: pd.DataFrame) -> None:
    table = controllability_table(songs).set_index("knob")
    assert table["value"]["tempo"] == 0.75
    assert table["value"]["bars"] == 1
    assert table["low"]["tempo"] < 0.75 < table["high"]["tempo"]


def test_a_measure_that_does_not_vary_has_no_correlation(songs: pd.DataFrame) -> None:
    row = controllability_table(songs).set_index("knob").loc["valence"]
    assert np.isnan(row["value"])
    assert np.isnan(row["low"])


def test_same_songs_give_the_same_table(songs: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(controllability_table(songs), controllability_table(songs))


def test_a_missing_column_is_named(songs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="mean_velocity"):
        controllability_table(songs.drop(columns="mean_velocity"))


def test_all_knobs_are_drawn(songs: pd.DataFrame) -> None:
    assert checked_picture(controllability_png(songs)).shape[1] == 1300


@pytest.mark.parametrize("knob", ["loudness", "tempo", "key", "valence"])
def test_one_knob_is_drawn(songs: pd.DataFrame, knob: str) -> None:
    checked_picture(knob_png(songs, controllability_table(songs), knob))


def test_songs_that_are_not_as_asked_are_red(songs: pd.DataFrame) -> None:
    def has_red(content: bytes) -> bool:
        return any(red - max(green, blue) > 70 for red, green, blue in colours(content))

    table = controllability_table(songs)
    assert has_red(knob_png(songs, table, "tempo"))
    assert not has_red(knob_png(songs, table, "bars"))


def test_no_songs_are_reported_as_not_measured(songs: pd.DataFrame) -> None:
    none = songs.head(0)
    assert controllability_table(none)["value"].isna().all()
    checked_picture(controllability_png(none))
