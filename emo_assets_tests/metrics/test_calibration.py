from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.features import FeatureVector
from emo_assets.key_profiles import CLEAR_KEY
from emo_assets.metrics.calibration import (
    FEELING_WEIGHTS,
    MIDDLE_WEIGHT,
    UNMEASURED_ERROR,
    VAGUE_KEY_PENALTY,
    WRONG_KEY_PENALTY,
    RequestCalibration,
)
from emo_assets.metrics.ear import FEELINGS, Ear, default_ear
from emo_assets.metrics.song_metrics import MeasuredSong
from emo_assets_tests.metrics.songs import graded_bars, graded_midi

EAR: Ear = default_ear()


@pytest.fixture(scope="module")
def calibration(graded_songs: pd.DataFrame) -> RequestCalibration:
    return RequestCalibration(EAR, graded_songs)


@pytest.fixture(scope="module")
def songs() -> list[MeasuredSong]:
    return [MeasuredSong.from_midi(graded_midi(number)) for number in range(20)]


def heard(song: MeasuredSong) -> FeatureVector:
    """Return the request that the ear hears in a song."""
    places = EAR.song_places(song)
    feelings = {name: float(EAR.value_at(name, place)) for name, place in places.items()}
    return FeatureVector.from_values(
        {**feelings, "key": song.metrics.key or 0, "mode": song.metrics.mode or 0}
    )


def changed(song: MeasuredSong, **metrics: float | None) -> MeasuredSong:
    return song._replace(metrics=replace(song.metrics, **metrics))  # type: ignore[arg-type]


def test_targets_are_places_among_real_songs(calibration: RequestCalibration) -> None:
    median = {name: float(EAR.value_at(name, 0.5)) for name in FEELINGS}
    targets = calibration.target_places(FeatureVector.from_values(median))
    assert targets == pytest.approx(dict.fromkeys(FEELINGS, 0.5))
    lively = calibration.target_places(FeatureVector(energy=1, loudness=0))
    assert lively["energy"] > 0.95
    assert lively["loudness"] > 0.95


def test_the_requested_song_is_closest(calibration: RequestCalibration, songs: list[MeasuredSong]) -> None:
    for number in (2, 10, 17):
        distances = [calibration.distance(heard(songs[number]), each) for each in songs]
        assert int(np.argmin(distances)) == number
        assert distances[number] < 0.01 < max(distances)


def test_a_wrong_key_and_a_wrong_mode_outweigh_all_else(
    calibration: RequestCalibration, songs: list[MeasuredSong]
) -> None:
    asked, song = FeatureVector(key=3), changed(songs[5], key=3, mode=1)
    right = calibration.distance(asked, song)
    assert right < 1
    assert calibration.distance(asked, changed(song, key=4)) == pytest.approx(right + WRONG_KEY_PENALTY)
    assert calibration.distance(asked, changed(song, mode=0)) == pytest.approx(right + WRONG_KEY_PENALTY)
    none = calibration.distance(asked, changed(song, key=None, mode=None, key_confidence=CLEAR_KEY))
    clear = calibration.distance(asked, changed(song, key_confidence=CLEAR_KEY))
    assert none == pytest.approx(clear + 2 * WRONG_KEY_PENALTY)


def test_an_unclear_key_counts_less_than_a_wrong_one(
    calibration: RequestCalibration, songs: list[MeasuredSong]
) -> None:
    asked, song = FeatureVector(key=3), changed(songs[5], key=3, mode=1)
    clear, half, none = (
        calibration.distance(asked, changed(song, key_confidence=share * CLEAR_KEY)) for share in (1, 0.5, 0)
    )
    assert half - clear == pytest.approx(VAGUE_KEY_PENALTY / 2)
    assert none - clear == pytest.approx(VAGUE_KEY_PENALTY)
    assert VAGUE_KEY_PENALTY < WRONG_KEY_PENALTY


