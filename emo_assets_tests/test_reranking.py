"""Best of n, with real models that are hardly trained."""

from __future__ import annotations

import pytest

from emo_assets.features import FeatureVector
from emo_assets.figaro.generate import Figaro
from emo_assets.generation import Models, load_models
from emo_assets.metrics.fidelity import agreement
from emo_assets.metrics.song_metrics import measure_midi
from emo_assets.reranking import (
    SEARCH_BUDGETS,
    best_descriptions,
    best_songs,
    describe_events,
    most_faithful_songs,
    song_form,
)
from emo_assets.song_request import Strictness, TrackRequest
from emo_assets.store import Store
from emo_assets.tokens.grammar.descriptions import DescriptionGrammar
from emo_assets_tests.studio.quick_generator import description_of
from emo_assets_tests.studio.real_models import keep_models


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    base = tmp_path_factory.mktemp("store")
    keep_models(base)
    return load_models(Store(base))


def request(name: str = "song", **values: object) -> TrackRequest:
    features = {"key": 9, "mode": 0, "tempo": 131.5}
    return TrackRequest.from_values({"name": name, "features": features, "bars": 2, **values})


def test_the_closest_of_many_descriptions_is_returned(models: Models) -> None:
    asked = request(seed=3)
    [one] = best_descriptions([asked], models.description_model, models.calibration, proposals=1)
    [best] = best_descriptions([asked], models.description_model, models.calibration, proposals=12)
    distances = [
        models.calibration.predicted_distance(asked.features, DescriptionGrammar().parse(each))
        for each in (best, one)
    ]
    assert distances == sorted(distances)


def test_descriptions_do_not_depend_on_the_other_requests(models: Models) -> None:
    asked = [
        request("loose", bars=3, strictness="loosely"),
        request("long", bars=5),
        request("short", bars=1, seed=8),
    ]
    together = best_descriptions(asked, models.description_model, models.calibration)
    assert [len(DescriptionGrammar().parse(tokens)) for tokens in together] == [3, 5, 1]
    alone = [
        tokens
        for each in asked
        for tokens in best_descriptions([each], models.description_model, models.calibration)
    ]
    assert alone == together


def test_the_closest_of_several_songs_is_returned_at_the_exact_tempo(models: Models) -> None:
    asked = request()
    descriptions = [description_of(asked)]
    distances = []
    for candidates in (1, 5):
        [song] = best_songs([asked], descriptions, models.figaro, models.calibration, candidates=candidates)
        metrics = measure_midi(song.midi)
        assert metrics == song.metrics
        assert metrics.tempo == pytest.approx(131.5, abs=0.01)
        assert metrics.bars == 2
        distances.append(models.calibration.distance(asked.features, song))
    assert distances[1] <= distances[0]


def test_songs_in_the_requested_mode_are_transposed_to_the_requested_key(models: Models) -> None:
    asked = [request(f"song-{key}", features={"key": key, "mode": key % 2}) for key in range(0, 12, 3)]
    descriptions = [description_of(each) for each in asked]
    songs = best_songs(asked, descriptions, models.figaro, models.calibration, candidates=2)
    for each, song in zip(asked, songs, strict=True):
        metrics = measure_midi(song.midi)
        assert metrics.mode != each.features.mode or metrics.key == each.features.key


def test_same_request_same_song(models: Models) -> None:
    descriptions = best_descriptions([request()], models.description_model, models.calibration)
    songs = [
        best_songs([request()], descriptions, models.figaro, models.calibration, candidates=2)
        for _ in range(2)
    ]
    assert songs[0][0].midi == songs[1][0].midi
    assert best_descriptions([request()], models.description_model, models.calibration) == descriptions


def test_stricter_requests_get_more_candidates_and_longer_ones_fewer() -> None:
    efforts = [SEARCH_BUDGETS[strictness] for strictness in Strictness]
    assert [effort.proposals for effort in efforts] == sorted(effort.proposals for effort in efforts)
    assert [effort.guidance for effort in efforts] == sorted(effort.guidance for effort in efforts)
    for effort in efforts:
        songs = [effort.songs(bars) for bars in (1, 8, 16, 32, 128)]
        assert songs == sorted(songs, reverse=True)
        assert songs[-1] == min(effort.candidates, 2)
        assert songs[0] == effort.candidates


def test_a_loose_request_takes_the_first_description(models: Models) -> None:
    asked = request(strictness="loosely")
    effort = SEARCH_BUDGETS[Strictness.LOOSELY]
    [tokens] = best_descriptions([asked], models.description_model, models.calibration)
    [own] = models.description_model.generate(
        [FeatureVector(key=9, mode=0, tempo=131.5)],
        bars=2,
        seeds=[asked.seed],
        guidance=effort.guidance,
        forms=[song_form(asked, models.calibration)],
    )
    assert tokens == own


def test_the_most_faithful_of_several_songs_is_returned(models: Models) -> None:
    assert isinstance(models.figaro, Figaro)
    descriptions = [description_of(request(bars=3)), description_of(request(bars=3, seed=2))]
    plain, best = (
        most_faithful_songs(
            models.figaro, descriptions, tempos=[100, 100], seeds=[1, 2], candidates=candidates
        )
        for candidates in (1, 4)
    )
    for description, first, chosen in zip(descriptions, plain, best, strict=True):
        bars = DescriptionGrammar().parse(description)
        assert agreement(bars, describe_events(chosen)) >= agreement(bars, describe_events(first))
    assert best != plain


def test_events_without_notes_have_no_description() -> None:
    assert describe_events([]) == []
