from __future__ import annotations

from collections import Counter

from emo_assets.evaluation.controllability import OTHER_SEEDS, SWEPT_RANGES, controllability_requests
from emo_assets.features import FeatureVector


def test_each_feature_is_moved_by_itself_over_its_range() -> None:
    requests = controllability_requests(5, 0)
    assert Counter(each.moved for each in requests) == dict.fromkeys(SWEPT_RANGES, 5)
    for name, ends in SWEPT_RANGES.items():
        values = [getattr(each.request.features, name) for each in requests if each.moved == name]
        assert (min(values), max(values)) == ends
        for other in set(SWEPT_RANGES) - {name}:
            held = {getattr(each.request.features, other) for each in requests if each.moved == name}
            assert held == {getattr(FeatureVector(), other)}


def test_drawn_requests_move_everything() -> None:
    requests = controllability_requests(0, 40, bars=6)
    assert {each.moved for each in requests} == {"all"}
    assert all(each.request.bars == 6 for each in requests)
    for name in FeatureVector.model_fields:
        assert len({getattr(each.request.features, name) for each in requests}) > 1


def test_a_sweep_holds_key_mode_tempo_and_meter_and_sweeps_differ_in_them() -> None:
    requests = controllability_requests(5, 0, sweeps=4)
    for name in SWEPT_RANGES:
        frames: dict[int, set[tuple[int, int, float]]] = {}
        for each in requests:
            if each.moved == name:
                features = each.request.features
                frames.setdefault(each.group, set()).add((features.key, features.mode, features.tempo))
        assert [len(frame) for frame in frames.values()] == [1, 1, 1, 1]
        assert len(set.union(*frames.values())) == 4
        assert {mode for frame in frames.values() for _, mode, _ in frame} == {0, 1}


def test_repeated_requests_differ_in_their_seed_alone() -> None:
    requests = controllability_requests(0, 0, repeated=2, seeds=3)
    assert [each.moved for each in requests] == [OTHER_SEEDS] * 6
    for group in {each.group for each in requests}:
        members = [each.request for each in requests if each.group == group]
        assert len({member.seed for member in members}) == len(members) == 3
        assert len({member.features for member in members}) == 1


def test_same_seed_asks_for_the_same_songs_and_each_song_has_its_own() -> None:
    assert controllability_requests(3, 5, seed=4) == controllability_requests(3, 5, seed=4)
    assert controllability_requests(3, 5, seed=4) != controllability_requests(3, 5, seed=5)
    seeds = [each.request.seed for each in controllability_requests(3, 5, seed=4)]
    assert len(set(seeds)) == len(seeds)