def test_what_cannot_be_heard_counts_as_far_off(
    calibration: RequestCalibration, songs: list[MeasuredSong]
) -> None:
    song = changed(songs[5], key_confidence=CLEAR_KEY)
    asked = heard(song)
    assert calibration.distance(asked, song) == pytest.approx(0, abs=1e-3)
    unheard = changed(song, mean_velocity=float("nan"), leadless_share=float("nan"))
    weights = {
        name: FEELING_WEIGHTS.get(name, 1) * (MIDDLE_WEIGHT + (2 * place - 1) ** 2)
        for name, place in calibration.target_places(asked).items()
    }
    lost = weights["loudness"] + weights["instrumentalness"]
    expected = UNMEASURED_ERROR**2 * lost / sum(weights.values())
    assert calibration.distance(asked, unheard) == pytest.approx(expected, abs=1e-3)


def test_places_are_predicted_from_descriptions(
    calibration: RequestCalibration, songs: list[MeasuredSong]
) -> None:
    predicted = [calibration.predict_places(graded_bars(number), 120)["energy"] for number in range(20)]
    truth = [calibration.places(song)["energy"] for song in songs]
    assert np.corrcoef(predicted, truth)[0, 1] > 0.9
    asked = replace_tempo(heard(songs[10]), 120)
    distances = [calibration.predicted_distance(asked, graded_bars(number)) for number in range(20)]
    assert abs(int(np.argmin(distances)) - 10) <= 3


def replace_tempo(features: FeatureVector, tempo: float) -> FeatureVector:
    return features.model_copy(update={"tempo": tempo})


def test_a_feature_that_is_heard_in_no_song_is_not_predicted(graded_songs: pd.DataFrame) -> None:
    calibration = RequestCalibration(EAR, graded_songs.assign(heard_leadless_share=None))
    places = calibration.predict_places(graded_bars(3), 120)
    assert np.isnan(places["instrumentalness"])
    assert 0 <= places["loudness"] <= 1
    assert calibration.predicted_distance(FeatureVector(), graded_bars(3)) > 0


def test_only_the_training_split_is_learned_from(graded_songs: pd.DataFrame) -> None:
    spoiled = graded_songs.copy()
    test = spoiled["split"] != "train"
    spoiled.loc[test, "heard_mean_velocity"] = 1.0
    one, other = (
        RequestCalibration(EAR, songs).predict_places(graded_bars(3), 120)
        for songs in (graded_songs, spoiled)
    )
    assert one == other


def test_too_few_songs_and_tables_of_earlier_versions_are_rejected(graded_songs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="4 training songs are too few"):
        RequestCalibration(EAR, graded_songs.head(4))
    with pytest.raises(InputError, match="song_metrics: 0 training songs"):
        RequestCalibration(EAR, pd.DataFrame())
    with pytest.raises(InputError, match="song_metrics is of an earlier version"):
        RequestCalibration(EAR, graded_songs.drop(columns="ear_metrics"))
    fewer = graded_songs.assign(ear_metrics=graded_songs["ear_metrics"].map(lambda vector: vector[:-1]))
    with pytest.raises(InputError, match="song_metrics is of an earlier version"):
        RequestCalibration(EAR, fewer)


def test_features_asked_for_at_an_edge_count_more_than_those_in_the_middle(
    calibration: RequestCalibration, songs: list[MeasuredSong]
) -> None:
    song = changed(songs[5], key_confidence=CLEAR_KEY)
    asked = heard(song)
    low, middle, high = (float(calibration.ear.value_at("valence", place)) for place in (0.0, 0.5, 1.0))
    place = calibration.places(song)["valence"]

    def squared_error(valence: float) -> float:
        vector = asked.model_copy(update={"valence": valence})
        target = calibration.target_places(vector)["valence"]
        return calibration.distance(vector, song) / max((target - place) ** 2, 1e-3)

    assert max(squared_error(low), squared_error(high)) > squared_error(middle)
