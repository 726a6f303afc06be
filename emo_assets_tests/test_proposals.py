"""Choosing among proposals, with real models that have learnt next to nothing."""

from __future__ import annotations

import pytest

from emo_assets.features import FeatureVector
from emo_assets.generation import Models, load_models
from emo_assets.listening.heard import listen
from emo_assets.proposals import EFFORTS, nearest_descriptions, nearest_songs
from emo_assets.requests import Strictness, TrackRequest
from emo_assets.store import Store
from emo_assets.symbolic.grammar.descriptions import DescriptionGrammar
from emo_assets_tests.studio.quick_engine import description_of
from emo_assets_tests.studio.real_models import keep_models


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    base = tmp_path_factory.mktemp("store")
    keep_models(base)
    return load_models(Store(base))


def request(name: str = "song", **values: object) -> TrackRequest:
    features = {"key": 9, "mode": 0, "tempo": 131.5}
    return TrackRequest.from_values({"name": name, "features": features, "bars": 2, **values})


def test_the_nearest_of_many_descriptions_is_taken(models: Models) -> None:
    asked = request(seed=3)
    [one] = nearest_descriptions([asked], models.describer, models.yardstick, proposals=1)
    [best] = nearest_descriptions([asked], models.describer, models.yardstick, proposals=12)
    distances = [models.yardstick.expected_distance(asked.features, each) for each in (best, one)]
    assert distances == sorted(distances)


def test_descriptions_are_as_long_as_asked_whatever_is_asked_beside(models: Models) -> None:
    asked = [
        request("loose", bars=3, strictness="loosely"),
        request("long", bars=5),
        request("short", bars=1, seed=8),
    ]
    together = nearest_descriptions(asked, models.describer, models.yardstick)
    assert [len(DescriptionGrammar().parse(tokens)) for tokens in together] == [3, 5, 1]
    alone = [
        tokens
        for each in asked
        for tokens in nearest_descriptions([each], models.describer, models.yardstick)
    ]
    assert alone == together


def test_of_several_songs_the_nearest_is_returned_at_the_exact_tempo(models: Models) -> None:
    asked = request()
    descriptions = [description_of(asked)]
    distances = []
    for candidates in (1, 5):
        [midi] = nearest_songs([asked], descriptions, models.figaro, models.yardstick, candidates=candidates)
        heard = listen(midi)
        assert heard.tempo == pytest.approx(131.5, abs=0.01)
        assert heard.bars == 2
        distances.append(models.yardstick.distance(asked.features, heard))
    assert distances[1] <= distances[0]


def test_songs_of_the_right_mode_come_out_in_the_key_that_was_asked_for(models: Models) -> None:
    asked = [request(f"song-{key}", features={"key": key, "mode": key % 2}) for key in range(0, 12, 3)]
    descriptions = [description_of(each) for each in asked]
    songs = nearest_songs(asked, descriptions, models.figaro, models.yardstick, candidates=2)
    for each, midi in zip(asked, songs, strict=True):
        heard = listen(midi)
        assert heard.mode != each.features.mode or heard.key == each.features.key


def test_same_request_same_song(models: Models) -> None:
    descriptions = nearest_descriptions([request()], models.describer, models.yardstick)
    songs = [
        nearest_songs([request()], descriptions, models.figaro, models.yardstick, candidates=2)
        for _ in range(2)
    ]
    assert songs[0] == songs[1]
    assert nearest_descriptions([request()], models.describer, models.yardstick) == descriptions


def test_the_stricter_a_request_the_more_is_proposed_and_the_longer_the_fewer_songs() -> None:
    efforts = [EFFORTS[strictness] for strictness in Strictness]
    assert [effort.proposals for effort in efforts] == sorted(effort.proposals for effort in efforts)
    assert [effort.guidance for effort in efforts] == sorted(effort.guidance for effort in efforts)
    for effort in efforts:
        songs = [effort.songs(bars) for bars in (1, 8, 16, 32, 128)]
        assert songs == sorted(songs, reverse=True)
        assert songs[-1] == 1
        assert songs[0] == effort.candidates


def test_what_is_asked_loosely_is_left_to_the_models(models: Models) -> None:
    asked = request(strictness="loosely")
    effort = EFFORTS[Strictness.LOOSELY]
    [tokens] = nearest_descriptions([asked], models.describer, models.yardstick)
    [own] = models.describer.describe(
        [FeatureVector(key=9, mode=0, tempo=131.5)], bars=2, seeds=[asked.seed], guidance=effort.guidance
    )
    assert tokens == own
