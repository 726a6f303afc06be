from __future__ import annotations

import numpy as np

from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.training_batches import Batch, held_out_batches, random_batch
from emo_assets.tokens.vocabulary import BOS, DESCRIPTIONS, EOS, EVENTS, PAD, DescriptionKind, EventKind

BARS = EVENTS.span(EventKind.BAR)
DESCRIPTION_BARS = DESCRIPTIONS.span(DescriptionKind.BAR)


def equal(one: Batch, other: Batch) -> bool:
    return all(np.array_equal(ids, others) for ids, others in zip(one, other, strict=True))


def test_a_batch_depends_on_seed_and_step_alone(songs: list[TrainingSong]) -> None:
    batch = random_batch(songs, seed=1, step=5, windows=4, context=64)
    assert equal(batch, random_batch(songs, seed=1, step=5, windows=4, context=64))
    assert not equal(batch, random_batch(songs, seed=1, step=6, windows=4, context=64))
    assert not equal(batch, random_batch(songs, seed=2, step=5, windows=4, context=64))


def test_targets_are_the_events_one_later(songs: list[TrainingSong]) -> None:
    batch = random_batch(songs, seed=1, step=0, windows=16, context=64)
    assert batch.events.shape == batch.targets.shape == batch.description.shape == (16, 64)
    np.testing.assert_array_equal(batch.events[:, 1:], batch.targets[:, :-1])


def test_descriptions_begin_at_the_bar_of_the_window(songs: list[TrainingSong]) -> None:
    batch = random_batch(songs, seed=3, step=0, windows=64, context=64)
    columns = (batch.events, batch.bars, batch.description, batch.description_bars)
    for first, bar, described, described_bar in zip(*(ids[:, 0] for ids in columns), strict=True):
        assert bar == described_bar
        if first == BOS:
            assert described == BOS
        else:
            # A window's Bar tokens carry its bars' numbers, moved or not.
            assert described == DESCRIPTION_BARS[bar]
            assert first not in BARS or first == BARS[bar]


def test_some_windows_begin_songs_some_begin_bars_and_some_are_numbered_later(
    songs: list[TrainingSong],
) -> None:
    batch = random_batch(songs, seed=3, step=1, windows=200, context=64)
    beginnings = batch.events[:, 0] == BOS
    bars = np.isin(batch.events[:, 0], list(BARS))
    assert 2 < beginnings.sum() < 40
    assert 80 < bars.sum() < 180
    assert (batch.bars.max(axis=1) > 9).sum() > 10
    assert batch.bars.max() <= 256


def test_held_out_windows_cover_every_event_once(songs: list[TrainingSong]) -> None:
    batches = held_out_batches(songs, limit=10_000, windows=3, context=64)
    targets = np.concatenate([batch.targets.ravel() for batch in batches])
    assert (targets != PAD).sum() == sum(len(song) - 1 for song in songs)
    assert (targets == EOS).sum() == len(songs)
    assert max(len(batch.events) for batch in batches) == 3
    assert sum(len(batch.events) for batch in held_out_batches(songs, 5, 3, 64)) == 5
