from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from emo_assets.figaro.context_windows import BatchedContext, SongContext
from emo_assets.figaro.incremental_decoder import IncrementalDecoder
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.linear import FLOAT_ROWS, Int8Linear, Precision, fused_linear
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.tokens.vocabulary import EVENTS, EventKind

NO_BAR = EVENTS.span(EventKind.POSITION)[3]
BARS = EVENTS.span(EventKind.BAR)


def forced(batch: BatchedContext, songs: list[TrainingSong], length: int) -> Tensor:
    """Feed songs' own events and return the logits of each step, (steps, songs, events)."""
    logits = [batch.begin([song.description for song in songs])]
    logits += [batch.push([int(song.events[step]) for song in songs]) for step in range(1, length)]
    return torch.stack(logits)


def test_steps_equal_the_whole_network_until_the_window_is_full(
    network: FigaroNetwork, songs: list[TrainingSong]
) -> None:
    song, context = songs[0], network.config.context
    logits = forced(BatchedContext(IncrementalDecoder(network, Precision.FLOAT32)), [song], context)[:, 0]
    description = np.zeros((2, context), np.int64)
    ids, bars = song.description.from_bar(0, context)
    description[0, : len(ids)], description[1, : len(ids)] = ids, bars
    with torch.inference_mode():
        memory = network.encode(*torch.from_numpy(description)[:, None])
        inputs = [
            torch.from_numpy(values[None, :context]) for values in (song.events, song.bars, song.positions)
        ]
        copied = torch.from_numpy(song.copied[None, :context].astype(np.int64))
        numbers = torch.from_numpy(song.description.numbers[song.bars[None, :context]])
        expected = network(*inputs, memory, copied, numbers)[0]
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("exact", [True, False])
def test_songs_side_by_side_are_as_alone_across_cuts_and_slots(
    exact: bool, network: FigaroNetwork, songs: list[TrainingSong]
) -> None:
    """Long enough that every window is cut, and that the cache's slots are used up once."""
    length = 3 * network.config.context
    decoder = IncrementalDecoder(network, Precision.FLOAT32)
    together = forced(BatchedContext(decoder, exact=exact), songs[:3], length)
    for lane, song in enumerate(songs[:3]):
        alone = forced(BatchedContext(decoder, exact=exact), [song], length)
        torch.testing.assert_close(together[:, lane], alone[:, 0], rtol=1e-4, atol=1e-4)


def test_a_song_that_begins_later_or_loses_its_neighbours_goes_on_unchanged(
    network: FigaroNetwork, songs: list[TrainingSong]
) -> None:
    batch = BatchedContext(IncrementalDecoder(network, Precision.FLOAT32))
    length = network.config.context + 20
    expected = forced(BatchedContext(batch.decoder), [songs[2]], length)[:, 0]
    forced(batch, songs[:2], 30)
    found = [batch.replace(1, songs[2].description)]
    for step in range(1, length):
        event = int(songs[2].events[step])
        if step == 40:
            batch.keep([1])
        found.append(batch.push([event] if step >= 40 else [int(songs[0].events[step]), event])[-1])
    torch.testing.assert_close(torch.stack(found), expected, rtol=1e-4, atol=1e-4)


def test_full_windows_are_cut_at_bar_lines_where_enough_is_kept(songs: list[TrainingSong]) -> None:
    song = SongContext(songs[0].description)
    for event in songs[0].events[1:101]:
        song.append(int(event))
    song.events = [NO_BAR] * 101  # no bar line in sight
    assert song.cut_at(64) == 101 - 48
    song.events[101 - 40] = BARS[3]
    song.events[101 - 30] = BARS[4]
    assert song.cut_at(64) == 101 - 40
    song.events[101 - 40] = NO_BAR
    assert song.cut_at(64) == 101 - 30
    song.events[101 - 30] = NO_BAR
    song.events[101 - 5] = BARS[5]
    assert song.cut_at(64) == 101 - 48


def test_int8_is_near_float32(network: FigaroNetwork, songs: list[TrainingSong]) -> None:
    exact = forced(BatchedContext(IncrementalDecoder(network, Precision.FLOAT32)), songs[:1], 50)
    rounded = forced(BatchedContext(IncrementalDecoder(network, Precision.INT8)), songs[:1], 50)
    assert float((exact - rounded).std() / exact.std()) < 0.05


def test_int8_layers_round_each_row_by_itself() -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(64, 48)
    joined = fused_linear([linear], Precision.INT8)
    assert isinstance(joined, Int8Linear)
    rows = torch.randn(7, 64) * torch.tensor([1e-3, 1, 1e3, 1, 5, 0, 1])[:, None]
    together = joined(rows)
    for row, result in zip(rows, together, strict=True):
        assert torch.equal(joined(row[None])[0], result)
    torch.testing.assert_close(together[5], linear.bias.detach())
    error = (together - linear(rows)).abs() / rows.abs().amax(1, keepdim=True).clamp_min(1)
    assert error.max() < 0.05


@pytest.mark.parametrize(("inner", "outer"), [(192, 576), (576, 192), (192, 1391), (512, 1536), (13, 7)])
def test_float_layers_multiply_a_row_alike_wherever_it_stands(inner: int, outer: int) -> None:
    torch.manual_seed(0)
    joined = fused_linear([torch.nn.Linear(inner, outer)], Precision.FLOAT32)
    row = torch.randn(inner)
    company = torch.zeros(FLOAT_ROWS, inner)
    company[0] = row
    alone = joined(company)[0]
    for place in range(FLOAT_ROWS):
        company = torch.randn(FLOAT_ROWS, inner)
        company[place] = row
        assert torch.equal(joined(company)[place], alone)


def test_layers_that_read_the_same_input_are_joined() -> None:
    layers = [torch.nn.Linear(8, 3), torch.nn.Linear(8, 5)]
    states = torch.randn(2, 8)
    joined = fused_linear(layers, Precision.FLOAT32)
    torch.testing.assert_close(joined(states), torch.cat([layer(states) for layer in layers], 1))
