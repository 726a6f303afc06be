from __future__ import annotations

from collections import Counter

from emo_assets.control import MOVED_RANGES, control_requests
from emo_assets.features import FeatureVector


def test_each_feature_is_moved_by_itself_over_its_range() -> None:
    requests = control_requests(5, 0)
    assert Counter(each.moved for each in requests) == dict.fromkeys(MOVED_RANGES, 5)
    for name, ends in MOVED_RANGES.items():
        values = [getattr(each.request.features, name) for each in requests if each.moved == name]
        assert (min(values), max(values)) == ends
        for other in set(MOVED_RANGES) - {name}:
            held = {getattr(each.request.features, other) for each in requests if each.moved == name}
            assert held == {getattr(FeatureVector(), other)}


def test_drawn_requests_move_everything() -> None:
    requests = control_requests(0, 40, bars=6)
    assert {each.moved for each in requests} == {"all"}
    assert all(each.request.bars == 6 for each in requests)
    for name in FeatureVector.model_fields:
        assert len({getattr(each.request.features, name) for each in requests}) > 1


def test_keys_modes_and_tempos_differ_within_every_knob() -> None:
    for name in MOVED_RANGES:
        moved = [each.request.features for each in control_requests(9, 0) if each.moved == name]
        assert len({features.key for features in moved}) > 3
        assert len({features.tempo for features in moved}) > 3


def test_same_seed_asks_for_the_same_songs_and_each_song_has_its_own() -> None:
    assert control_requests(3, 5, seed=4) == control_requests(3, 5, seed=4)
    assert control_requests(3, 5, seed=4) != control_requests(3, 5, seed=5)
    seeds = [each.request.seed for each in control_requests(3, 5, seed=4)]
    assert len(set(seeds)) == len(seeds)
