from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.key_profiles import CLEAR_KEY
from emo_assets.metrics.calibration import (
    CALIBRATED_METRICS,
    UNMEASURED_ERROR,
    VAGUE_KEY_PENALTY,
    WRONG_KEY_PENALTY,
    EmpiricalCDF,
    RequestCalibration,
)
from emo_assets.metrics.song_metrics import SongMetrics, measure_midi
from emo_assets_tests.metrics.conftest import GRADED_SONGS
from emo_assets_tests.metrics.songs import graded_bars, graded_midi


@pytest.fixture(scope="module")
def calibration(graded_songs: pd.DataFrame) -> RequestCalibration:
    return RequestCalibration(graded_songs)


def test_equal_values_count_half() -> None:
    distribution = EmpiricalCDF.fit([3.0, 1.0, 1.0, np.nan, 2.0])
    assert distribution.values.tolist() == [1, 2, 3]
    assert distribution.ranks.tolist() == [0.25, 0.625, 0.875]
    assert distribution.cdf(1.5) == pytest.approx(0.4375)
    assert distribution.quantile(0.625) == 2


def test_targets_have_the_rank_of_the_requested_features(
    graded_songs: pd.DataFrame, calibration: RequestCalibration
) -> None:
    train = graded_songs[graded_songs["split"] == "train"]
    for number in (0, 7, 19):
        targets = calibration.targets(FeatureVector(energy=number / GRADED_SONGS))
        assert targets["energy"] == pytest.approx(train["heard_note_density"].iloc[number])
    assert set(targets) == set(CALIBRATED_METRICS)


def test_the_requested_song_is_closest(calibration: RequestCalibration) -> None:
    for number in (2, 10, 17):
        measured = [replace(measure_midi(graded_midi(other)), key=0, mode=1) for other in range(20)]
        asked = FeatureVector(energy=number / GRADED_SONGS, loudness=-30 + number)
        distances = [calibration.distance(asked, each) for each in measured]
        assert abs(int(np.argmin(distances)) - number) <= 2


def measured_song() -> SongMetrics:
    return replace(measure_midi(graded_midi(5)), key=3, mode=1)


def test_a_wrong_key_and_a_wrong_mode_outweigh_all_else(calibration: RequestCalibration) -> None:
    asked, metrics = FeatureVector(key=3), measured_song()
    right = calibration.distance(asked, metrics)
    assert right < 1
    assert calibration.distance(asked, replace(metrics, key=4)) == pytest.approx(right + WRONG_KEY_PENALTY)
    assert calibration.distance(asked, replace(metrics, key=None, mode=None)) == pytest.approx(
        right + 2 * WRONG_KEY_PENALTY
    )


def test_an_unclear_key_counts_less_than_a_wrong_one(calibration: RequestCalibration) -> None:
    asked, metrics = FeatureVector(key=3), measured_song()
    clear, half, none = (
        calibration.distance(asked, replace(metrics, key_confidence=share * CLEAR_KEY))
        for share in (1, 0.5, 0)
    )
    assert half - clear == pytest.approx(VAGUE_KEY_PENALTY / 2)
    assert none - clear == pytest.approx(VAGUE_KEY_PENALTY)
    assert VAGUE_KEY_PENALTY < WRONG_KEY_PENALTY


def test_unmeasured_metrics_count_as_far_off(calibration: RequestCalibration) -> None:
    asked, metrics = FeatureVector(key=3), measured_song()
    nothing: Any = dict.fromkeys(CALIBRATED_METRICS.values(), float("nan"))
    unknown = replace(metrics, **nothing)
    assert calibration.distance(asked, unknown) == pytest.approx(UNMEASURED_ERROR**2)


def test_ranks_are_predicted_from_descriptions(calibration: RequestCalibration) -> None:
    expected = [calibration.predict_ranks(graded_bars(number))["energy"] for number in range(20)]
    assert expected == sorted(expected)
    asked = FeatureVector(energy=10 / GRADED_SONGS, loudness=-20)
    distances = [calibration.predicted_distance(asked, graded_bars(number)) for number in range(20)]
    assert abs(int(np.argmin(distances)) - 10) <= 2


def test_too_few_songs_and_unmeasured_metrics_are_rejected(graded_songs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="4 training songs are too few"):
        RequestCalibration(graded_songs.head(4))
    with pytest.raises(InputError, match="song_metrics: 0 training songs"):
        RequestCalibration(pd.DataFrame())
    with pytest.raises(InputError, match="major_share was measured in no song"):
        RequestCalibration(graded_songs.assign(heard_major_share=None))
