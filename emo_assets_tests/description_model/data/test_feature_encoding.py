"""Features as numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from emo_assets.description_model.data.feature_encoding import (
    COLUMN_FEATURE,
    CONTINUOUS,
    ENCODED_SIZE,
    MAX_DEVIATIONS,
    FeatureEncoder,
    feature_matrix,
)
from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector


@pytest.fixture
def encoder(training_set: pd.DataFrame) -> FeatureEncoder:
    return FeatureEncoder.fitted(training_set)


def test_continuous_features_are_standardised_on_what_was_fitted(
    encoder: FeatureEncoder, training_set: pd.DataFrame
) -> None:
    encoded = encoder.encode(feature_matrix(training_set))

    for column, name in enumerate(CONTINUOUS):
        if training_set[name].nunique() > 1:
            assert encoded[:, column].mean() == pytest.approx(0, abs=1e-5)
            assert encoded[:, column].std() == pytest.approx(1, abs=1e-5)


def test_the_key_is_a_circle(encoder: FeatureEncoder) -> None:
    encoded = encoder.encode_vectors([FeatureVector(key=key) for key in range(12)])
    points = encoded[:, FEATURE_NAMES.index("key") == COLUMN_FEATURE]
    steps = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)

    assert points.shape == (12, 2)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)  # B is as near to C as C is to C#


def test_mode_and_meter_are_one_of_their_values(encoder: FeatureEncoder) -> None:
    encoded = encoder.encode_vectors([FeatureVector(mode=0, time_signature=3)])

    for name, count in (("mode", 2), ("time_signature", 7)):
        columns = encoded[0, FEATURE_NAMES.index(name) == COLUMN_FEATURE]
        assert len(columns) == count
        assert columns.sum() == 1


def test_outliers_are_cut_and_hidden_features_are_nought(encoder: FeatureEncoder) -> None:
    encoded = encoder.encode_vectors([FeatureVector(loudness=-60.0, tempo=250.0)])
    present = np.ones((1, 10), dtype=bool)
    present[0, FEATURE_NAMES.index("tempo")] = False

    assert np.abs(encoded).max() <= MAX_DEVIATIONS
    hidden = encoder.hide(encoded, present)
    assert hidden.shape == (1, ENCODED_SIZE)
    assert (hidden[0, FEATURE_NAMES.index("tempo") == COLUMN_FEATURE] == 0).all()


def test_the_encoding_survives_json_and_refuses_anything_else(encoder: FeatureEncoder) -> None:
    assert FeatureEncoder.from_json(json.loads(json.dumps(encoder.as_json()))) == encoder
    for damaged in ({}, {"means": [1], "deviations": [1]}, {"means": "x", "deviations": None}):
        with pytest.raises(InputError, match="damaged"):
            FeatureEncoder.from_json(damaged)
