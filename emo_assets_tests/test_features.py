from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_assets.errors import InputError
from emo_assets.features import FEATURE_NAMES, FeatureVector, feature_range


def test_the_order_of_the_features_is_that_of_every_table() -> None:
    assert FEATURE_NAMES == (
        "danceability",
        "energy",
        "key",
        "loudness",
        "mode",
        "acousticness",
        "instrumentalness",
        "valence",
        "tempo",
        "time_signature",
    )


def test_defaults_are_a_valid_vector() -> None:
    assert FeatureVector.from_values({}) == FeatureVector()


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_has_a_description_and_a_unit(name: str) -> None:
    field = FeatureVector.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["unit"]


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_the_ends_of_a_range_are_valid_and_values_beyond_are_rejected(name: str) -> None:
    for end, beyond in zip(feature_range(name), (-1, 1), strict=True):
        assert getattr(FeatureVector.from_values({name: end}), name) == end
        with pytest.raises(InputError, match=f"^{name} must be at"):
            FeatureVector.from_values({name: end + beyond})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tempo": -3}, "tempo must be at least 30, got -3"),
        ({"energy": "loud"}, "energy must be a number, got 'loud'"),
        ({"valence": None}, "valence must be a number, got None"),
        ({"tempo": float("nan")}, "tempo must be a number, got nan"),
        ({"key": 2.5}, "key must be a whole number, got 2.5"),
        ({"key": "H"}, "key must be a whole number, got 'H'"),
        ({"mode": "dorian"}, "mode must be a whole number, got 'dorian'"),
        ({"speechiness": 0.1}, "speechiness is not a known name"),
        ({"tempo": 1, "energy": 2}, "energy must be at most 1, got 2; tempo must be at least 30, got 1"),
    ],
)
def test_invalid_values_are_one_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        FeatureVector.from_values(values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "mode", "name"),
    [("C", 1, "C major"), ("f#", "minor", "F# minor"), ("Bb", "Major", "A# major"), ("e♭", 0, "D# minor")],
)
def test_keys_and_modes_may_be_given_by_name(key: str, mode: Any, name: str) -> None:
    assert FeatureVector.from_values({"key": key, "mode": mode}).key_name == name


def test_numbers_may_be_given_as_text() -> None:
    assert FeatureVector.from_values({"valence": "0.9", "time_signature": "3"}).time_signature == 3


ANYTHING = st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans())


@given(st.sampled_from(FEATURE_NAMES), ANYTHING)
def test_any_value_is_accepted_or_rejected_with_one_line_that_names_it(name: str, value: Any) -> None:
    outcome = _accepted_or_rejected(name, value)
    if isinstance(outcome, InputError):
        assert str(outcome).startswith(name)
        assert "\n" not in str(outcome)
    else:
        smallest, largest = feature_range(name)
        assert smallest <= getattr(outcome, name) <= largest


def _accepted_or_rejected(name: str, value: Any) -> FeatureVector | InputError:
    try:
        return FeatureVector.from_values({name: value})
    except InputError as error:
        return error


def test_the_array_holds_the_values_in_order() -> None:
    array = FeatureVector(tempo=99.5).as_array()
    assert array.shape == (10,)
    assert array.dtype == np.float64
    assert array[FEATURE_NAMES.index("tempo")] == 99.5
