from __future__ import annotations

import numpy as np
import pytest

from emo_assets.errors import WorkerError
from emo_assets.metrics.ear import LEARNED_FEATURES, RULE_METRICS, default_ear
from emo_assets.synthetic_corpus import auditions, composition
from emo_assets.synthetic_corpus.auditions import VARIANTS, ComposedMidi, audition_songs, heard_places
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import LISTING_NOISE, SongPlan, sample_meters, sample_variants

SONGS, SEED = 8, 2


@pytest.fixture(scope="module")
def composed() -> list[ComposedMidi]:
    return list(audition_songs(SONGS, SEED))


def variants(number: int) -> list[SongPlan]:
    return sample_variants(sample_meters(SONGS, SEED)[number], SEED, number, VARIANTS)


def targets(plan: SongPlan) -> dict[str, float]:
    """Return the places of the feelings that were drawn."""
    drawn = {name: getattr(plan.features, name) for name in LEARNED_FEATURES}
    return {name: float(default_ear().place_of(name, value)) for name, value in drawn.items()}


def distance(plan: SongPlan, midi: bytes) -> float:
    heard, drawn = heard_places(midi), targets(plan)
    return float(np.mean([(heard[name] - drawn[name]) ** 2 for name in LEARNED_FEATURES]))


def test_variants_share_their_feelings_key_meter_and_length() -> None:
    for number in range(SONGS):
        plans = variants(number)
        shared = (*LEARNED_FEATURES, "key", "time_signature")
        assert len({tuple(getattr(plan.features, name) for name in shared) for plan in plans}) == 1
        assert len({plan.bars for plan in plans}) == 1
        assert len({plan.seed for plan in plans}) == VARIANTS


def test_a_song_is_one_of_its_variants_and_nearer_to_what_was_drawn(composed: list[ComposedMidi]) -> None:
    chosen, first = [], []
    for number, (plan, midi) in enumerate(composed):
        plans = variants(number)
        assert plan.seed in {each.seed for each in plans}
        chosen.append(distance(plan, midi))
        one = plans[0]
        first.append(distance(one, compose_song(one.features, one.style, one.bars, one.seed).to_midi()))
    assert len(composed) == SONGS
    assert np.mean(chosen) < np.mean(first)


def test_the_variant_that_sounds_nearest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = variants(0)
    drawn = targets(plans[0])
    calls: list[bytes] = []

    def hear(midi: bytes) -> dict[str, float]:
        calls.append(midi)
        heard = {name: place if len(calls) == 3 else 1 - place for name, place in drawn.items()}
        return dict.fromkeys(RULE_METRICS, 0.5) | heard

    monkeypatch.setattr(auditions, "heard_places", hear)
    song = auditions._audition(auditions._Audition(sample_meters(SONGS, SEED)[0], SEED, 0))
    assert song.plan.seed == plans[2].seed
    assert len(calls) == VARIANTS + 1
    assert calls[-1] == song.midi
    assert len(calls[2]) < len(song.midi), "sketches are short"


def test_the_table_lists_what_is_heard_with_some_noise(composed: list[ComposedMidi]) -> None:
    ear, errors = default_ear(), []
    for plan, midi in composed:
        for name, place in heard_places(midi).items():
            errors.append(float(ear.place_of(name, getattr(plan.listed, name))) - place)
        assert plan.listed.tempo == plan.features.tempo
    assert np.abs(errors).max() < 4 * LISTING_NOISE
    assert 0.3 * LISTING_NOISE < np.std(errors) < 2 * LISTING_NOISE


def test_a_song_that_cannot_be_composed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "SECONDS_PER_SONG", 0.001)
    with pytest.raises(WorkerError, match="composing song 1 "):
        list(audition_songs(2, SEED))
