from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.metrics.calibration import (
    CALIBRATED_METRICS,
    UNMEASURED_ERROR,
    WRONG_KEY_PENALTY,
    EmpiricalCDF,
    RequestCalibration,
)
from emo_assets.metrics.description_features import NUM_DESCRIPTION_FEATURES, description_features
from emo_assets.metrics.metrics_table import feature_agreement, measure_training_songs
from emo_assets.metrics.song_metrics import SongMetrics, measure_midi
from emo_assets.midi.writer import Note, Part, encode_midi
from emo_assets.tokens.grammar.descriptions import DescribedBar, DescriptionGrammar

SONGS = 24


def midi(number: int) -> bytes:
    """A song that is the denser and the louder the greater its number is."""
    step = 480 * 4 // (2 + number)
    starts = range(0, 480 * 16, step)
    melody = [Note(start, start + step - 1, 60 + (start // step) % 5, 40 + 3 * number) for start in starts]
    chord = [Note(0, 480 * 16, pitch, 40 + 3 * number) for pitch in (48, 52, 55)]
    return encode_midi([Part(0, False, chord), Part(73, False, melody)])


def described_bars(number: int, bars: int = 4) -> list[DescribedBar]:
    return [
        DescribedBar(
            time_signature=9,
            note_density=2 + number,
            mean_velocity=8 + number,
            mean_pitch=15,
            mean_duration=20,
            instruments=(0, 73),
            chords=(0,),
        )
    ] * bars


def described(number: int) -> list[int]:
    return DescriptionGrammar().format(described_bars(number))


@pytest.fixture(scope="module")
def songs() -> pd.DataFrame:
    rows = [
        {
            "md5": f"{number:032x}",
            "split": "train" if number < 20 else "test",
            **FeatureVector(energy=number / SONGS, loudness=-30 + number).model_dump(),
            "segment": 0,
            "tokens": np.array(described(number)),
        }
        for number in range(SONGS)
    ]
    return measure_training_songs(
        pd.DataFrame(rows), {f"{number:032x}": midi(number) for number in range(SONGS)}
    )


@pytest.fixture(scope="module")
def calibration(songs: pd.DataFrame) -> RequestCalibration:
    return RequestCalibration(songs)


def test_songs_are_listened_to_one_row_each(songs: pd.DataFrame) -> None:
    assert len(songs) == SONGS
    assert set(FEATURE_NAMES) <= set(songs.columns)
    assert songs["heard_note_density"].is_monotonic_increasing
    assert len(songs["outline"][0]) == NUM_DESCRIPTION_FEATURES


def test_songs_without_a_readable_file_are_left_out(songs: pd.DataFrame) -> None:
    rows = songs.assign(segment=0, tokens=pd.Series([described(0)] * SONGS))
    kept = measure_training_songs(rows, {songs["md5"][0]: midi(0), songs["md5"][1]: b"no music"})
    assert kept["md5"].tolist() == [songs["md5"][0]]


def test_agreement_says_what_each_measure_is_worth_in_these_songs(songs: pd.DataFrame) -> None:
    agreement = feature_agreement(songs).set_index("feature")
    assert agreement["value"]["energy"] == pytest.approx(1)
    assert agreement["value"]["time_signature"] == 1
    assert np.isnan(agreement["value"]["valence"]), "nothing varies there"


def test_an_outline_is_the_same_however_the_song_was_cut() -> None:
    whole = description_features(described_bars(3, 14))
    parts = description_features(described_bars(3, 12) + described_bars(3, 2))
    np.testing.assert_allclose(whole, parts)


def test_places_count_equal_values_half() -> None:
    distribution = EmpiricalCDF.fit([3.0, 1.0, 1.0, np.nan, 2.0])
    assert distribution.values.tolist() == [1, 2, 3]
    assert distribution.ranks.tolist() == [0.25, 0.625, 0.875]
    assert distribution.cdf(1.5) == pytest.approx(0.4375)
    assert distribution.quantile(0.625) == 2


def test_a_request_aims_at_what_equally_many_songs_stay_below(
    songs: pd.DataFrame, calibration: RequestCalibration
) -> None:
    train = songs[songs["split"] == "train"]
    for number in (0, 7, 19):
        targets = calibration.targets(FeatureVector(energy=number / SONGS))
        assert targets["energy"] == pytest.approx(train["heard_note_density"].iloc[number])
    assert set(targets) == set(CALIBRATED_METRICS)


def test_the_song_that_is_asked_for_is_nearest(calibration: RequestCalibration) -> None:
    for number in (2, 10, 17):
        heard = [replace(measure_midi(midi(other)), key=0, mode=1) for other in range(20)]
        asked = FeatureVector(energy=number / SONGS, loudness=-30 + number)
        distances = [calibration.distance(asked, each) for each in heard]
        assert abs(int(np.argmin(distances)) - number) <= 2


def heard_song() -> SongMetrics:
    return replace(measure_midi(midi(5)), key=3, mode=1)


def test_a_wrong_key_and_a_wrong_mode_count_more_than_all_else(calibration: RequestCalibration) -> None:
    asked, heard = FeatureVector(key=3), heard_song()
    right = calibration.distance(asked, heard)
    assert right < 1
    assert calibration.distance(asked, replace(heard, key=4)) == pytest.approx(right + WRONG_KEY_PENALTY)
    assert calibration.distance(asked, replace(heard, key=None, mode=None)) == pytest.approx(
        right + 2 * WRONG_KEY_PENALTY
    )


def test_what_cannot_be_measured_counts_as_far_off(calibration: RequestCalibration) -> None:
    asked, heard = FeatureVector(key=3), heard_song()
    nothing: Any = dict.fromkeys(CALIBRATED_METRICS.values(), float("nan"))
    unknown = replace(heard, **nothing)
    assert calibration.distance(asked, unknown) == pytest.approx(UNMEASURED_ERROR**2)


def test_a_description_tells_what_to_expect_before_there_are_notes(calibration: RequestCalibration) -> None:
    expected = [calibration.predict_ranks(described_bars(number))["energy"] for number in range(20)]
    assert expected == sorted(expected)
    asked = FeatureVector(energy=10 / SONGS, loudness=-20)
    distances = [calibration.predicted_distance(asked, described_bars(number)) for number in range(20)]
    assert abs(int(np.argmin(distances)) - 10) <= 2


def test_too_few_songs_and_measures_that_nobody_took_are_refused(songs: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="4 training songs are too few"):
        RequestCalibration(songs.head(4))
    with pytest.raises(InputError, match="song_metrics: 0 training songs"):
        RequestCalibration(pd.DataFrame())
    with pytest.raises(InputError, match="major_share was measured in no song"):
        RequestCalibration(songs.assign(heard_major_share=None))
