from __future__ import annotations

from pathlib import Path
from statistics import correlation, mean

import pytest

from emo_assets.features import FeatureVector
from emo_assets.open_features import TEMPO_RANGE, fill_open_features
from emo_assets.song_request import TrackRequest, parse_request, read_request, write_request

SEEDS = range(400)


def drawn(**values: float) -> list[FeatureVector]:
    return [fill_open_features(FeatureVector.from_values(values), seed) for seed in SEEDS]


def test_named_values_stay_and_no_other_feature_is_drawn() -> None:
    named = FeatureVector(mode=0, tempo=120.0)
    assert fill_open_features(named, 7) is named
    free = fill_open_features(FeatureVector(tempo=97.5), 7)
    assert free.tempo == 97.5
    assert free.model_copy(update={"mode": 1}) == FeatureVector(tempo=97.5)


def test_the_same_seed_draws_the_same_and_others_draw_others() -> None:
    assert drawn(valence=0.4) == drawn(valence=0.4)
    assert len({features.tempo for features in drawn()}) > 50
    assert {features.mode for features in drawn()} == {0, 1}


@pytest.mark.parametrize(("valence", "share"), [(0, 0.38), (0.5, 0.65), (1, 0.92)])
def test_happy_songs_are_in_major_more_often(valence: float, share: float) -> None:
    assert mean(features.mode for features in drawn(valence=valence)) == pytest.approx(share, abs=0.06)


def test_the_tempo_rises_with_energy_and_spreads_as_in_real_songs() -> None:
    calm, furious = drawn(valence=0.5, energy=0.1), drawn(valence=0.5, energy=0.9)
    tempos = [features.tempo for features in calm + furious]
    assert TEMPO_RANGE[0] <= min(tempos) < 75
    assert 185 < max(tempos) <= TEMPO_RANGE[1]
    assert mean(features.tempo for features in calm) == pytest.approx(108, abs=5)
    assert mean(features.tempo for features in furious) == pytest.approx(127, abs=5)
    energies = [features.energy for features in calm + furious]
    assert 0.2 < correlation(tempos, energies) < 0.45


def test_a_request_has_the_drawn_values_however_it_is_built(tmp_path: Path) -> None:
    values = {"name": "calm", "seed": 5, "features": {"valence": 0.2, "energy": 0.3}}
    request = TrackRequest.from_values(values)
    assert request.features == fill_open_features(FeatureVector(valence=0.2, energy=0.3), 5)
    assert TrackRequest(name="calm", seed=5, features=FeatureVector(valence=0.2, energy=0.3)) == request
    path = tmp_path / "calm.yaml"
    assert parse_request(b"seed: 5\nfeatures: {valence: 0.2, energy: 0.3}", path) == request
    assert TrackRequest(name="calm", seed=5).features.tempo == TrackRequest(name="x", seed=5).features.tempo


def test_a_stored_request_keeps_its_values_under_another_seed(tmp_path: Path) -> None:
    request = TrackRequest(name="calm", seed=5)
    stored = write_request(request, tmp_path)
    assert read_request(stored) == request
    assert TrackRequest.model_validate_json(request.model_dump_json()) == request
    other = TrackRequest.from_values({**request.model_dump(), "seed": 6})
    assert other.features == request.features
