from __future__ import annotations

from pathlib import Path

import pytest
import torch

from emo_assets.errors import InputError
from emo_assets.figaro.config import TRAININGS, TrainingConfig
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.training import (
    TrainingRecord,
    is_held_out,
    read_songs,
    split_songs,
    train_figaro,
)
from emo_assets.figaro.weights import to_bytes
from emo_assets_tests.figaro.conftest import LITTLE

SHORT = TrainingConfig(
    network=LITTLE,
    steps=12,
    batch=4,
    learning_rate=3e-3,
    warmup=2,
    held_out_share=0.3,
    held_out_windows=10,
    evaluate_every=4,
)


def changed(**values: object) -> TrainingConfig:
    return SHORT.model_copy(update=values)


def test_a_little_network_learns_from_midi_files(midi: list[bytes]) -> None:
    told: list[TrainingRecord] = []
    trained = train_figaro(
        read_songs([*midi, b"no MIDI"]), changed(steps=60, evaluate_every=20), on_record=told.append
    )
    assert [record.step for record in told] == [20, 40, 60]
    assert trained.history == tuple(told)
    # Chance is a loss of 7.2.
    assert told[0].validation_loss > told[-1].validation_loss
    assert told[-1].validation_loss < 5.5
    assert trained.best.perplexity == min(record.perplexity for record in told)
    assert trained.network.config == LITTLE


def test_a_training_is_the_same_each_time_and_other_seeds_are_others(songs: list[TrainingSong]) -> None:
    first, again, other = (to_bytes(train_figaro(songs, changed(seed=seed)).network) for seed in (0, 0, 1))
    assert first == again
    assert first != other


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_at", [4, 8])
def test_a_killed_training_goes_on_to_the_same_weights(
    killed_at: int, songs: list[TrainingSong], tmp_path: Path
) -> None:
    def kill(stage: str, done: int, total: int) -> None:
        if done == killed_at + 2:
            raise KilledError

    state = tmp_path / "state.safetensors"
    with pytest.raises(KilledError):
        train_figaro(songs, SHORT, checkpoint=state, progress=kill)
    steps: list[int] = []
    resumed = train_figaro(
        songs, SHORT, checkpoint=state, progress=lambda stage, done, total: steps.append(done)
    )
    assert steps[0] == killed_at + 1
    whole = train_figaro(songs, SHORT)
    assert to_bytes(resumed.network) == to_bytes(whole.network)
    assert [record.validation_loss for record in resumed.history] == [
        record.validation_loss for record in whole.history
    ]


def test_a_finished_training_is_not_done_again(songs: list[TrainingSong], tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    first = train_figaro(songs, SHORT, checkpoint=state)
    steps: list[int] = []
    again = train_figaro(
        songs, SHORT, checkpoint=state, progress=lambda stage, done, total: steps.append(done)
    )
    assert steps == []
    assert to_bytes(first.network) == to_bytes(again.network)


@pytest.mark.parametrize("what", ["other songs", "another seed", "more steps, too late"])
def test_the_state_of_another_training_is_not_taken_up(
    what: str, songs: list[TrainingSong], tmp_path: Path
) -> None:
    state = tmp_path / "state.safetensors"
    train_figaro(songs, SHORT, checkpoint=state)
    config = {"another seed": changed(seed=3), "more steps, too late": changed(steps=16)}.get(what, SHORT)
    steps: list[int] = []
    train_figaro(
        songs[:-1] if what == "other songs" else songs,
        config,
        checkpoint=state,
        progress=lambda stage, done, total: steps.append(done),
    )
    assert steps[0] == 1


def test_before_the_learning_rate_falls_a_training_can_be_prolonged(
    songs: list[TrainingSong], tmp_path: Path
) -> None:
    state = tmp_path / "state.safetensors"

    def kill(stage: str, done: int, total: int) -> None:
        if done == 6:
            raise KilledError

    with pytest.raises(KilledError):
        train_figaro(songs, SHORT, checkpoint=state, progress=kill)
    longer = changed(steps=16)
    prolonged = train_figaro(songs, longer, checkpoint=state)
    assert to_bytes(prolonged.network) == to_bytes(train_figaro(songs, longer).network)


def test_a_loss_that_is_no_number_stops_the_training_and_says_what_to_change(
    songs: list[TrainingSong],
) -> None:
    with pytest.raises(InputError, match="lower the learning rate"):
        train_figaro(songs, changed(learning_rate=1e38))


def test_too_few_songs_are_refused(songs: list[TrainingSong]) -> None:
    with pytest.raises(InputError, match="needs songs"):
        train_figaro(read_songs([b"no MIDI"]), SHORT)
    with pytest.raises(InputError, match="needs songs"):
        train_figaro(songs[:1], SHORT)


def test_one_song_at_least_is_held_out(songs: list[TrainingSong]) -> None:
    learned, held_out = split_songs(songs, 1e-9)
    assert len(held_out) == 1
    assert len(learned) == len(songs) - 1


def test_a_damaged_state_is_named(songs: list[TrainingSong], tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    state.write_bytes(b"half a file")
    with pytest.raises(InputError, match=r"state\.safetensors: is not a state"):
        train_figaro(songs, SHORT, checkpoint=state)


def test_a_song_keeps_its_side(songs: list[TrainingSong]) -> None:
    assert [is_held_out(song, 0.0) for song in songs] == [False] * len(songs)
    assert [is_held_out(song, 1.0) for song in songs] == [True] * len(songs)
    assert all(is_held_out(song, 0.6) for song in songs if is_held_out(song, 0.3))


def test_the_learning_rate_rises_stays_and_falls() -> None:
    config = TrainingConfig(steps=100, warmup=10, decay_share=0.3, learning_rate=1.0)
    rates = [config.learning_rate_at(step) for step in range(100)]
    assert rates[0] == 0.1
    assert rates[9:71] == [1.0] * 62
    assert rates[71:] == sorted(rates[71:], reverse=True)
    assert rates[-1] == pytest.approx(1 / 30)


@pytest.mark.parametrize("name", TRAININGS)
def test_presets_fit_together(name: str) -> None:
    config = TRAININGS[name]
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    assert config.warmup < config.steps


def test_training_leaves_the_global_random_numbers_alone(songs: list[TrainingSong]) -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    train_figaro(songs, changed(steps=1))
    assert torch.equal(torch.rand(3), expected)
