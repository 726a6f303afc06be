from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import skew, spearmanr

from emo_assets.features import FEATURE_NAMES
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets.synthetic_corpus.styles import STYLES


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    plans = sample_songs(2000, 0)
    return pd.DataFrame([plan.features.model_dump() | {"style": plan.style.name} for plan in plans])


def correlation(table: pd.DataFrame, one: str, other: str) -> float:
    return float(spearmanr(table[one].to_numpy(), table[other].to_numpy()).statistic)


def test_meters_have_their_shares() -> None:
    meters = Counter(plan.features.time_signature for plan in sample_songs(240, 7))
    assert meters == {4: 218, 3: 17, 5: 4, 1: 1}


def test_every_style_appears_in_a_corpus_of_the_usual_size() -> None:
    assert {plan.style.name for plan in sample_songs(240, 0)} == set(STYLES)


def test_features_go_together_as_in_real_songs(table: pd.DataFrame) -> None:
    assert correlation(table, "energy", "loudness") > 0.35
    assert correlation(table, "energy", "acousticness") < -0.25
    assert correlation(table, "valence", "danceability") > 0.3
    assert abs(correlation(table, "energy", "valence")) < 0.35


def test_loudness_has_a_long_quiet_tail(table: pd.DataFrame) -> None:
    assert skew(table["loudness"].to_numpy()) < -0.4
    assert table["loudness"].max() <= -0.5


def test_styles_have_their_own_features(table: pd.DataFrame) -> None:
    means = table.groupby("style")[["energy", "acousticness", "instrumentalness"]].mean().T.to_dict()
    assert means["metal"]["energy"] > means["ballad"]["energy"] + 0.2
    assert means["classical piano"]["acousticness"] > means["house"]["acousticness"] + 0.08
    assert means["ambient"]["instrumentalness"] > means["rock"]["instrumentalness"] + 0.4
    assert (table[table["style"] == "waltz"]["time_signature"] == 3).mean() > 0.4


def test_songs_do_not_depend_on_how_many_follow() -> None:
    few, many = sample_songs(20, 5), sample_songs(21, 5)
    same_meter = [
        (one, other)
        for one, other in zip(few, many, strict=False)
        if one.features.time_signature == other.features.time_signature
    ]
    assert len(same_meter) > 15
    assert all(one == other for one, other in same_meter)


@pytest.mark.realdata
@pytest.mark.parametrize("feature", ["danceability", "energy", "loudness", "valence", "tempo", "mode"])
def test_features_are_spread_as_in_the_real_table(
    table: pd.DataFrame, real: pd.DataFrame, feature: str
) -> None:
    deciles = np.linspace(0.1, 0.9, 9)
    spread = float(real[feature].std())
    distance = np.abs(_quantiles(table[feature], deciles) - _quantiles(real[feature], deciles))
    assert distance.mean() < 0.5 * spread


@pytest.mark.realdata
def test_the_features_correlations_are_near_the_real_ones(table: pd.DataFrame, real: pd.DataFrame) -> None:
    names = [name for name in FEATURE_NAMES if name not in ("key", "time_signature")]
    ours = spearmanr(table[names]).statistic
    theirs = spearmanr(real[names]).statistic
    assert np.abs(ours - theirs).mean() < 0.12


@pytest.fixture(scope="module")
def real(request: pytest.FixtureRequest) -> pd.DataFrame:
    folder = request.getfixturevalue("realdata")
    return pd.read_csv(folder / "spotify" / "dataset.csv", index_col=0)


def _quantiles(values: pd.Series[float], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    quantiles: NDArray[np.float64] = np.quantile(values.to_numpy(dtype=np.float64), shares)
    return quantiles
