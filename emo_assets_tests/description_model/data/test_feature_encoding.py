"""Encoding of features."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from emo_assets.description_model.data.feature_encoding import (
    COLUMN_FEATURE,
    CONTINUOUS,
    ENCODED_SIZE,
    MAX_DEVIATIONS,
    FeatureEncoder,
    feature_matrix,
    mask_features,
)
from emo_assets.features import FEATURE_NAMES, FeatureVector


@pytest.fixture
def encoder(training_set: pd.DataFrame) -> FeatureEncoder:
    return FeatureEncoder.fit(feature_matrix(training_set))


def encode(encoder: FeatureEncoder, *vectors: FeatureVector) -> NDArray[np.float32]:
    return encoder.encode(np.stack([vector.as_array() for vector in vectors]))


def test_continuous_features_are_standardized(encoder: FeatureEncoder, training_set: pd.DataFrame) -> None:
    encoded = encoder.encode(feature_matrix(training_set))

    for column, name in enumerate(CONTINUOUS):
        if training_set[name].nunique() > 1:
            assert encoded[:, column].mean() == pytest.approx(0, abs=1e-5)
            assert encoded[:, column].std() == pytest.approx(1, abs=1e-5)


def test_keys_are_on_a_circle(encoder: FeatureEncoder) -> None:
    encoded = encode(encoder, *(FeatureVector(key=key) for key in range(12)))
    points = encoded[:, FEATURE_NAMES.index("key") == COLUMN_FEATURE]
    steps = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)

    assert points.shape == (12, 2)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)  # B is as near to C as C is to C#


def test_mode_and_meter_are_one_hot(encoder: FeatureEncoder) -> None:
    encoded = encode(encoder, FeatureVector(mode=0, time_signature=3))

    for name, count in (("mode", 2), ("time_signature", 7)):
        columns = encoded[0, FEATURE_NAMES.index(name) == COLUMN_FEATURE]
        assert len(columns) == count
        assert columns.sum() == 1


def test_outliers_are_clipped_and_masked_features_are_0(encoder: FeatureEncoder) -> None:
    encoded = encode(encoder, FeatureVector(loudness=-60.0, tempo=250.0))
    mask = np.ones((1, 10), dtype=bool)
    mask[0, FEATURE_NAMES.index("tempo")] = False

    assert np.abs(encoded).max() <= MAX_DEVIATIONS
    masked = mask_features(encoded, mask)
    assert masked.shape == (1, ENCODED_SIZE)
    assert (masked[0, FEATURE_NAMES.index("tempo") == COLUMN_FEATURE] == 0).all()


def test_the_encoding_survives_json_and_refuses_anything_else(encoder: FeatureEncoder) -> None:
    assert FeatureEncoder.model_validate(json.loads(json.dumps(encoder.model_dump()))) == encoder
    for damaged in ({}, {"means": [1], "deviations": [1]}, {"means": "x", "deviations": None}):
        with pytest.raises(ValidationError):
            FeatureEncoder.model_validate(damaged)
